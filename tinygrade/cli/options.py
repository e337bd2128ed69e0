"""The options that `check` and `reference` share, and the command line that repeats a run."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable, Container
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tinygrade.reporters.advice import Commands

if TYPE_CHECKING:
    from tinygrade.model import Assignment

F = TypeVar("F", bound=Callable[..., Any])

course_option = click.option(
    "--course", "course_dir", type=click.Path(path_type=Path), metavar="DIR", help="Folder that holds course.toml."
)

_SHARED = (
    click.argument("assignment"),
    click.option("-k", "select", metavar="EXPR", default="", help="Only checks that match, as pytest's -k."),
    click.option("--quick", is_flag=True, help="Leave the training run out."),
    click.option(
        "--report", multiple=True, metavar="FORMAT[=FILE]", help="Also write a report, for example json=r.json."
    ),
    click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Repeat the run with this seed."),
    click.option(
        "--isolation",
        type=click.Choice(["auto", "strong", "none"]),
        default="auto",
        show_default=True,
        help="Take what there is, refuse less than strong, or leave the confinement out.",
    ),
    click.option("--sandbox", default="", metavar="NAME", help="Use this sandbox (see `tinygrade plugins`)."),
    click.option(
        "--fail-under",
        type=click.FloatRange(min=0),
        metavar="P",
        help="Exit with 1 when fewer points are reached. [default: all points]",
    ),
    click.option("--instructor", is_flag=True, help="Show hidden checks in full."),
    course_option,
)

#: What `again: ...` leaves out of the command: it chooses and judges anew.
_NOT_AGAIN = {"select", "quick", "report", "fail_under", "watch"}
#: What is not repeated at all: the seed stands at the end, and nothing is recorded twice by accident.
_NEVER = {"seed", "record", "watch"}


def grading_options(function: F) -> F:
    """Add the shared options, in the order in which help shows them."""
    for decorate in reversed(_SHARED):
        function = decorate(function)
    return function


def chosen_seed(seed: int | None) -> int:
    """A small one when none is given: it is typed by hand to repeat a run."""
    return random.SystemRandom().randint(1, 9999) if seed is None else seed


def seed_for(assignment: Assignment, seed: int | None) -> int:
    """The seed of a run. Raises as `tinygrade.checks.seeds.seed_for`."""
    from tinygrade.checks import seeds

    return seeds.seed_for(assignment, seed, chosen_seed(None))


def commands(ctx: click.Context, seed: int, assignment: Assignment) -> Commands:
    """The commands that repeat this run, wholly or in part, and that lead on from it."""
    from tinygrade.checklist import shared_names

    words = ["tinygrade", str(ctx.info_name), str(ctx.params["assignment"])]
    return Commands(
        base=shlex.join([*words, *_given(ctx, _NEVER | _NOT_AGAIN)]),
        repeat=f"{shlex.join([*words, *_given(ctx, _NEVER)])} --seed {seed}",
        seed=seed,
        places=_joined(_places(ctx, assignment)),
        course=_joined(_given(ctx, only={"course_dir"})),
        shared=frozenset(shared_names(assignment.course)),
        explains=assignment.hints == "full",
        scripts=Path(ctx.params.get("submission") or ".").is_dir(),
    )


def _places(ctx: click.Context, assignment: Assignment) -> list[str]:
    """Where `repro` finds what this command has graded."""
    given = _given(ctx, only={"submission", "course_dir"})
    return given if "submission" in ctx.params else ["--submission", str(assignment.course.reference), *given]


def _joined(words: list[str]) -> str:
    return f" {shlex.join(words)}" if words else ""


def _given(ctx: click.Context, without: Container[str] = (), only: Container[str] | None = None) -> list[str]:
    """The options that were given on the command line, as words."""
    words: list[str] = []
    for param in ctx.command.params:
        name = str(param.name)
        given = ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE
        if isinstance(param, click.Option) and given and name not in without and (only is None or name in only):
            words += _option(param, ctx.params[name])
    return words


def _option(param: click.Option, value: Any) -> list[str]:
    flag = param.opts[-1]
    if param.is_flag:
        return [flag]
    values = value if param.multiple else [value]
    return [word for item in values for word in (flag, f"{item:g}" if isinstance(item, float) else str(item))]
