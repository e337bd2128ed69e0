"""`tinygrade train --hybrid`: train the smallest model live, look at a larger one, then try prefixes on both."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade import Course, UsageError
from tinygrade.reporters.lines import Line, table

from . import checkpoints, corpus, data, finetune, samples
from . import lesson as lessons
from .exam import Exam
from .models import Reference, Size, weights_of
from .recipes import RECIPES
from .run import Run
from .trainer import train

#: Minutes of the live part where none are given.
MINUTES = 2.0
#: One or two prefixes for each rule of the larger model's corpus.
SHOWN = ("AAA", "ABC", "567", "DCB", "ACE", "ABA", "AABB", "CDED")


def lesson(course: Course, wishes: lessons.Wishes, seed: int, again: str) -> int:
    """All three parts."""
    wishes.refuse("start", "lr", "batch", because="with --hybrid")
    wishes = wishes if wishes.minutes is not None else replace(wishes, minutes=MINUTES)
    reference, size = Reference(course), wishes.size
    exam = Exam(data.strings_for(wishes.data))
    recipe = RECIPES[wishes.recipe or "seed"].with_settings(None, None, wishes.steps)
    model = reference.build(size, np.random.default_rng(seed))
    larger_size, larger = finetune.shipped(reference)

    def go(watched: Run) -> None:
        train(reference, model, recipe, watched, np.random.default_rng([seed, 1]))

    lessons.tell(wishes, [Line("Part 1: train a small model", "bold")])
    watched = lessons.watch(wishes, exam, size, f"{recipe.name} recipe: {recipe.words()}", go)
    lessons.tell(wishes, [Line(""), *_larger(larger_size, larger), Line("")])
    if watched.stopped != "interrupted":
        _experiment(wishes, {size.name: model, larger_size.name: larger})
    if wishes.save is not None:
        checkpoints.save(wishes.save, size, weights_of(model))
    return lessons.finish(watched, wishes, lessons.about(size, recipe, seed), again)


def _larger(size: Size, model: Any) -> list[Line]:
    exam = Exam(corpus.strings())
    result = exam.judge(0, 0.0, np.asarray(model(exam.x).data))
    facts = f"{size.name}, {size.parameters:,} parameters, trained on {len(exam.strings)} strings"
    ask = samples.next_logits(model)
    found = [samples.continuation(ask, prefix) for prefix in SHOWN]
    rows = [(c.prefix, "->", c.text, f"{c.probability:.0%}") for c in found]
    return [
        Line("Part 2: a larger model, trained beforehand", "bold"),
        Line(f"  {facts}"),
        Line(f"  loss {result.loss:.4f}, entropy floor {exam.floor:.4f}"),
        *(Line(f"    {row}") for row in table(rows, right=(3,))),
    ]


def _experiment(wishes: lessons.Wishes, models: dict[str, Any]) -> None:
    """Continue what is typed, until an empty line or the end of the input."""
    asks = {name: samples.next_logits(model) for name, model in models.items()}
    lessons.tell(wishes, [Line("Part 3: type a beginning (0-9, A-T), and see how each model goes on", "bold")])
    for prefix in _typed():
        try:
            samples.check_prefix(prefix)
        except UsageError as problem:
            lessons.tell(wishes, [Line(f"  {problem}", "yellow")])
            continue
        for name, ask in asks.items():
            found = samples.continuation(ask, prefix)
            lessons.tell(wishes, [Line(f"  {name}: {found.text} ({found.probability:.0%})", "cyan")])
            lessons.tell(wishes, samples.bars(ask, prefix))


def _typed() -> Iterator[str]:
    """Lines of standard input, in capitals, until an empty one; an interrupt ends them as well."""
    prompts = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        while True:
            if prompts:
                print("prefix (Enter to end): ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line.strip():
                return
            yield line.strip().upper()
    except (KeyboardInterrupt, UnicodeDecodeError):
        return
