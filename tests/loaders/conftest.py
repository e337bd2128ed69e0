"""A small package of a student, and where its copy goes."""

import pytest

from tinygrade.config import load_assignment, load_course


@pytest.fixture
def assignment(make_course):
    return load_assignment(load_course(make_course()), "assignment1")


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder
