"""`tinygrade train` from its options to its exit code: what is checked first, which run, what is written."""

from __future__ import annotations

import json
import math
import random
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from tinygrade import Course, UsageError
from tinygrade.cli.outputs import try_writing, write_file
from tinygrade.reporters.lines import Line

from . import checkpoints, data, plots, tables
from .exam import Exam
from .models import Reference, Size, parse_size, weights_of
from .recipes import RECIPES, Recipe
from .run import Run
from .trainer import train
from .view import Printer, View

DEFAULT_MINUTES = 5.0
INTERRUPTED = 130
STDOUT = Path("-")


@dataclass(frozen=True)
class Wishes:
    """The options of `train` as they were given; None where they were not."""

    submission: str | None = None
    model: str | None = None
    heads: int | None = None
    recipe: str | None = None
    data: Path | None = None
    minutes: float | None = None
    steps: int | None = None
    keep_going: bool = False
    pace: float | None = None
    lr: float | None = None
    batch: int | None = None
    seed: int | None = None
    start: str | None = None
    hybrid: bool = False
    save: Path | None = None
    json_file: Path | None = None
    plot: Path | None = None
    text: bool = False

    @property
    def size(self) -> Size:
        return parse_size(self.model or "ultra-tiny", self.heads or 2)

    @property
    def seconds(self) -> float:
        minutes = DEFAULT_MINUTES if self.minutes is None else self.minutes
        if not (math.isfinite(minutes) and minutes > 0):
            raise UsageError(f"--minutes {minutes:g}: nothing can be learned in that time")
        return 60.0 * minutes

    def check_outputs(self) -> None:
        """Nobody should train for five minutes and lose the result."""
        for file in (self.save, self.json_file, self.plot):
            if file is not None and file != STDOUT:
                try_writing(file)
        if self.plot is not None:
            plots.require(self.plot)

    def refuse(self, *names: str, because: str) -> None:
        """Raise UsageError for options that would be ignored silently."""
        for name in names:
            if getattr(self, name) not in (None, False):
                option = {"start": "from", "json_file": "json"}.get(name, name.replace("_", "-"))
                raise UsageError(f"--{option} cannot be used {because}")


def run(ctx: click.Context, course: Course, wishes: Wishes) -> int:
    """Train as wished, show it, write what was asked for."""
    wishes.check_outputs()
    seed = random.SystemRandom().randint(1, 9999) if wishes.seed is None else wishes.seed
    again = f"repeat this run: {command_line(ctx, seed)}"
    if wishes.submission is not None:
        from . import submission

        return submission.lesson(ctx, course, wishes, seed, again)
    if wishes.start is not None or wishes.hybrid:
        from . import finetune, hybrid

        return (hybrid if wishes.hybrid else finetune).lesson(course, wishes, seed, again)
    reference = Reference(course)
    size, exam = wishes.size, Exam(data.strings_for(wishes.data))
    recipe = RECIPES[wishes.recipe or "seed"].with_settings(wishes.lr, wishes.batch, wishes.steps)
    model = reference.build(size, np.random.default_rng(seed))
    how = f"{recipe.name} recipe: {recipe.words()}"

    def go(watched: Run) -> None:
        train(reference, model, recipe, watched, np.random.default_rng([seed, 1]))

    watched = watch(wishes, exam, size, how, go)
    if wishes.save is not None:
        checkpoints.save(wishes.save, size, weights_of(model))
    return finish(watched, wishes, about(size, recipe, seed), again)


def watch(wishes: Wishes, exam: Exam, size: Size, how: str, go: Callable[[Run], None]) -> Run:
    """Let `go` train under a view, and show the tables of what came of it."""
    floor = f"entropy floor {exam.floor:.4f}"
    title = f"{size.name}, {size.parameters:,} parameters; {len(exam.strings)} strings, {floor}; {how}"
    with View(title, wishes.text, stream_of(wishes)) as view:
        watched = Run(exam, wishes.seconds, wishes.steps or 0, wishes.keep_going, wishes.pace or 0.0, view.show)
        go(watched)
    view.print([Line(""), *tables.report(watched, size, how)])
    return watched


def tell(wishes: Wishes, lines: list[Line]) -> None:
    """Lines of a command."""
    Printer(stream_of(wishes)).print(lines)


def stream_of(wishes: Wishes) -> Any:
    """Where people read: standard output, unless that is for a program."""
    return sys.stderr if wishes.json_file == STDOUT else sys.stdout


def about(size: Size, recipe: Recipe, seed: int) -> dict[str, Any]:
    """What was run, for the JSON form."""
    settings = {"recipe": recipe.name, "lr": recipe.lr, "batch": recipe.batch, "seed": seed}
    return {"schema": 1, "model": size.name, "parameters": size.parameters, "heads": size.heads, **settings}


def finish(watched: Run, wishes: Wishes, facts: dict[str, Any], again: str) -> int:
    """Write the files, say how to repeat it, and give the exit code."""
    written = [str(file) for file in (wishes.save,) if file is not None]
    if wishes.json_file is not None:
        text = json.dumps({**facts, **watched.to_json()}, indent=1) + "\n"
        written += deliver(wishes.json_file, text)
    if wishes.plot is not None:
        write_file(wishes.plot, plots.curves({facts["model"]: [watched.curve]}, watched.exam.floor, wishes.plot.suffix))
        written.append(str(wishes.plot))
    lines = [Line(f"written: {', '.join(written)}")] if written else []
    tell(wishes, [*lines, Line(again)])
    return INTERRUPTED if watched.stopped == "interrupted" else 0


def deliver(file: Path, text: str) -> list[str]:
    """Write `text`, and the names of what was written."""
    if file == STDOUT:
        sys.stdout.write(text)
        return []
    write_file(file, text)
    return [str(file)]


def command_line(ctx: click.Context, seed: int) -> str:
    """The command that repeats this run."""
    words = ["tinygrade", str(ctx.info_name)]
    for param in ctx.command.params:
        value = ctx.params.get(str(param.name))
        given = ctx.get_parameter_source(str(param.name)) == click.core.ParameterSource.COMMANDLINE
        if given and param.name != "seed":
            words += [param.opts[0], *([] if value is True else [f"{value:g}" if type(value) is float else str(value)])]
    return f"{shlex.join(words)} --seed {seed}"
