"""The data that everything else passes around: frozen, plain, and with a documented JSON form.

The JSON form of `Report` is described by `report.schema.json` beside this file. `Report.to_json` and
`Report.from_json` are inverse to each other; `Report.student_view` is what a student may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from tinygrade.errormap import ErrorMap as ErrorMap
from tinygrade.isolation import Isolation as Isolation
from tinygrade.isolation import Level as Level
from tinygrade.jsontree import plain
from tinygrade.terms import Group as Group
from tinygrade.terms import Platform, Release

#: Version of the report's JSON form; raised when a reader of the old form would misread the new one.
REPORT_SCHEMA = 1

Status = Literal[
    "passed",
    "partial",
    "failed",
    "not_implemented",  # a stub was reached
    "blocked",  # what the check needs is not implemented or cannot be imported
    "timed_out",
    "out_of_memory",
    "crashed",  # the student's code ended its process
    "grader_error",  # our fault: the score of the run becomes null
]
STATUSES: tuple[Status, ...] = get_args(Status)
Visibility = Literal["visible", "hidden"]
Policy = Literal["own", "released", "auto"]
Hints = Literal["full", "question", "none"]


@dataclass(frozen=True)
class Course:
    """A folder with a course.toml: where the package, its solution, its stubs and its assignments are."""

    name: str
    root: Path
    #: Name of the package that students write, for example `tinytorch`.
    package: str
    #: Folder that holds the solved package, and the one that holds its stubs.
    reference: Path
    template: Path
    #: Folder of the course's own plugin package, or None.
    plugin: Path | None
    #: Assignment ids in course order; each is a folder below `root`.
    assignments: tuple[str, ...]
    #: Which files of the plugin students get, as patterns relative to its folder.
    public_plugin: tuple[str, ...] = ("**/*",)
    #: Folder of what the solution answered beforehand, for students who do not have it; None: the solution is here.
    recorded: Path | None = None
    #: Commands that the plugin adds, and what `--help` says of each: known without importing it.
    commands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surface:
    """What the grader must know of the student's package to write weights and read gradients."""

    #: `module.Class` of the tensor type, with `.data`, `.grad` and `.backward(g)`.
    tensor: str = "tensor.Tensor"
    #: What else the package calls `data`, `grad`, `backward` or the keyword `requires_grad` ("" when it needs none).
    names: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "float64"
    #: `module.Class` of the model, or "" when the assignment has none.
    model: str = ""
    #: Canonical parameter names and their shapes, in the order of the handout.
    parameters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What one worker may use: seconds, MiB and KiB as named; of what is printed, the rest is read and dropped."""

    cpu_seconds: float = 5.0
    import_cpu_seconds: float = 5.0
    memory_mib: int = 1024
    #: All checks of a submission together may sleep for this long: single ones have a wall cap of their own.
    idle_seconds: float = 60.0
    output_kib: int = 64
    scratch_mib: int = 0  # of the folder that it may write to; 0 for none


@dataclass(frozen=True)
class Assignment:
    """One assignment.toml."""

    id: str
    title: str
    root: Path
    course: Course
    points: float
    groups: tuple[Group, ...]
    #: Files of the package that this assignment adds or completes.
    files: tuple[str, ...]
    #: What to do with the student's earlier assignments, unless the command line says otherwise.
    earlier: Policy
    surface: Surface
    limits: Limits
    hints: Hints
    minimum_isolation: Level
    #: Tables that belong to plugins: the course's, for example `training`, and `late`.
    extra: Mapping[str, Mapping[str, Any]]
    #: The earlier assignments that this one builds on; None: all of them.
    rests_on: tuple[str, ...] | None = None
    platform: Platform = field(default_factory=Platform)
    release: Release = field(default_factory=Release)

    def predecessors(self) -> tuple[str, ...]:
        """Ids of the earlier assignments that this one builds on, in course order."""
        order = self.course.assignments
        before = order[: order.index(self.id)]
        return before if self.rests_on is None else tuple(name for name in before if name in self.rests_on)


@dataclass(frozen=True)
class Submission:
    """A private copy of what a student handed in."""

    #: What the user named: a path or an address. Shown, never opened again.
    source: str
    #: Folder of the private copy; the package is a folder in it.
    root: Path
    #: Hash over names and contents of the copied files.
    sha256: str
    #: Copied files, relative to `root`, sorted.
    files: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """A recognised kind of mistake: a stable code and what it was seen from."""

    code: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One parametrised case of a check."""

    id: str
    status: Status
    message: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What one check found. All text is bounded and free of control characters."""

    id: str
    title: str
    group: str
    status: Status
    points: float
    max_points: float
    task: str = ""
    message: str = ""
    hint: str = ""
    diagnosis: Diagnosis | None = None
    visibility: Visibility = "visible"
    seconds: float = 0.0
    cases: tuple[Case, ...] = ()
    #: `file.py:line name` in the student's package, or "".
    where: str = ""
    #: Ids of failed checks that this one rests on: mend those first.
    follows_from: tuple[str, ...] = ()
    #: What the student's code printed during the check.
    output: str = ""
    #: Which entries of the array in the message are wrong; None when it is about no array.
    error_map: ErrorMap | None = None
    #: The earlier run that found this, in words; "" for this one.
    taken_from: str = ""

    @property
    def ok(self) -> bool:
        return self.status == "passed"


@dataclass(frozen=True)
class Adjustment:
    """Points added (or taken) by a policy after scoring, with the reason that the student reads."""

    points: float
    reason: str


@dataclass(frozen=True)
class Swap:
    """Where one earlier assignment was taken from in this run, and why."""

    assignment: str
    source: Literal["own", "released"]
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The result of one grading."""

    assignment: str
    title: str
    submission: Mapping[str, str]
    score: float | None
    max_score: float
    #: True when only a part of the checks was asked for: then there is no score.
    selected: bool
    isolation: Isolation
    seed: int
    environment: Mapping[str, str]
    started: str
    seconds: float
    checks: tuple[CheckResult, ...]
    adjustments: tuple[Adjustment, ...] = ()
    swaps: tuple[Swap, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)
    #: What hidden checks were drawn from (hex). Only in the instructor's view.
    secret: str | None = None
    schema: int = REPORT_SCHEMA
    tinygrade: str = ""
    #: How much of what was recognised a student is told; the instructor's view always has all of it.
    hints: Hints = "full"
    #: Was the solution there, or only what it answered beforehand?
    reference: Literal["live", "recorded"] = "live"
    #: What each result depends on, by id; empty where one may depend on more. Only in the instructor's view.
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A tree of dict, list, str, int, float, bool and None; non-finite numbers become None."""
        return cast("dict[str, Any]", plain(asdict(self)))

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Report:
        """The report that `to_json` wrote.

        Raises:
            ValueError: the tree is not a report of this schema.
        """
        if not isinstance(tree, Mapping) or tree.get("schema") != REPORT_SCHEMA:
            raise ValueError(f"not a tinygrade report of schema {REPORT_SCHEMA}")
        try:
            return _report(dict(tree))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"damaged report: {error}") from error

    def student_view(self) -> Report:
        """The report without anything that would help to game a hidden check, and with the hints that are wanted."""
        checks = tuple(_scrubbed(c) if c.visibility == "hidden" else _hinted(c, self.hints) for c in self.checks)
        return replace(self, checks=checks, secret=None, fingerprints={})


def check_from_json(tree: Mapping[str, Any]) -> CheckResult:
    """One entry of a report's `checks`."""
    values = dict(tree)
    diagnosis = values.get("diagnosis")
    values["diagnosis"] = Diagnosis(**diagnosis) if diagnosis else None
    error_map = values.get("error_map")
    values["error_map"] = ErrorMap.from_json(error_map) if error_map else None
    values["cases"] = tuple(Case(**case) for case in values.get("cases", ()))
    values["follows_from"] = tuple(values.get("follows_from", ()))
    if values.get("status") not in STATUSES:
        raise ValueError(f"unknown status {values.get('status')!r}")
    return CheckResult(**values)


