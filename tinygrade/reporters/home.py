"""How a run in CI is repeated at home, and what may differ there: for every format that somebody reads elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from tinygrade.model import Report
from tinygrade.reporters.advice import Commands
from tinygrade.text import clean_line

#: Key of `environment`, and how it is written before its version; first what moves numbers most.
_KNOWN = {"numpy": "numpy ", "python": "Python ", "system": ""}


def again(report: Report) -> str:
    """The command that repeats the run on a student's own machine.

    It leaves out where the submission lies: at home that is the current folder. A selection is not in the report, so
    that the command of a partial run repeats the whole.
    """
    return Commands.of(report).repeat


def graded_with(report: Report) -> str:
    """`numpy 2.4.6, Python 3.11.7, Linux 6.8.0, isolation strong, tinygrade 0.1.0`: what is known of it."""
    known = _lower(report.environment)
    parts = [f"{word}{known[key]}" for key, word in _KNOWN.items() if known.get(key)]
    parts.append(f"isolation {report.isolation.level}")
    return ", ".join([*parts, f"tinygrade {clean_line(report.tinygrade)}"] if report.tinygrade else parts)


def without_solution(report: Report) -> str:
    """What to change about the command where a student has no solution: a record knows its own seeds only."""
    return "where the solution is not on disk, leave --seed out" if report.reference == "live" else ""


def lines(report: Report) -> list[str]:
    """All of it, as lines of plain text."""
    told = [f"again at home: {again(report)}", without_solution(report), f"graded with {graded_with(report)}"]
    return [line for line in told if line]


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """`numpy 2.4.6 there, 2.1.0 here` for each known part of the two environments that is not the same.

    Of the system only its name counts: hardly two machines have the same kernel.
    """
    then, now = (known | {"system": known.get("system", "").split(" ")[0]} for known in map(_lower, (there, here)))
    return [
        f"{word or 'system '}{then[key]} there, {now[key]} here"
        for key, word in _KNOWN.items()
        if then.get(key) and now.get(key) and then[key] != now[key]
    ]


def _lower(environment: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): clean_line(value) for key, value in environment.items()}
