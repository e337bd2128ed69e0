"""Run attacks against this machine as submissions are graded, and say of each whether everything held."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygrade.attacks.attack import EARNING, Attack
from tinygrade.attacks.plant import SIGN, plant
from tinygrade.attacks.scene import Scene
from tinygrade.attacks.witness import Witness
from tinygrade.errors import TinygradeError
from tinygrade.grading.run import Job, grade

if TYPE_CHECKING:
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.model import Assignment, CheckResult, Report

#: The assignment whose checks the corpus names.
ASSIGNMENT = "assignment3"
#: Memory of the trusted process, MiB, that no attack may exceed: an honest run takes about 80, a frame at most 33 more
#: and its objects as much again.
MEMORY_MIB = 256.0
SEED = 7
#: What there is: an attack is to be tried on this machine as it is.
ISOLATION = "auto"


@dataclass(frozen=True)
class Verdict:
    """What came of one attack."""

    attack: Attack
    #: What did not hold, in words; empty when everything did.
    broken: tuple[str, ...]
    seconds: float
    #: Peak memory of the trusted process, MiB.
    peak_mib: float
    #: Measured in this run: `strong`, `weak`, `none`, or "" when there was no report.
    isolation: str

    @property
    def held(self) -> bool:
        return not self.broken


def run(
    attack: Attack,
    assignment: Assignment,
    *,
    sandbox: str = "",
    server: Forkserver | None = None,
) -> Verdict:
    """Grade a submission with this attack in it.

    Args:
        sandbox: name of a registered sandbox, or "" for the best one of this system.
        server: what the grading is forked from; without, it is a fresh process.
    """
    scene = Scene(assignment)
    report: Report | None = None
    broken: list[str] = []
    start = time.monotonic()
    try:
        plant(attack, assignment, scene.facts(), scene.submission)
        if attack.limits:
            assignment = scene.with_limits(assignment, attack.limits)
        with Witness() as witness:
            try:
                job = _job(attack, assignment, scene, sandbox)
                report = grade(job, lambda event: None, witness.watch, server)
            except TinygradeError as error:
                broken += _not_graded(attack, error)
        seconds = time.monotonic() - start
        broken += _judged(attack, report, scene.token) if report is not None else []
        broken += scene.traces()
        broken += _left(attack, witness, seconds)
    finally:
        scene.close()
    level = report.isolation.level if report is not None else ""
    return Verdict(attack, tuple(broken), round(seconds, 2), round(witness.peak_mib, 1), level)


def _job(attack: Attack, assignment: Assignment, scene: Scene, sandbox: str) -> Job:
    return Job(
        assignment=assignment,
        source=str(scene.submission),
        seed=SEED,
        select=attack.select,
        quick=not attack.training,
        isolation=ISOLATION,
        earlier=attack.earlier,
        sandbox=sandbox,
    )


def _not_graded(attack: Attack, error: TinygradeError) -> list[str]:
    if attack.refused and attack.refused in str(error):
        return []
    return [f"not graded: {type(error).__name__}: {error}"[:300]]


def _judged(attack: Attack, report: Report, token: str) -> list[str]:
    """What the report says that it must not say."""
    checks = {check.id.rpartition("::")[2]: check for check in report.checks}
    broken = [f"{attack.name}: the submission was accepted"] if attack.refused else []
    broken += [f"{name}: a fault of ours" for name, check in checks.items() if check.status == "grader_error"]
    for name in (*attack.attacked, *attack.keeps):
        if name not in checks:
            broken.append(f"{name} did not run")
    for name in attack.keeps:
        if name in checks and checks[name].status != "passed":
            broken.append(f"{name} is {checks[name].status}, and its code is honest: {checks[name].message[:100]}")
    for name, allowed in attack.attacked.items():
        broken += _status(checks[name], allowed, attack.says) if name in checks else []
    points = sum(check.points for check in report.checks)
    if attack.most is not None and points > attack.most:
        broken.append(f"it earned {points:g} points, and may earn {attack.most:g}")
    text = json.dumps(report.to_json())
    broken += [f"printed: {line[:100]}" for line in _signs(report)]
    return broken + ([f"a secret is in the report: {token}"] if token in text else [])


def _status(check: CheckResult, allowed: tuple[str, ...], says: str) -> list[str]:
    name = check.id.rpartition("::")[2]
    broken = []
    if check.status not in allowed:
        broken.append(f"{name} is {check.status}, not {' or '.join(allowed)}: {check.message[:100]}")
    if check.points and not set(allowed) & set(EARNING):
        broken.append(f"{name} earned {check.points:g} points")
    if says and says not in check.message:
        broken.append(f"{name} does not say {says!r}: {check.message[:100]}")
    return broken


def _signs(report: Report) -> list[str]:
    lines = [line for check in report.checks for line in f"{check.output}\n{check.message}".splitlines()]
    return list(dict.fromkeys(line for line in lines if SIGN in line))


def _left(attack: Attack, witness: Witness, seconds: float) -> list[str]:
    broken = [f"process {pid} is left" for pid in witness.left]
    if seconds > attack.seconds:
        broken.append(f"it took {seconds:.0f} s, and may take {attack.seconds:g}")
    if witness.peak_mib > MEMORY_MIB:
        broken.append(f"the grader took {witness.peak_mib:.0f} MiB")
    return broken
