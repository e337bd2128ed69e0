"""Group 4: how weights start. Distributions are judged by the largest gap between distribution functions."""

from math import erf, sqrt

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe

#: Kolmogorov: the gap of n right draws exceeds GAP / sqrt(n) once in ten million runs.
GAP = 2.9


def drawn(student, mistake, make, shape, name):
    """What `make(generator)` gives: the same for the same seed, other numbers for the next call and another seed."""
    generator = student.generator(1)
    first, following = make(generator), make(generator)
    values = [
        student.fetch(value, shape=shape, dtype="f", finite=True, name=name)
        for value in (first, following, make(student.generator(1)), make(student.generator(2)))
    ]
    if not np.array_equal(values[0], values[2]):
        raise mistake("seed-ignored", f"{name} differs between two generators of the same seed")
    for other, what in ((values[1], "a second call"), (values[3], "another seed")):
        if np.array_equal(values[0], other):
            code = "init-constant" if values[0].std() == 0.0 else "seed-ignored"
            raise mistake(code, f"{name} gives the same numbers for {what}")
    return values[0]


def require_distribution(mistake, values, distribution, name):
    """`distribution(value)` is the probability of a smaller one."""
    ordered = np.sort(values, axis=None)
    expected = np.array([distribution(value) for value in ordered])
    gap = np.abs(expected - (np.arange(ordered.size) + 0.5) / ordered.size).max()
    if gap > GAP / sqrt(ordered.size):
        raise mistake(
            "init-spread",
            f"{name}: {values.size:,} numbers from {ordered[0]:.3g} to {ordered[-1]:.3g} "
            f"with standard deviation {values.std():.3g} do not look like that",
            standard_deviation=float(values.std()),
        )


def uniform(bound):
    return lambda value: min(1.0, max(0.0, (value + bound) / (2.0 * bound)))


def normal(std):
    return lambda value: 0.5 * (1.0 + erf(value / (std * sqrt(2.0))))


@pytest.mark.points(1)
@pytest.mark.title("uniform_fan_in")
@pytest.mark.task("A2.3")
@pytest.mark.where("init.uniform_fan_in")
@pytest.mark.hint("How many inputs has one unit of a layer with weight (out, in), and how far may its weights reach?")
def test_uniform_fan_in(student, mistake):
    for shape in ((100, 16), (16, 100)):
        name = f"uniform_fan_in({shape}, rng)"
        values = drawn(student, mistake, lambda rng, shape=shape: student.init.uniform_fan_in(shape, rng), shape, name)
        require_distribution(mistake, values, uniform(1.0 / sqrt(shape[-1])), name)


@pytest.mark.points(1)
@pytest.mark.title("normal")
@pytest.mark.task("A2.3")
@pytest.mark.where("init.normal")
@pytest.mark.hint("What are the mean and the standard deviation of 1,000 of your numbers?")
def test_normal(student, mistake):
    for std in (0.02, 1.5):
        name = f"normal((40, 50), {std}, rng)"
        values = drawn(student, mistake, lambda rng, std=std: student.init.normal((40, 50), std, rng), (40, 50), name)
        require_distribution(mistake, values, normal(std), name)


@pytest.mark.points(1)
@pytest.mark.title("how the layers start")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Linear")
@pytest.mark.needs("test_uniform_fan_in", "test_normal")
@pytest.mark.hint("With which function, of which shape, does each parameter start?")
def test_layers_start(student, mistake):
    def weight(make):
        return lambda rng: make(rng).weight

    shape = (60, 20)
    linear = drawn(student, mistake, weight(lambda rng: student.nn.Linear(20, 60, rng=rng)), shape, "Linear.weight")
    require_distribution(mistake, linear, uniform(1.0 / sqrt(20)), "Linear.weight")
    bias = student.fetch(student.nn.Linear(20, 60, rng=student.generator(0)).bias, shape=(60,), dtype="f", finite=True)
    if np.abs(bias).max() > 1.0 / sqrt(20):
        raise mistake("init-spread", f"Linear.bias starts with {_largest(bias):.3g}, further from 0 than the weights")
    embedding = weight(lambda rng: student.nn.Embedding(60, 20, rng=rng))
    table = drawn(student, mistake, embedding, shape, "Embedding.weight")
    if not 0.005 <= table.std() <= 0.2:
        told = f"Embedding.weight starts with standard deviation {table.std():.3g}, expected about 0.1"
        raise mistake("init-spread", told)
    require_distribution(mistake, table, normal(table.std()), "Embedding.weight (normal)")
    norm = student.nn.LayerNorm(5)
    for name, expected in (("weight", 1.0), ("bias", 0.0)):
        value = student.fetch(getattr(norm, name))
        if not (isinstance(value, np.ndarray) and np.array_equal(value, np.full(5, expected))):
            raise StudentFailure(f"LayerNorm.{name} starts as {describe(value)}, expected (5,) of {expected:g}")


def _largest(values):
    return values.flat[np.argmax(np.abs(values))]
