"""Observations made by hand, and the catalogue of the built-in rules."""

import numpy as np
import pytest

from tinygrade.diagnosis import builtin
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import GradientMismatch, TrajectoryMismatch, ValueMismatch


@pytest.fixture(scope="session")
def catalogue():
    made = Catalogue()
    builtin.tinygrade_register_diagnoses(made.register)
    return made


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def gradient():
    """`gradient(got, expected, ...)`: the first argument's gradient of a call; inputs and cotangent may be given."""

    def make(got, expected, inputs=(), cotangent=None, *, position=0, names=("x", "y", "z"), **more):
        expected = np.asarray(expected)
        g = np.random.default_rng(99).standard_normal(np.shape(expected)) if cotangent is None else cotangent
        return GradientMismatch(
            about="",
            argument=names[position],
            position=position,
            got=got,
            expected=expected,
            inputs=inputs or [np.random.default_rng(98).standard_normal(np.shape(expected))],
            kwargs={},
            cotangent=np.asarray(g),
            names=names,
            **more,
        )

    return make


@pytest.fixture
def value():
    def make(got, expected, **inputs):
        return ValueMismatch("", got, np.asarray(expected), inputs)

    return make


@pytest.fixture
def trajectory():
    """`trajectory(update)`: three parameters, the last without gradient, under 4 steps of `update(p, g, step, i)`."""

    def make(update, right=lambda p, g, step, i: p - 0.1 * g, settings=None):
        rng = np.random.default_rng(5)
        starts = [rng.standard_normal((2, 3)), rng.standard_normal(4), rng.standard_normal((2, 2))]
        gradients = [[rng.standard_normal(starts[0].shape), rng.standard_normal(4), None] for _ in range(4)]
        paths = []
        for rule in (update, right):
            now, path = list(starts), []
            for step, grads in enumerate(gradients, 1):
                now = [p if g is None else rule(p, g, step, i) for i, (p, g) in enumerate(zip(now, grads, strict=True))]
                path.append(now)
            paths.append(path)
        return TrajectoryMismatch("optim.X", settings or {"lr": 0.1}, starts, gradients, *paths)

    return make
