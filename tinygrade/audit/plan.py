"""What one audit tries: a list of submissions, each with what it is tried for."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tinygrade import config
from tinygrade.audit import files, nonsense
from tinygrade.audit.files import Mutant, Variant
from tinygrade.errors import CourseError
from tinygrade.model import Assignment

Kind = Literal["mutant", "correct", "nonsense"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Part of a training budget that wrong code gets: it seldom learns, and would use all of it. What it might have
#: earned with the rest counts as lost, so that no mutant looks cheaper than it is.
WRONG_BUDGET = 0.05
SOLUTION = "solution"


@dataclass(frozen=True)
class Trial:
    """One submission."""

    kind: Kind
    name: str
    what: str
    #: Files of the package by name, or the folder that holds it.
    source: Mapping[str, str] | Path
    mutant: Mutant | None = None
    #: Part of a training budget that it gets.
    budget: float = 1.0

    def write(self, package: str, into: Path) -> Path:
        """The folder that holds the package: `into`, filled, or the folder that is there already."""
        if isinstance(self.source, Path):
            return self.source
        for name, text in self.source.items():
            file = into / package / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return into


def plan(
    assignment: Assignment, kinds: Sequence[Kind] = KINDS, select: Sequence[str] = (), thorough: bool = True
) -> list[Trial]:
    """The trials of an audit: right ones first, because nothing else counts while they are blamed.

    Args:
        select: parts of names or bug numbers; a trial whose name holds one of them is chosen. Empty: all.
        thorough: every kind of nonsense for each function, instead of one kind each in turn.

    Raises:
        CourseError: a file of the course is malformed.
    """
    solution = files.solution(assignment.course)
    wrong = mutants(assignment, solution)  # read even when not asked for: a malformed file is always told
    makers: dict[Kind, list[Trial]] = {
        "correct": correct(assignment, solution) if "correct" in kinds else [],
        "mutant": wrong if "mutant" in kinds else [],
        "nonsense": spoilt(assignment, solution, thorough) if "nonsense" in kinds else [],
    }
    return [trial for trials in makers.values() for trial in trials if _is_chosen(trial, select)]


def _is_chosen(trial: Trial, select: Sequence[str]) -> bool:
    bug = trial.mutant.bug if trial.mutant else ""
    return not select or any(word in trial.name or word == bug for word in select)


def mutants(assignment: Assignment, solution: Mapping[str, str]) -> list[Trial]:
    return [
        Trial("mutant", m.name, m.what, files.apply(m.edits, solution, str(m.file)), m, WRONG_BUDGET)
        for m in files.mutants(assignment)
    ]


def correct(assignment: Assignment, solution: Mapping[str, str]) -> list[Trial]:
    """The solution itself, whole packages, variants of this assignment, and those of earlier ones together."""
    found = [Trial("correct", SOLUTION, "the solution itself", solution)]
    for package in files.packages(assignment.course):
        assert package.folder is not None
        found.append(Trial("correct", package.name, package.what, package.folder))
    for variant in files.variants(assignment):
        found.append(Trial("correct", variant.name, variant.what, files.apply(variant.edits, solution, variant.name)))
    return [*found, *_earlier(assignment, solution)]


def _earlier(assignment: Assignment, solution: Mapping[str, str]) -> list[Trial]:
    """Variants of earlier assignments, as many in one submission as do not touch the same text."""
    course = assignment.course
    earlier = [config.load_assignment(course, name) for name in assignment.predecessors()]
    left = [variant for before in earlier for variant in files.variants(before)]
    trials: list[Trial] = []
    while left:
        chosen, texts, left = _together(left, solution)
        names = [variant.name for variant in chosen]
        what = "variants of earlier assignments together: " + ", ".join(names)
        trials.append(Trial("correct", f"earlier_variants_{len(trials) + 1}", what, texts))
    return trials


def _together(
    variants: list[Variant], texts: Mapping[str, str]
) -> tuple[list[Variant], Mapping[str, str], list[Variant]]:
    """Those that apply one after the other, the files with them, and those that are left."""
    chosen: list[Variant] = []
    left: list[Variant] = []
    for variant in variants:
        try:
            texts = files.apply(variant.edits, texts, variant.name)
        except CourseError:
            left.append(variant)
        else:
            chosen.append(variant)
    return chosen, texts, left


def spoilt(assignment: Assignment, solution: Mapping[str, str], thorough: bool) -> list[Trial]:
    """Each public function of the assignment's files, replaced by one that returns nonsense."""
    trials = []
    for file in assignment.files:
        for target in nonsense.targets(file, solution.get(file, "")):
            kinds = nonsense.kinds(target)
            for kind in kinds if thorough else [kinds[len(trials) % len(kinds)]]:
                texts = {**solution, file: nonsense.spoil(solution[file], target, kind)}
                what = f"{target.name} returns {nonsense.WORDS[kind]}"
                trials.append(Trial("nonsense", f"{target.name}:{kind}", what, texts, budget=WRONG_BUDGET))
    return trials


def written(trial: Trial, package: str, work: Path) -> Path:
    """The folder of the trial's submission; a new one below `work` unless it is there already."""
    return trial.write(package, Path(tempfile.mkdtemp(dir=work)))
