"""The command lines of `train` and `compare`: what may be given, and what goes with what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
SEEDS = click.IntRange(0, 2**31 - 1)

course = click.option("--course", "course_dir", type=_FILE, metavar="DIR", help="Folder that holds course.toml.")
data = click.option("--data", type=_FILE, metavar="FILE", help="Your own strings, one a line. [default: the seed's 21]")
recipe = click.option(
    "--recipe", type=click.Choice(["seed", "fast"]), help="One string a step, or all of them. [default: seed]"
)
lr = click.option("--lr", type=click.FloatRange(0, 10, min_open=True), help="Learning rate. [default: the recipe's]")
batch = click.option("--batch", type=click.IntRange(0, 4096), help="Strings a step, 0 for all. [default: the recipe's]")
steps = click.option("--steps", type=click.IntRange(1, 10_000_000), help="End after so many steps.")
json_file = click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write all figures; - is stdout.")
plot = click.option("--plot", type=_FILE, metavar="FILE", help="Draw the curves: .svg, .png or .pdf.")

TRAIN = (
    click.option("--submission", metavar="SRC", help="Train this package, confined, instead of the reference."),
    click.option("--model", metavar="SIZE", help="ultra-tiny, small, or layers x width: 2x28. [default: ultra-tiny]"),
    click.option("--heads", type=click.IntRange(1, 64), help="Heads of attention. [default: 2]"),
    recipe,
    data,
    click.option("--minutes", type=click.FloatRange(min=0), help="Minutes of training (CPU time). [default: 5]"),
    steps,
    click.option("--keep-going", is_flag=True, help="Go on when everything is learned."),
    click.option("--pace", type=click.FloatRange(min=0, min_open=True), help="Steps a second; the seed had 54."),
    lr,
    batch,
    click.option("--seed", type=SEEDS, metavar="N", help="Repeat a run."),
    click.option("--from", "start", metavar="CHECKPOINT", help="Fine-tune this model; `pretrained` is shipped."),
    click.option("--hybrid", is_flag=True, help="Train live, look at a larger model, then try prefixes."),
    click.option("--save", type=_FILE, metavar="FILE", help="Write the trained model (.npz)."),
    json_file,
    plot,
    click.option("--text", is_flag=True, help="Print lines instead of redrawing."),
    course,
)


COMPARE = (
    click.option("--model", multiple=True, metavar="SIZE", help="A size; again for more. [default: ultra-tiny, small]"),
    click.option("--grid", multiple=True, metavar="KEY=V,V", help="Sweep lr, width, layers, heads or batch."),
    click.option("--seeds", type=click.IntRange(1, 1000), default=3, show_default=True, help="Runs of each."),
    click.option("--minutes", type=click.FloatRange(min=0), default=0.1, show_default=True, help="CPU time of a run."),
    steps,
    recipe,
    lr,
    batch,
    click.option("--heads", type=click.IntRange(1, 64), default=2, show_default=True, help="Heads of attention."),
    data,
    click.option("--jobs", type=click.IntRange(1, 256), help="Runs at a time. [default: one a core]"),
    click.option("--log", type=_FILE, metavar="FILE", help="Keep finished runs here, and do none of them again."),
    json_file,
    plot,
    course,
)


def decorated(options: tuple[Callable[[F], F], ...]) -> Callable[[F], F]:
    """All options, in the order in which help shows them."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
