"""Compositions: written down once, run on either side, and taken apart into the ways to an input."""

import numpy as np
import pytest

from tinygrade.checks.gradcheck import GradCheck
from tinygrade.checks.library import FetchFirst
from tinygrade.checks.recording import Recorder, apart
from tinygrade.worker.programs import compiled


class Library:
    class numbers:  # noqa: N801
        @staticmethod
        def times(a, b):
            return a * b

        @staticmethod
        def total(parts, scale=1.0):
            return sum(parts) * scale


def run(program, *inputs):
    return compiled(**program)(*inputs)


def recorded(compose, inputs):
    return Recorder(Library()).program(compose, inputs)


COMPOSITIONS = {
    "a * b + a": (lambda lib: lambda a, b: lib.numbers.times(a, b) + a, 3.0 * 5 + 3),
    "list and keyword": (lambda lib: lambda a, b: lib.numbers.total([a, b, 1.0], scale=2.0), 18.0),
    "reflected": (lambda lib: lambda a, b: 2.0 / a - b, 2 / 3 - 5),
    "an input itself": (lambda lib: lambda a, b: b, 5.0),
    "attribute": (lambda lib: lambda a, b: (a + b).real, 8.0),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_recorded_and_run(name):
    compose, expected = COMPOSITIONS[name]
    assert run(recorded(compose, 2), 3.0, 5.0) == pytest.approx(expected)


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_taken_apart_it_computes_the_same(name):
    compose, expected = COMPOSITIONS[name]
    program, uses = apart(recorded(compose, 2), 2)
    assert run(program, *[(3.0, 5.0)[use] for use in uses]) == pytest.approx(expected)


def test_every_way_has_an_input_of_its_own():
    def diamond(lib):
        def compute(a, b):
            c = lib.numbers.times(a, b)
            return lib.numbers.times(c, c) + a

        return compute

    program, uses = apart(recorded(diamond, 2), 2)
    assert sorted(uses) == [0, 0, 0, 1, 1]
    assert run(program, *range(1, 6)) is not None


def test_too_many_ways():
    def deep(lib):
        def compute(a):
            for _ in range(10):
                a = a + a
            return a

        return compute

    program = recorded(deep, 1)
    assert run(program, 1.0) == 1024.0
    with pytest.raises(ValueError, match="too many ways"):
        apart(program, 1)


def test_a_composition_decides_nothing():
    with pytest.raises(FetchFirst):
        recorded(lambda lib: lambda a: a if a else a, 1)
    with pytest.raises(TypeError, match="cannot set attributes"):
        recorded(lambda lib: lambda a: setattr(a, "data", 3), 1)


def test_names_in_the_message_are_those_of_the_composition(reference, fails):
    rng = np.random.default_rng(0)
    check = GradCheck(reference, reference, rng)
    check(lambda lib: lambda first, second: lib.ops.mul(first, second) + first, shapes=[(2,), (2,)], name="it")
    assert check._sides.student is reference
