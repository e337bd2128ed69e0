"""`tinygrade compare` from its options to its exit code."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from tinygrade import Course, UsageError
from tinygrade.cli.outputs import try_writing, write_file
from tinygrade.reporters.lines import Line, shortened

from . import comparison, data, grid, plots
from .exam import Exam
from .grid import Config, Job
from .lesson import INTERRUPTED, STDOUT, deliver
from .models import Reference
from .runs import Log, Runner
from .view import Printer

DEFAULT_MINUTES = 0.1
DEFAULT_MODELS = ("ultra-tiny", "small")


@dataclass(frozen=True)
class Wishes:
    """The options of `compare` as they were given."""

    model: tuple[str, ...] = ()
    grid: tuple[str, ...] = ()
    seeds: int = 3
    minutes: float = DEFAULT_MINUTES
    steps: int | None = None
    recipe: str | None = None
    lr: float | None = None
    batch: int | None = None
    heads: int = 2
    data: Path | None = None
    jobs: int | None = None
    log: Path | None = None
    json_file: Path | None = None
    plot: Path | None = None

    def configs(self) -> list[Config]:
        models = self.model or (() if self.grid else DEFAULT_MODELS)
        base = Config(1, 16, self.heads, self.recipe or "seed", self.lr, self.batch)
        return grid.configs(models, self.grid, base)

    def budget(self, strings: tuple[str, ...]) -> dict[str, Any]:
        """What is the same for all runs."""
        if not (math.isfinite(self.minutes) and self.minutes > 0):
            raise UsageError(f"--minutes {self.minutes:g}: nothing can be learned in that time")
        digest = hashlib.sha256("\n".join(strings).encode()).hexdigest()[:16]
        return {"minutes": self.minutes, "steps": self.steps, "data": digest}

    def arguments(self) -> list[str]:
        words = ["--minutes", repr(self.minutes)]
        words += ["--steps", str(self.steps)] if self.steps is not None else []
        return words + (["--data", str(self.data.absolute())] if self.data is not None else [])


def run(course: Course, wishes: Wishes) -> int:
    """Train all that is to be compared, and show what came of it."""
    Reference(course)
    exam = Exam(data.strings_for(wishes.data))
    configs = wishes.configs()
    jobs = grid.jobs(configs, wishes.seeds)
    for file in (wishes.json_file, wishes.plot):
        if file is not None and file != STDOUT:
            try_writing(file)
    if wishes.plot is not None:
        plots.require(wishes.plot)
    cores = wishes.jobs or os.cpu_count() or 1
    runner = Runner(course, wishes.budget(exam.strings), wishes.arguments(), Log(wishes.log), cores)
    table = Table(configs, len(jobs), sys.stderr if wishes.json_file == STDOUT else sys.stdout)
    code = _collect(runner, jobs, table)
    table.finish(exam, interrupted=code != 0)
    _write(wishes, table.results, exam)
    return code


def _collect(runner: Runner, jobs: list[Job], table: Table) -> int:
    try:
        with table:
            for job, result in runner.results(jobs, table.started):
                table.add(job, result)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


class Table(Printer):
    """The results so far: redrawn in a terminal, a line for each run in a pipe. A context manager."""

    def __init__(self, configs: list[Config], total: int, stream: Any) -> None:
        super().__init__(stream)
        self.results: dict[Config, dict[int, dict[str, Any]]] = {config: {} for config in configs}
        self._total = total
        self._running: set[Job] = set()
        self._live: Live | None = None

    def __enter__(self) -> Table:
        if self.redraws:
            self._live = Live(
                console=self._console, get_renderable=self._now, transient=True, refresh_per_second=4
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def started(self, job: Job) -> None:
        self._running.add(job)

    def add(self, job: Job, result: dict[str, Any]) -> None:
        self._running.discard(job)
        self.results[job.config][job.seed] = result
        if self._live is None:
            training = result["training"]
            best, steps = training["best_loss"], training["steps"]
            loss = "no number" if best is None else f"{best:.4f}"
            name = f"{job.config.name}, seed {job.seed}"
            self.print([Line(f"{self._done}/{self._total}  {name}: {steps:,} steps, best loss {loss}")])

    @property
    def _done(self) -> int:
        return sum(map(len, self.results.values()))

    def _now(self) -> Group:
        width = shutil.get_terminal_size().columns - 1
        running = ", ".join(f"{job.config.name} seed {job.seed}" for job in sorted(self._running, key=str))
        status = Line(f"{self._done} of {self._total} runs; training {running or '-'}", "dim")
        lines = [*comparison.lines(self.results, False), status]
        return Group(*(Text(self._safe(shortened(line.text, width)), line.style) for line in lines))

    def finish(self, exam: Exam, interrupted: bool) -> None:
        """The tables for good."""
        seeds = exam.strings == data.strings_for(None)
        ceiling = f"ceiling for a causal model: {exam.ceiling} of {len(exam.cases)} exact"
        self.print(
            [
                *([Line("interrupted; what was done so far:", "yellow")] if interrupted else []),
                *comparison.lines(self.results, with_seed=seeds),
                Line(f"above: medians; entropy floor {exam.floor:.4f}; {ceiling}", "dim"),
                *comparison.diverged(self.results),
                *comparison.verdict(self.results),
            ]
        )


def _write(wishes: Wishes, results: dict[Config, dict[int, dict[str, Any]]], exam: Exam) -> None:
    if wishes.json_file is not None:
        tree = [
            {"model": config.name, "parameters": config.size.parameters, "seed": seed, **result}
            for config, runs in results.items()
            for seed, result in sorted(runs.items())
        ]
        best = [config.name for config in comparison.ranking(results)[:1]]
        document = {"schema": 1, "entropy_floor": exam.floor, "best": best[0] if best else None, "runs": tree}
        deliver(wishes.json_file, json.dumps(document, indent=1) + "\n")
    if wishes.plot is not None:
        curves = {
            config.name: [[(step, loss) for step, loss in run["training"]["curve"] if loss] for run in runs.values()]
            for config, runs in results.items()
        }
        write_file(wishes.plot, plots.curves(curves, exam.floor, wishes.plot.suffix))
