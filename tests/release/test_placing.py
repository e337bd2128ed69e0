"""A bundle comes whole or not at all, and never over anybody's work."""

import json
import os

import pytest

from tinygrade.errors import UsageError
from tinygrade.release import placing

FILES = {"README.md": b"one", "deep/er/a.py": b"a", "setup.sh": b"#!/bin/sh\n"}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new" / "out"


@pytest.fixture
def place(target):
    def run(files=FILES):
        with placing.aside(target) as work:
            return placing.place(files, target, work)

    return run


def found(folder):
    files = {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    files.pop(placing.LIST)
    return files


def test_a_new_folder(place, target):
    assert place() == (3, 0)
    assert found(target) == FILES
    assert os.access(target / "setup.sh", os.X_OK)
    assert not os.access(target / "README.md", os.X_OK)
    assert os.listdir(target.parent) == ["out"], "nothing is left beside it"


def test_an_empty_folder_that_is_there(place, target):
    target.mkdir(parents=True)
    place()
    assert found(target) == FILES


def test_up_to_date(place, target):
    place()
    assert place({**FILES, "README.md": b"two", "b.py": b"b"}) == (2, 0)
    assert place({"README.md": b"two"}) == (0, 3)
    assert found(target) == {"README.md": b"two"}
    assert not (target / "deep").exists()
    assert place({"README.md": b"two"}) == (0, 0)


def test_what_is_not_ours_stays(place, target):
    place()
    (target / "deep/mine.txt").write_text("mine")
    place({"README.md": b"two"})
    assert found(target) == {"README.md": b"two", "deep/mine.txt": b"mine"}


def test_a_file_that_somebody_changed_is_not_replaced_and_neither_is_any_other(place, target):
    place()
    (target / "deep/er/a.py").write_text("my work")
    with pytest.raises(UsageError, match=r"deep/er/a\.py"):
        place({**FILES, "README.md": b"two", "deep/er/a.py": b"new"})
    assert found(target) == {**FILES, "deep/er/a.py": b"my work"}


def test_a_foreign_file_in_the_place_of_a_new_one(place, target):
    place()
    (target / "b.py").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.py"):
        place({**FILES, "b.py": b"ours"})


def test_a_changed_file_that_we_no_longer_have_is_not_deleted(place, target):
    place()
    (target / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"README\.md"):
        place({"setup.sh": b"#!/bin/sh\n"})


def test_a_run_that_was_ended_half_way_can_be_repeated(place, target):
    place()
    new = {**FILES, "README.md": b"two", "deep/er/a.py": b"b"}
    (target / "README.md").write_bytes(b"two")  # one file is new already, the list is old
    place(new)
    assert found(target) == new


@pytest.mark.parametrize("name", ["README.md", "deep"])
def test_links_are_not_followed(place, target, tmp_path, name):
    place()
    elsewhere = tmp_path / "elsewhere"
    (target / name).rename(elsewhere)
    (target / name).symlink_to(elsewhere)
    with pytest.raises(UsageError, match="was changed"):
        place({**FILES, "README.md": b"two", "deep/er/a.py": b"b"})


def test_a_folder_of_somebody_elses(place, target):
    target.mkdir(parents=True)
    (target / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match="not empty and was not made by tinygrade release"):
        place()
    assert os.listdir(target) == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder(place, target):
    target.parent.mkdir(parents=True)
    target.write_text("")
    with pytest.raises(UsageError, match="is no folder"):
        place()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"format": 2, "files": {}}', '{"format": 1, "files": []}'),
        *('{"format": 1, "files": {"/x": ""}}', '{"format": 1, "files": {"../x": ""}}'),
        '{"format": 1, "files": {"x": 1}}',
    ],
)
def test_a_damaged_list(place, target, text):
    place()
    (target / placing.LIST).write_text(text)
    with pytest.raises(UsageError, match="is damaged"):
        place()


def test_nothing_can_be_written_there(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), placing.aside(tmp_path / "file" / "out"):
        pass


def test_the_list_names_every_file(place, target):
    place()
    assert json.loads((target / placing.LIST).read_text())["files"].keys() == FILES.keys()
