"""`tinygrade train` on the reference, from new weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrade import Course

from . import checkpoints, data
from . import lesson as lessons
from .exam import Exam
from .models import Reference, Size, weights_of
from .recipes import RECIPES, Recipe
from .run import Run
from .trainer import train


def lesson(course: Course, wishes: lessons.Wishes, seed: int, again: str) -> int:
    """Train as wished, show it, write what was asked for."""
    reference = Reference(course)
    size, exam = wishes.size, Exam(data.strings_for(wishes.data))
    recipe = RECIPES[wishes.recipe or "seed"].with_settings(wishes.lr, wishes.batch, wishes.steps)
    model = reference.build(size, np.random.default_rng(seed))

    def go(watched: Run) -> None:
        train(reference, model, recipe, watched, np.random.default_rng([seed, 1]))

    watched = lessons.watch(wishes, exam, size, f"{recipe.name} recipe: {recipe.words()}", go)
    if wishes.save is not None:
        checkpoints.save(wishes.save, size, weights_of(model))
    return lessons.finish(watched, wishes, about(size, recipe, seed), again)


def about(size: Size, recipe: Recipe, seed: int) -> dict[str, Any]:
    """What was run, for the JSON form."""
    settings = {"recipe": recipe.name, "lr": recipe.lr, "batch": recipe.batch, "seed": seed}
    return {"schema": 1, "model": size.name, "parameters": size.parameters, "heads": size.heads, **settings}
