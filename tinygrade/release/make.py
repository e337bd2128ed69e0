"""Make the bundles of a course: build beside the place that was asked for, prove, record, then put them there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygrade import config
from tinygrade.errors import CourseError
from tinygrade.grading import recording
from tinygrade.release import autograder, bundle, leaks, placing, proof, solutions, student, tree
from tinygrade.release.bundle import Order, below
from tinygrade.release.proof import Trial
from tinygrade.release.tree import Tree

#: Told before each step, and during a long one: its number from 1, how many there are, what it is.
OnStep = Callable[[int, int, str], None]
STUDENTS, AUTOGRADER = "student", "autograder"


@dataclass(frozen=True)
class Made:
    """What was written."""

    written: int
    removed: int
    #: Files of the package whose solution is in the student's bundle.
    released: tuple[str, ...]
    #: Bytes of the student's bundle as a zip.
    size: int


class Release:
    """One run of `tinygrade release`.

    Args:
        seeds: what students' runs may draw their inputs from.
    """

    def __init__(self, order: Order, seeds: Sequence[int], on_step: OnStep) -> None:
        self._order = order
        self._seeds = seeds
        self._on_step = on_step
        self._ids = [assignment.id for assignment in order.assignments]
        self._released = solutions.files(order.assignments, order.own, order.today)
        self._costs: dict[str, str] = {}
        self._step = 0
        #: The search for solutions, records, and two gradings for each bundle and assignment.
        self._steps = 1 + len(self._ids) * (1 + 4)

    def make(self, target: Path) -> Made:
        """Write the bundles to `target`.

        Raises:
            UsageError: something else is there, or it cannot be written.
            CourseError: a proof failed; nothing was written.
        """
        placing.refuse_foreign(target)
        with placing.aside(target) as work:
            self._tell("no solution is in the students' bundle")
            self._refuse_secrets()
            self._prove("the autograder", AUTOGRADER, work, autograder.course(self._order))
            record = self._record(work)
            self._prove("students", STUDENTS, work, student.course(self._order, self._released) | record)
            files = student.files(self._order, self._released, record)
            zipped = tree.zipped(files)
            everything: Tree = {
                **below(STUDENTS, files),
                f"{STUDENTS}.zip": zipped,
                **below(AUTOGRADER, autograder.files(self._order, self._costs)),
            }
            written, removed = placing.place(everything, target, work)
        return Made(written, removed, self._released, len(zipped))

    def _tell(self, title: str) -> None:
        self._step += 1
        self._on_step(self._step, self._steps, title)

    def _refuse_secrets(self) -> None:
        """Before all that takes time; what is added later is a record, which holds numbers."""
        files = student.files(self._order, self._released, {})
        student.refuse_secrets(files, self._order)
        found = leaks.find(files, self._order.course, self._released)
        if found:
            raise CourseError(f"no bundle is written: students would get solutions\n{leaks.described(found)}")

    def _record(self, work: Path) -> Tree:
        """Record the solution for the very checks that students get, and what the whole plugin makes of mistakes."""
        folder, out = work / "recording", work / "recorded"
        out.mkdir()
        course = self._order.course
        plugin = {"plugin": str(course.plugin)} if course.plugin else {}
        table = bundle.course_table(self._order, str(course.reference), **plugin)
        tree.write({**student.course(self._order, ()), config.COURSE_FILE: table}, folder)
        live = config.load_course(folder)
        for id in self._ids:
            title = f"students: {id}: the solution is recorded for {len(self._seeds)} seeds"
            self._tell(title)
            assignment, jobs = config.load_assignment(live, id), os.cpu_count() or 1
            recording.record(assignment, self._seeds, out, jobs=jobs, on_seed=self._counter(title))
        return tree.read(out, config.RECORDED, tree.files_in(out))

    def _counter(self, title: str) -> Callable[[int], None]:
        return lambda done: self._on_step(self._step, self._steps, f"{title}: {done}")

    def _prove(self, who: str, name: str, work: Path, course: Tree) -> None:
        source = self._order.course
        tree.write(course, work / name)
        for trial in proof.trials(who, work / name, self._ids, source.template, source.reference):
            self._tell(trial.title)
            self._costs |= self._proved(trial)

    def _proved(self, trial: Trial) -> dict[str, str]:
        assignment = config.load_assignment(self._order.course, trial.assignment)
        _, cost = proof.measured(assignment, lambda: proof.run(trial, self._seeds[0]))
        return {trial.assignment: cost} if trial.is_solution and trial.bundle != "students" else {}


def probe(target: Path) -> tuple[int, int]:
    """Write the autograder that only examines its platform.

    Raises:
        UsageError: something else is there, or it cannot be written.
    """
    placing.refuse_foreign(target)
    files = autograder.probe()
    with placing.aside(target) as work:
        return placing.place({**files, "gradescope-probe.zip": tree.zipped(files)}, target, work)
