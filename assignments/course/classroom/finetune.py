"""`tinygrade train --from`: go on from a trained model with other strings, and see what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinygrade import Course, UsageError
from tinygrade.reporters.lines import Line

from . import checkpoints, corpus, data, pretrain, samples
from . import lesson as lessons
from .exam import Exam
from .models import Reference, Size, weights_of
from .recipes import TUNE
from .run import Run
from .trainer import train

SHIPPED = "pretrained"
_REFUSED = ("model", "heads", "recipe")


def lesson(course: Course, wishes: lessons.Wishes, seed: int, again: str) -> int:
    """Fine-tune as wished: samples before, training, samples after."""
    wishes.refuse(*_REFUSED, because="with --from: the checkpoint says what the model is")
    if wishes.data is None:
        raise UsageError("--from needs --data FILE: the strings to go on with, one a line")
    strings = data.strings_for(wishes.data)
    size, weights = checkpoints.load(file_of(str(wishes.start)))
    reference, exam = Reference(course), Exam(strings)
    model = reference.loaded(size, weights)
    recipe = TUNE.with_settings(wishes.lr, wishes.batch, wishes.steps)
    old = Exam(corpus.strings()) if wishes.start == SHIPPED else None
    then = [_samples(model, strings), _loss(model, old)]

    def go(watched: Run) -> None:
        train(reference, model, recipe, watched, np.random.default_rng([seed, 1]))

    watched = lessons.watch(wishes, exam, size, f"from {wishes.start}: {recipe.words()}", go)
    lines = samples.before_and_after(then[0], _samples(model, strings), strings)
    lessons.tell(wishes, [Line(""), Line("Before and after", "bold"), *lines, *_forgotten(then[1], _loss(model, old))])
    if wishes.save is not None:
        checkpoints.save(wishes.save, size, weights_of(model))
    return lessons.finish(watched, wishes, {**lessons.about(size, recipe, seed), "from": wishes.start}, again)


def file_of(start: str) -> Path:
    """The file of a checkpoint; `pretrained` is the one that the course ships."""
    return pretrain.FILE if start == SHIPPED else Path(start)


def shipped(reference: Reference) -> tuple[Size, Any]:
    """The shipped model."""
    size, weights = checkpoints.load(pretrain.FILE)
    return size, reference.loaded(size, weights)


def _samples(model: Any, strings: tuple[str, ...]) -> list[samples.Continuation]:
    ask = samples.next_logits(model)
    return [samples.continuation(ask, prefix) for prefix in samples.prefixes_of(strings)]


def _loss(model: Any, exam: Exam | None) -> float | None:
    return exam.judge(0, 0.0, np.asarray(model(exam.x).data)).loss if exam else None


def _forgotten(before: float | None, after: float | None) -> list[Line]:
    if before is None or after is None:
        return []
    return [Line(""), Line(f"on what it was trained on before: loss {before:.3f} -> {after:.3f} (it forgets)")]
