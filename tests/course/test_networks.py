"""Models of any size: names and shapes are those of the reference's model, and both sides have the same weights."""

from pathlib import Path

import numpy as np
import pytest

from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.model import Surface

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"width": 12, "heads": 3, "mlp": 20, "layers": 2, "max_len": 9}


@pytest.fixture(scope="module")
def reference():
    return ReferenceLibrary(ROOT / "reference" / "tinytorch", Surface())


def test_every_parameter_has_its_name_and_shape(course, reference):
    net = course.networks.Network(np.random.default_rng(0), **SIZES)
    told = course.networks.shapes(vocab=31, **SIZES)
    assert reference.census(net.build(reference)) == dict(sorted(told.items()))
    assert list(net.weights) == list(told)


def test_the_weights_are_written(course, reference):
    net = course.networks.Network(np.random.default_rng(0), **SIZES)
    model = net.build(reference)
    assert np.array_equal(np.asarray(reference.fetch(model.head.weight)), net.weights["head.weight"])
    assert reference.fetch(net.cache(reference).length) == 0