def check_to_json(check: CheckResult) -> dict[str, Any]:
    """The entry of a report's `checks` for this result."""
    return cast("dict[str, Any]", plain(asdict(check)))


def _report(values: dict[str, Any]) -> Report:
    values["isolation"] = Isolation.from_json(values["isolation"])
    values["checks"] = tuple(check_from_json(c) for c in values["checks"])
    values["adjustments"] = tuple(Adjustment(**a) for a in values.get("adjustments", ()))
    values["swaps"] = tuple(Swap(**s) for s in values.get("swaps", ()))
    known = {f.name for f in fields(Report)}
    if unknown := set(values) - known:
        raise ValueError(f"damaged report: unknown key {sorted(unknown)[0]!r}")
    return Report(**values)


def _scrubbed(check: CheckResult) -> CheckResult:
    named = CheckResult(check.id, check.title, check.group, check.status, check.points, check.max_points, check.task)
    return replace(named, visibility="hidden")


def _hinted(check: CheckResult, hints: Hints) -> CheckResult:
    # Where a cause lies is no hint at what it is, and the commands for it depend on that.
    told = hints == "full" or (check.diagnosis is not None and check.diagnosis.code == "upstream")
    return replace(check, diagnosis=check.diagnosis if told else None, hint="" if hints == "none" else check.hint)
