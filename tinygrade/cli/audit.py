"""`tinygrade audit`: does an assignment catch what it must, and leave alone what is right?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli.options import chosen_seed, course_option
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    from tinygrade.audit.plan import Trial
    from tinygrade.model import Assignment

#: In a log, progress is told this often.
LOG_EVERY = 10


@click.command("audit")
@click.argument("assignment")
@click.option("-k", "select", multiple=True, metavar="TEXT", help="Only what has this in its name, or this bug number.")
@click.option(
    "--only",
    "kinds",
    multiple=True,
    type=click.Choice(["correct", "mutant", "nonsense"]),
    help="Only trials of this kind. [default: all]",
)
@click.option("--brief", is_flag=True, help="Mutants on their named check only, others together, and less training.")
@click.option("--recorded", is_flag=True, help="Grade each with the solution and with a record of it, and compare.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Gradings at a time. [default: one per core]")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Repeat the audit with this seed.")
@click.option("--report", metavar="json[=FILE]", help="Also write the result as JSON.")
@course_option
@click.pass_context
def command(
    ctx: click.Context,
    assignment: str,
    select: tuple[str, ...],
    kinds: tuple[Any, ...],
    brief: bool,
    recorded: bool,
    jobs: int | None,
    seed: int | None,
    report: str | None,
    course_dir: Path | None,
) -> int:
    """Grade the mutants and correct variants of ASSIGNMENT, and functions that return nonsense."""
    from tinygrade.audit import plan, table
    from tinygrade.audit.run import Audit
    from tinygrade.cli.guard import show, terminable
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment

    write = _report_writer(report)
    found = load_assignment(open_course(ctx, course_dir), assignment)
    trials = plan.plan(found, kinds or plan.KINDS, select, thorough=not brief)
    if not trials:
        raise UsageError(f"nothing to audit in {assignment}: {_nothing(select)}")
    number = chosen_seed(seed)
    if recorded:
        return _compared(found, trials, number, jobs or os.cpu_count() or 1, report)
    with terminable(), _progress(len(trials)) as advance:
        verdicts = Audit(found, seed=number).run(trials, jobs or os.cpu_count() or 1, advance)
    write(table.to_json(found, number, verdicts))
    if report != "json":
        for line in table.lines(verdicts):
            show(line)
        show(f"repeat this audit: tinygrade audit {assignment} --seed {number}")
    return 1 if any(verdict.problems for verdict in verdicts) else 0


def _compared(
    found: Assignment, trials: list[Trial], seed: int, jobs: int, report: str | None
) -> int:
    """Both gradings of every trial, and where they differ."""
    from tinygrade.audit.recorded import compare
    from tinygrade.cli.guard import show, terminable

    if report is not None:
        raise UsageError("--recorded writes no report: leave --report out")
    with terminable(), _progress(len(trials)) as advance:
        comparisons = compare(found, trials, seed=seed, jobs=jobs, on_done=advance)
    for line in [line for comparison in comparisons for line in comparison.lines()]:
        show(line)
    differ = sum(bool(comparison.problems) for comparison in comparisons)
    show(f"{len(comparisons)} submissions, {differ} judged otherwise with a recorded reference")
    show(f"repeat this audit: tinygrade audit {found.id} --recorded --seed {seed}")
    return 1 if differ else 0


def _nothing(select: Sequence[str]) -> str:
    return f"no trial has {' or '.join(map(repr, select))} in its name" if select else "it has none of these trials"


def _report_writer(report: str | None) -> Callable[[str], None]:
    """What writes the JSON report where `--report` says; a file that cannot be written is told now."""
    from tinygrade.cli import outputs

    if report is None:
        return lambda text: None
    name, equals, file = report.partition("=")
    if name != "json" or (equals and not file):
        raise UsageError(f"--report {report}: an audit writes json or json=FILE")
    if not file:
        return lambda text: print(text, end="")
    path = Path(os.path.realpath(file))
    outputs.try_writing(path)
    return lambda text: outputs.write_file(path, text)


def _progress(total: int) -> Any:
    """A context whose value is called after each trial; shows how far the audit is on standard error."""
    if not sys.stderr.isatty():
        return nullcontext(_logged(total))
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    class Bar(Progress):
        def __enter__(self) -> Any:
            super().__enter__()
            task = self.add_task("audit", total=total, problems=0)
            problems = 0

            def advance(verdict: Any) -> None:
                nonlocal problems
                problems += bool(verdict.problems)
                self.update(task, advance=1, problems=problems)

            return advance

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[problems]} with problems"))
    return Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)


def _logged(total: int) -> Callable[[Any], None]:
    done = 0

    def advance(verdict: Any) -> None:
        nonlocal done
        done += 1
        if done % LOG_EVERY == 0 or done == total:
            print(f"{done} of {total} graded", file=sys.stderr, flush=True)

    return advance
