"""What a grading says about one trial: caught or not, named or not, too dear or not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tinygrade.audit.files import Mutant
from tinygrade.audit.plan import Kind, Trial
from tinygrade.model import CheckResult, Report

Caught = Literal["named", "another", "lives", ""]
Named = Literal["right", "other", "none", ""]
#: Points are sums of shares: rounding is no cost.
NOTHING = 1e-6


@dataclass(frozen=True)
class Verdict:
    """One row of the table."""

    kind: Kind
    name: str
    what: str
    bug: str
    #: Did the named check, another one, or none take points? "" for what is no mutant.
    caught: Caught
    #: Function names of the checks that took points, in order.
    by: tuple[str, ...]
    #: Codes of the diagnoses, in the order of the checks: the first is what a student reads first.
    codes: tuple[str, ...]
    #: Is the first code one that the mutant's file names? "none" when there is no code.
    diagnosis: Named
    cost: float
    #: The most it may cost; 0 for what is right, None for nonsense.
    allowed: float | None
    #: What is wrong with the checks, in words; empty when all is well.
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(trial: Trial, report: Report) -> Verdict:
    """What the report means for this trial."""
    lost = [check for check in report.checks if check.points < check.max_points - NOTHING]
    by = tuple(_function(check) for check in lost)
    codes = tuple(dict.fromkeys(check.diagnosis.code for check in report.checks if check.diagnosis))
    cost = round(sum(check.max_points - check.points for check in lost), 2)
    faults = tuple(
        f"{_function(check)} is a grader_error: {check.message}"
        for check in report.checks
        if check.status == "grader_error"
    )
    if trial.mutant:
        caught, named = _caught(trial.mutant, by), _named(trial.mutant, codes)
        problems = faults + _problems(trial.mutant, by, codes, cost)
        return _verdict(trial, caught, by, codes, named, cost, trial.mutant.costs, problems)
    if trial.kind == "correct":
        problems = faults + _accusations(lost, codes)
        return _verdict(trial, "", by, codes, "", cost, 0.0, problems)
    return _verdict(trial, "", by, codes, "", cost, None, faults)


def unjudged(trial: Trial, message: str) -> Verdict:
    """There was no report: a fault of the grader, which no trial may cause."""
    allowed = trial.mutant.costs if trial.mutant else None
    return _verdict(trial, "", (), (), "", 0.0, allowed, (f"no report: {message}",))


def _verdict(
    trial: Trial,
    caught: Caught,
    by: tuple[str, ...],
    codes: tuple[str, ...],
    diagnosis: Named,
    cost: float,
    allowed: float | None,
    problems: tuple[str, ...],
) -> Verdict:
    bug = trial.mutant.bug if trial.mutant else ""
    return Verdict(trial.kind, trial.name, trial.what, bug, caught, by, codes, diagnosis, cost, allowed, problems)


def _caught(mutant: Mutant, by: Sequence[str]) -> Caught:
    return "named" if mutant.check in by else "another" if by else "lives"


def _named(mutant: Mutant, codes: Sequence[str]) -> Named:
    return "none" if not codes else "right" if codes[0] in mutant.codes else "other"


def _problems(mutant: Mutant, by: Sequence[str], codes: Sequence[str], cost: float) -> tuple[str, ...]:
    problems = []
    match _caught(mutant, by):
        case "lives":
            problems.append("LIVES: no check takes a point")
        case "another":
            problems.append(f"{mutant.check} takes no point, but {', '.join(by[:3])}")
    if cost > mutant.costs + NOTHING:
        problems.append(f"costs {cost:g}, may cost {mutant.costs:g}")
    if _named(mutant, codes) == "other":
        expected = " or ".join(mutant.codes) or "no diagnosis"
        problems.append(f"is called {codes[0]}, is {expected}")
    return tuple(problems)


def _accusations(lost: Sequence[CheckResult], codes: Sequence[str]) -> tuple[str, ...]:
    blamed = [f"is right and loses points in {_function(c)}: {' '.join(c.message.split())[:200]}" for c in lost]
    return (*blamed, *(f"is right and is called {code}" for code in codes))


def _function(check: CheckResult) -> str:
    return check.id.rpartition("::")[2]


@dataclass(frozen=True)
class Summary:
    """The figures of an audit."""

    mutants: int
    caught: int
    right: int
    unnamed: int
    wrong: int
    too_dear: int
    correct: int
    accused: int
    nonsense: int
    #: Names of functions whose nonsense no check noticed: not wrong, but nobody looks at them.
    unnoticed: tuple[str, ...]
    problems: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def summary(verdicts: Sequence[Verdict]) -> Summary:
    mutants = [v for v in verdicts if v.kind == "mutant"]
    correct = [v for v in verdicts if v.kind == "correct"]
    nonsense = [v for v in verdicts if v.kind == "nonsense"]
    return Summary(
        mutants=len(mutants),
        caught=sum(v.caught == "named" for v in mutants),
        right=sum(v.diagnosis == "right" for v in mutants),
        unnamed=sum(v.diagnosis == "none" for v in mutants),
        wrong=sum(v.diagnosis == "other" for v in mutants),
        too_dear=sum(v.allowed is not None and v.cost > v.allowed + NOTHING for v in mutants),
        correct=len(correct),
        accused=sum(bool(v.problems) for v in correct),
        nonsense=len(nonsense),
        unnoticed=tuple(v.name for v in nonsense if not v.by and not v.problems),
        problems=sum(bool(v.problems) for v in verdicts),
    )
