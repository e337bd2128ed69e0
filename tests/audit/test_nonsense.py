"""Functions that return nonsense, made from the source of real ones."""

import numpy as np
import pytest

from tinygrade.audit.nonsense import KINDS, kinds, spoil, targets

SOURCE = """
import numpy as np


def double(x):
    return 2.0 * np.asarray(x)


def pair(x):
    return x, [x]


def _private(x):
    return x


class Box:
    def __init__(self, data):
        self.data = np.asarray(data)

    @classmethod
    def empty(cls):
        return cls([])

    @staticmethod
    def one():
        return 1

    @property
    def size(self):
        return self.data.size

    def same(self):
        return self

    def _hidden(self):
        return self
"""


def load(source):
    names = {}
    exec(compile(source, "box.py", "exec"), names)
    return names


def found(path):
    return next(target for target in targets("box.py", SOURCE) if target.path == path)


def test_what_is_public_and_constructors():
    names = [target.name for target in targets("box.py", SOURCE)]
    methods = ["__init__", "empty", "one", "size", "same"]
    assert names == ["box.double", "box.pair", *(f"box.Box.{name}" for name in methods)]


def test_a_constructor_does_nothing():
    assert kinds(found("Box.__init__")) == ("none",)
    names = load(spoil(SOURCE, found("Box.__init__"), "none"))
    assert not hasattr(names["Box"]([1.0]), "data")


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_nonsense(kind):
    result = load(spoil(SOURCE, found("double"), kind))["double"](np.ones((2, 3)))
    match kind:
        case "none":
            assert result is None
        case "scalar":
            assert result == 3.5
        case "nan":
            assert result.shape == (2, 3)
            assert np.isnan(result).all()
        case "shape":
            assert result.shape == (2, 3, 2)


def test_inside_tuples_and_objects_with_data():
    first, (second,) = load(spoil(SOURCE, found("pair"), "nan"))["pair"](np.ones(2))
    assert np.isnan([first, second]).all()
    names = load(spoil(SOURCE, found("Box.same"), "shape"))
    assert names["Box"](np.ones(3)).same().data.shape == (3, 2)


@pytest.mark.parametrize("path", ["Box.empty", "Box.one"])
def test_methods_of_the_class(path):
    names = load(spoil(SOURCE, found(path), "none"))
    assert getattr(names["Box"], path.removeprefix("Box."))() is None


def test_a_property():
    assert load(spoil(SOURCE, found("Box.size"), "scalar"))["Box"]([1.0]).size == 3.5


def test_several_in_one_file():
    text = SOURCE
    for target in targets("box.py", SOURCE):
        if target.path in ("double", "Box.one"):
            text = spoil(text, target, "none")
    names = load(text)
    assert names["double"](1.0) is None
    assert names["Box"].one() is None
