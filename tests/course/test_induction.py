"""The task of assignment 5: what students get and what they are judged on are the same, and it can be solved."""

import numpy as np
import pytest

from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.model import Surface


@pytest.fixture(scope="module")
def solved(repository):
    return ReferenceLibrary(repository / "reference" / "tinytorch", Surface(tensor="tensor.Tensor"))


def test_students_have_the_same_task(course, solved):
    sizes = (7, 5, 3)
    ours = course.induction.data(np.random.default_rng(4), sizes)
    theirs = solved.fetch(solved.experiments.induction_data(solved.generator(4), *sizes))
    assert ours["vocab"] == theirs["vocab"]
    for split in ("train", "validation", "test"):
        for mine, other in zip(ours[split], theirs[split], strict=True):
            assert np.array_equal(mine, other)


def test_what_is_asked_follows_from_what_stands_before(course):
    x, y = course.induction.rows(200, np.random.default_rng(5))
    for row, targets in zip(x, y, strict=True):
        circle = row[: course.induction.CIRCLE].tolist()
        assert len(set(circle)) == course.induction.CIRCLE
        assert not targets[: course.induction.CIRCLE].any()
        for symbol, target in zip(row[course.induction.CIRCLE :], targets[course.induction.CIRCLE :], strict=True):
            assert target == circle[(circle.index(symbol) + 1) % course.induction.CIRCLE]


@pytest.mark.parametrize("config", [{"layers": 1, "width": 6, "heads": 2}, {"layers": 2, "width": 8, "heads": 1}])
def test_shapes_are_those_of_the_model(course, solved, config):
    model = solved.transformer.GPT(**course.induction.sizes(config), rng=solved.generator(0))
    assert course.induction.shapes(config) == solved.census(model)
    assert list(course.induction.shapes(config)) != []
    assert course.induction.parameters(config) == sum(np.prod(shape) for shape in solved.census(model).values())


def test_the_models_finalists_are_within_the_limits(course, solved):
    one, two = solved.fetch(solved.experiments.finalists())
    sizes = [{name: int(np.asarray(config[name])) for name in ("layers", "width", "heads")} for config in (one, two)]
    counts = list(map(course.induction.parameters, sizes))
    assert counts[1] <= counts[0] <= course.induction.MOST_PARAMETERS
    assert np.asarray(one["batch"]) * np.asarray(one["steps"]) <= course.induction.MOST_ROWS
