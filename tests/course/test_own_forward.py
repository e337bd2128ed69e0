"""Whose forward judges trained weights, where the solution is there and where it is not."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from tinygrade.checks.recorded.library import RecordedLibrary
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.config import load_assignment, load_course


@pytest.fixture(scope="module")
def assignment(request):
    return load_assignment(load_course(request.config.rootpath / "assignments"), "assignment3")


@pytest.fixture(scope="module")
def training(course):
    return importlib.import_module(f"{course.strings.__package__}.training")


@pytest.fixture(scope="module")
def live(assignment):
    return ReferenceLibrary(assignment.course.reference / assignment.course.package, assignment.surface)


class Scaled:
    """Logits that are twice as large: a student's forward that is wrong."""

    def __init__(self, lib):
        self._lib = lib

    def __getattr__(self, name):
        return getattr(self._lib, name)

    def fetch(self, value, **expected):
        return 2.0 * np.asarray(self._lib.fetch(value))


@pytest.fixture(scope="module")
def judged(assignment, training, live):
    """`judged(reference, own)`: whose forward it is, and what it can earn."""
    shapes = dict(assignment.surface.parameters)

    def judge(reference, own):
        grading = SimpleNamespace(
            reference=reference, draw=lambda *_: 5, rng=lambda *_: np.random.default_rng(5), assignment=assignment
        )
        found = training._judge(grading, own, shapes, ["AB"])
        return found.whose, found.share

    return judge


def test_the_solution_judges_where_it_is(judged, live):
    assert judged(live, live) == ("reference", 1.0)
    assert judged(live, Scaled(live)) == ("own", 0.5)


def test_an_equal_forward_judges_where_there_is_a_record(judged, live):
    recorder = RecordingLibrary(live)
    assert judged(recorder, live) == ("equal", 1.0)
    recorded = RecordedLibrary(recorder.answers)
    assert judged(recorded, live) == ("equal", 1.0)
    assert judged(recorded, Scaled(live)) == ("own", 0.5)
    assert recorded.missed == 0
