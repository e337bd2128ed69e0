"""What a running grading tells the command that started it, as one JSON object a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from tinygrade.model import CheckResult, Isolation, Report, Swap, check_from_json, check_to_json


@dataclass(frozen=True)
class Started:
    """The checks are collected and the first worker can run."""

    kind: ClassVar[str] = "started"
    isolation: Isolation
    environment: Mapping[str, str]
    #: `(check id, group title)` in the order in which they will run.
    checks: tuple[tuple[str, str], ...]
    #: As `Report.reference`.
    reference: str = "live"
    #: Ids of the checks that somebody waits for: they run first.
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Swapped:
    """It is decided where the earlier assignments are taken from."""

    kind: ClassVar[str] = "swapped"
    swaps: tuple[Swap, ...]


@dataclass(frozen=True)
class CheckStarted:
    kind: ClassVar[str] = "check_started"
    id: str


@dataclass(frozen=True)
class Progress:
    """Something that takes longer than a second goes on.

    `data` may hold: `label`, `step`, `loss`, `fraction` (of the budget, 0 to 1), `seconds_left`,
    `curve` (list of [step, loss]), `floor` (the loss that cannot be beaten).
    """

    kind: ClassVar[str] = "progress"
    check: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckFinished:
    kind: ClassVar[str] = "check_finished"
    result: CheckResult


@dataclass(frozen=True)
class Recorded:
    """What a check asked of the student's code until it failed, as a script; only in runs that record."""

    kind: ClassVar[str] = "recorded"
    check: str
    title: str
    #: File name of the script.
    file: str
    #: The script, or "" when there is nothing to run; `message` and `where` say why.
    script: str
    #: Arrays that the script loads, as an .npz file in base64; "" when it loads none.
    arrays: str
    message: str
    where: str = ""


@dataclass(frozen=True)
class Warned:
    """A problem that does not stop the run: a plugin that failed."""

    kind: ClassVar[str] = "warned"
    text: str


@dataclass(frozen=True)
class Finished:
    """The last event of a run that has a report."""

    kind: ClassVar[str] = "finished"
    report: Report


@dataclass(frozen=True)
class Stopped:
    """The last event of a run that has none: the class name of the error, and its message."""

    kind: ClassVar[str] = "stopped"
    error: str
    message: str


Event = Started | Swapped | CheckStarted | Progress | CheckFinished | Recorded | Warned | Finished | Stopped


def to_json(event: Event) -> dict[str, Any]:
    """The event as a tree that `json` can write."""
    match event:
        case CheckFinished(result):
            return {"event": event.kind, "result": check_to_json(result)}
        case Finished(report):
            return {"event": event.kind, "report": report.to_json()}
        case _:
            return {"event": event.kind, **asdict(event)}


def from_json(tree: Mapping[str, Any]) -> Event:
    """The event that `to_json` wrote."""
    values = {key: value for key, value in tree.items() if key != "event"}
    match tree["event"]:
        case Started.kind:
            checks = tuple((check, group) for check, group in values["checks"])
            isolation, first = Isolation.from_json(values["isolation"]), tuple(values["first"])
            return Started(isolation, values["environment"], checks, values["reference"], first)
        case Swapped.kind:
            return Swapped(tuple(Swap(**swap) for swap in values["swaps"]))
        case CheckStarted.kind:
            return CheckStarted(**values)
        case Progress.kind:
            return Progress(**values)
        case CheckFinished.kind:
            return CheckFinished(check_from_json(values["result"]))
        case Recorded.kind:
            return Recorded(**values)
        case Warned.kind:
            return Warned(**values)
        case Finished.kind:
            return Finished(Report.from_json(values["report"]))
        case Stopped.kind:
            return Stopped(**values)
    raise ValueError(f"unknown event {tree['event']!r}")
