"""Group 1: where the middle of a sample is, and how far the sample spreads."""

import numpy as np
import pytest

SIZES = [2, 3, 10, 11]


@pytest.mark.points(4)
@pytest.mark.task("A1.1")
@pytest.mark.title("mean")
@pytest.mark.where("summary.mean")
@pytest.mark.hint("What is the mean of 1, 2 and 6? Which two numbers did you need for it?")
@pytest.mark.parametrize("size", SIZES)
def test_mean(parity, rng, size):
    values = rng.standard_normal(size)
    parity(lambda lib: lib.summary.mean(values), f"mean of {size} values", about="summary.mean")


@pytest.mark.points(3)
@pytest.mark.task("A1.2")
@pytest.mark.title("variance")
@pytest.mark.where("summary.variance")
@pytest.mark.needs("test_mean")
@pytest.mark.hint("What is the variance of 1 and 3, and of the same two numbers moved up by 100?")
@pytest.mark.parametrize("size", SIZES)
def test_variance(parity, sample, size):
    values = sample(size)
    parity(
        lambda lib: lib.summary.variance(values),
        f"variance of {size} values",
        about="summary.variance",
        inputs={"values": values},
    )


@pytest.mark.points(1)
@pytest.mark.task("A1.2")
@pytest.mark.title("a single value has no variance")
@pytest.mark.where("summary.variance")
@pytest.mark.hint("Which error does the docstring promise?")
def test_single_value(student):
    student.raises(
        ValueError,
        lambda: student.summary.variance(np.array([3.0])),
        valid=lambda: student.summary.variance(np.array([1.0, 3.0])),
    )


@pytest.mark.points(3)
@pytest.mark.task("A1.3")
@pytest.mark.title("median")
@pytest.mark.where("summary.median")
@pytest.mark.hint("What is the median of 5, 1 and 4? And of 5, 1, 4 and 2?")
@pytest.mark.parametrize("size", [1, *SIZES])
def test_median(parity, sample, size):
    values = sample(size)
    parity(lambda lib: lib.summary.median(values), f"median of {size} values", about="summary.median")


@pytest.mark.points(2)
@pytest.mark.task("A1.3")
@pytest.mark.title("the values stay as they were")
@pytest.mark.where("summary.median")
@pytest.mark.needs("test_median")
@pytest.mark.hint("Print the array after the call. Which line sorted it in place?")
def test_values_stay(parity, rng):
    values = rng.standard_normal(9)

    def afterwards(lib):
        kept = lib.keep(values)
        lib.summary.median(kept)
        return kept

    parity(afterwards, "values after median(values)")
