"""What one audit tries: a list of submissions, each with what it is tried for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tinygrade import config
from tinygrade.audit import files, nonsense
from tinygrade.audit.files import Mutant, Variant
from tinygrade.audit.nonsense import Target
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
    #: Do smoke checks decide about earlier assignments? Not where these are the solution, word for word.
    smoke: bool = True
    #: Which checks run, as pytest's -k; "" for all.
    select: str = ""
    #: Leave the training out.
    quick: bool = False

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
        thorough: each mutant on all checks, each variant by itself, each function with every kind of nonsense;
            instead of a mutant on its named check, variants together, those of earlier assignments without training
            (whole packages are trained), and the functions of a file together.

    Raises:
        CourseError: a file of the course is malformed.
    """
    solution = files.solution(assignment.course)
    wrong = mutants(assignment, solution, thorough)  # read even when not asked for: a malformed file is always told
    makers: dict[Kind, list[Trial]] = {
        "correct": correct(assignment, solution, thorough) if "correct" in kinds else [],
        "mutant": wrong if "mutant" in kinds else [],
        "nonsense": spoilt(assignment, solution, thorough) if "nonsense" in kinds else [],
    }
    return [trial for trials in makers.values() for trial in trials if _is_chosen(trial, select)]


def _is_chosen(trial: Trial, select: Sequence[str]) -> bool:
    bug = trial.mutant.bug if trial.mutant else ""
    return not select or any(word in trial.name or word == bug for word in select)


def mutants(assignment: Assignment, solution: Mapping[str, str], thorough: bool) -> list[Trial]:
    earlier = _earlier_files(assignment)
    return [
        Trial(
            kind="mutant",
            name=mutant.name,
            what=mutant.what,
            source=files.apply(mutant.edits, solution, str(mutant.file)),
            mutant=mutant,
            budget=WRONG_BUDGET,
            smoke=any(edit.file in earlier for edit in mutant.edits),
            select="" if thorough else mutant.check,
        )
        for mutant in files.mutants(assignment)
    ]


def correct(assignment: Assignment, solution: Mapping[str, str], thorough: bool) -> list[Trial]:
    """The solution itself, whole packages, variants of this assignment, and those of earlier ones together."""
    found = [Trial("correct", SOLUTION, "the solution itself", solution)]
    for package in files.packages(assignment):
        assert package.folder is not None
        found.append(Trial("correct", package.name, package.what, package.folder))
    own = files.variants(assignment)
    earlier = [variant for before in _earlier(assignment) for variant in files.variants(before)]
    touched = _earlier_files(assignment)
    if thorough:
        for variant in own:
            texts = files.apply(variant.edits, solution, variant.name)
            found.append(Trial("correct", variant.name, variant.what, texts, smoke=_touch([variant], touched)))
        return [*found, *_grouped("earlier_variants", earlier, solution, touched)]
    most, _, left = _together(earlier, solution)
    # Those few that do not go with the others cost no gradings of their own.
    mixed = _grouped("variants", [*own, *left], solution, touched)
    return [*found, *mixed, *_grouped("earlier_variants", most, solution, touched, quick=True)]


def _grouped(
    name: str, variants: list[Variant], solution: Mapping[str, str], earlier: set[str], *, quick: bool = False
) -> list[Trial]:
    """As many variants in one submission as do not touch the same text.

    Args:
        earlier: files of earlier assignments, whose smoke checks decide where one of them is not the solution's.
    """
    trials: list[Trial] = []
    while variants:
        chosen, texts, variants = _together(variants, solution)
        what = "together: " + ", ".join(variant.name for variant in chosen)
        title, smoke = f"{name}_{len(trials) + 1}", _touch(chosen, earlier)
        trials.append(Trial("correct", title, what, texts, quick=quick, smoke=smoke))
    return trials


def _touch(variants: list[Variant], files: set[str]) -> bool:
    """Do they change one of these files?"""
    return any(edit.file in files for variant in variants for edit in variant.edits)


def _earlier(assignment: Assignment) -> list[Assignment]:
    return [config.load_assignment(assignment.course, name) for name in assignment.predecessors()]


def _earlier_files(assignment: Assignment) -> set[str]:
    return {file for before in _earlier(assignment) for file in before.files}


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
    """Public functions of the assignment's files, replaced by functions that return nonsense."""
    earlier = _earlier_files(assignment)
    trials: list[Trial] = []
    for file in assignment.files:
        for name, changes in _spoilt(nonsense.targets(file, solution.get(file, "")), thorough):
            text = solution[file]
            for target, kind in changes:
                text = nonsense.spoil(text, target, kind)
            what = "; ".join(f"{target.path} returns {nonsense.WORDS[kind]}" for target, kind in changes)
            source = {**solution, file: text}
            trials.append(Trial("nonsense", name, what, source, None, WRONG_BUDGET, smoke=file in earlier))
    return trials


def _spoilt(targets: list[Target], thorough: bool) -> Iterator[tuple[str, list[tuple[Target, str]]]]:
    """Name and changes of each trial with functions of one file."""
    if thorough:
        yield from ((f"{t.name}:{kind}", [(t, kind)]) for t in targets for kind in nonsense.kinds(t))
        return
    # A constructor that does nothing would hide what the methods return.
    methods = [target for target in targets if len(nonsense.kinds(target)) > 1]
    for shift in (0, 2) if methods else ():
        kinds = [nonsense.KINDS[(i + shift) % len(nonsense.KINDS)] for i in range(len(methods))]
        yield f"{methods[0].file}:{shift}", list(zip(methods, kinds, strict=True))


def written(trial: Trial, package: str, work: Path) -> Path:
    """The folder of the trial's submission; a new one below `work` unless it is there already."""
    return trial.write(package, Path(tempfile.mkdtemp(dir=work)))
