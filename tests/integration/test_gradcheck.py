"""The gradient check on real workers, for a package that is nothing like the course's: other names, another style."""

import textwrap

import pytest

#: Closures instead of parents; gradients are called slopes, and every variable has one.
SLOPES = """
    import numpy as np

    class Variable:
        def __init__(self, value, pull=None):
            self.value, self.slope, self._pull = np.array(value, dtype=float), None, pull

        def trace(self, g):
            if self._pull is None:
                self.slope = g + 0.0 if self.slope is None else self.slope + g
            else:
                self._pull(g)

        def __add__(self, other):
            return plus(self, other)

    def plus(a, b):
        def pull(g):
            a.trace(fold(g, a.value.shape))
            b.trace(fold(g, b.value.shape))
        return Variable(a.value + b.value, pull)

    def times(a, b):
        def pull(g):
            a.trace(fold(g * b.value, a.value.shape))
            b.trace(fold(g * a.value, b.value.shape))
        return Variable(a.value * b.value, pull)

    def fold(g, shape):
        while g.ndim > len(shape):
            g = g.sum(0)
        for axis, size in enumerate(shape):
            if size == 1:
                g = g.sum(axis, keepdims=True)
        return g

    def shuffled(x, axes):
        return Variable(x.value.transpose(axes), lambda g: x.trace(g.transpose(np.argsort(axes))))
"""
ASSIGNMENT = """
title = "Slopes"
points = 10
files = ["slopes.py"]
minimum_isolation = "none"
[surface]
tensor = "slopes.Variable"
[surface.names]
data = "value"
grad = "slope"
backward = "trace"
requires_grad = ""
[[groups]]
file = "test_1.py"
title = "slopes"
points = 10
"""
COURSE = """
name = "slopes"
package = "uphill"
reference = "../solution"
template = "../solution"
assignments = ["assignment1"]
"""
CHECKS = """
    import numpy as np
    import pytest
    from tinygrade.checks import calls

    @pytest.mark.points(4)
    @pytest.mark.parametrize("name", ["plus", "times"])
    def test_arithmetic(gradcheck, rng, name):
        wanted = calls.elementwise(rng, 2) + calls.broadcasting(rng) + calls.reuse(rng)
        gradcheck.calls(f"slopes.{name}", wanted, wrt=(0, 1))

    @pytest.mark.points(3)
    def test_shuffled(gradcheck, rng):
        gradcheck.calls("slopes.shuffled", [c for c in calls.permuted(rng) if c.kwargs])

    @pytest.mark.points(3)
    def test_diamond(gradcheck):
        gradcheck(lambda lib: lambda a, b: lib.slopes.times(a, b) + a, shapes=[(3,), (3,)], name="a * b + a")
"""


@pytest.fixture
def graded(make_course, tmp_path, check):
    """`graded(old, new)`: the run of the package in which `old` was replaced."""
    root = make_course(COURSE, ASSIGNMENT)
    (root / "assignment1/test_1.py").write_text(textwrap.dedent(CHECKS))

    def grade(old="", new=""):
        source = textwrap.dedent(SLOPES)
        assert old in source
        for folder, text in (("solution", source), ("submission", source.replace(old, new) if old else source)):
            package = tmp_path / folder / "uphill"
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").write_text("")
            (package / "slopes.py").write_text(text)
        return check(tmp_path / "submission", "--course", str(root), assignment="assignment1")

    return grade


def test_a_right_package_has_full_marks(graded):
    run = graded()
    assert run.report["score"] == 10, run.text


@pytest.mark.parametrize(
    ("old", "new", "function", "words"),
    [
        ("g * a.value, b", "g * b.value, b", "test_arithmetic", "times: the gradient of b"),
        ("if size == 1", "if size == 7", "test_arithmetic", "one in front broadcasts): the gradient of b has shape"),
        ("self.slope + g", "g + 0.0", "test_diamond", "a * b + a: the gradient of a"),
        ("np.argsort(axes)", "axes", "test_shuffled", "shuffled (axes=(1, 2, 0)"),
        ("a.value + b.value", "a.value - b.value", "test_diamond", "a * b + a[0]: yours"),
        ("g + 0.0 if", "g if", "test_arithmetic", "shares its memory with"),
        ("(g * b.value", "(g.__imul__(b.value)", "test_arithmetic", "it changes the incoming gradient"),
        ("a.value * b.value, pull", "a.value.__imul__(b.value), pull", "test_diamond", "changes a, which it was"),
        ("def plus(a, b):", "def plus(a, b):\n    b.value = b.value + np.random.rand()", "test_diamond", "second time"),
        ("def plus(a, b):", "def plus(a, b):\n    1 / (b.value.ndim - 3)", "test_arithmetic", "size one) ZeroDivision"),
    ],
)
def test_wrong_packages_lose_points_and_are_told_where(graded, old, new, function, words):
    result = graded(old, new).check(function)
    assert result["status"] in ("failed", "partial")
    assert words in result["message"]
