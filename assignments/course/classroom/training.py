"""`tinygrade train` from its options to its exit code: which lesson it is, and how to repeat it."""

from __future__ import annotations

import random
import shlex

import click

from tinygrade import Course

from . import submission
from .lesson import Wishes
from .models import Reference


def run(ctx: click.Context, course: Course, wishes: Wishes) -> int:
    """Train as wished, show it, write what was asked for."""
    wishes.check()
    seed = random.SystemRandom().randint(1, 9999) if wishes.seed is None else wishes.seed
    again = f"repeat this run: {command_line(ctx, seed)}"
    if wishes.submission is not None:
        return submission.lesson(ctx, course, wishes, seed, again)
    return _of_the_solution(course, wishes, seed, again)


def _of_the_solution(course: Course, wishes: Wishes, seed: int, again: str) -> int:
    Reference(course)  # told before anything else: without the solution, only submissions can be trained
    from . import finetune, hybrid, live  # a student's copy of the course is without these, too

    if wishes.hybrid:
        return hybrid.lesson(course, wishes, seed, again)
    if wishes.start is not None:
        return finetune.lesson(course, wishes, seed, again)
    return live.lesson(course, wishes, seed, again)


def command_line(ctx: click.Context, seed: int) -> str:
    """The command that repeats this run."""
    words = ["tinygrade", str(ctx.info_name)]
    for param in ctx.command.params:
        value = ctx.params.get(str(param.name))
        given = ctx.get_parameter_source(str(param.name)) == click.core.ParameterSource.COMMANDLINE
        if given and param.name != "seed":
            words += [param.opts[0], *([] if value is True else [f"{value:g}" if type(value) is float else str(value)])]
    return f"{shlex.join(words)} --seed {seed}"
