"""The commands `tinygrade train` and `tinygrade compare`: parse, call, exit code. Numpy and rich come later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from . import options


@click.command("train")
@options.decorated(options.TRAIN)
@click.pass_context
def train(ctx: click.Context, /, course_dir: Path | None, **given: Any) -> int:
    """Train a tiny transformer live, until everything is learned or the time is up.

    Without --submission the reference is trained. Ctrl-C ends the training and shows the tables so far.
    """
    from tinygrade.cli.guard import terminable
    from tinygrade.cli.running import open_course

    one_thread()
    course = open_course(ctx, course_dir)
    from . import training
    from .lesson import Wishes

    with terminable():
        return training.run(ctx, course, Wishes(**given))


@click.command("compare")
@options.decorated(options.COMPARE)
@click.pass_context
def compare(ctx: click.Context, /, course_dir: Path | None, **given: Any) -> int:
    """Compare models under the same budget, or the settings of a grid; several seeds, with their spread."""
    from tinygrade.cli.guard import terminable
    from tinygrade.cli.running import open_course

    one_thread()
    course = open_course(ctx, course_dir)
    from .models import Reference

    Reference(course)  # told first: a student's copy of the course holds neither the solution nor what trains it
    from . import compare as comparing

    with terminable():
        return comparing.run(course, comparing.Wishes(**given))


def one_thread() -> None:
    """Matrices of sixteen columns gain nothing by threads, and figures of several runs could not be compared."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
