"""Grade one submission where nobody watches: `python -P -s -m tinygrade.release.unattended ASSIGNMENT --course ...`.

Whatever happens, a results.json is left behind, because a platform makes a zero of a missing one: the grading's own, or
one that says why there is no grade. The grading is a child process with a deadline of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygrade.errors import TinygradeError

#: Seconds that the grading gets to end its workers before it is killed with them.
GRACE_SECONDS = 15
#: What a student reads of standard error when the submission could not be graded.
_SHOWN = 4000
_OURS = "This is not your fault. Please tell your instructor; the log has the details."


class NotGraded(Exception):
    """There is no grade; the message is for the student."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade, and leave results behind. Gives 0 when there is a grade, else 4."""
    options = _parser().parse_args(arguments)
    results = options.results.absolute()
    results.unlink(missing_ok=True)  # of an earlier run, which nobody may take for this one's
    signal.signal(signal.SIGTERM, _stopped)
    try:
        text = _doctor() if options.doctor else _graded(options)
        code = 0
    except NotGraded as error:
        text, code = _not_graded(str(error)), 4
    except BaseException as error:  # also a signal: whoever ends us still gets results
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        text, code = _not_graded(f"the grading could not be started. {_OURS}"), 4
    _write(results, text)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tinygrade.release.unattended", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("assignment", nargs="?")
    what.add_argument("--doctor", action="store_true", help="grade nothing: show how well this platform confines code")
    parser.add_argument("--course", type=Path, help="folder with course.toml")
    parser.add_argument("--submission", type=Path, help="folder that a student handed in")
    parser.add_argument("--results", type=Path, required=True, help="the results.json to write")
    parser.add_argument("--report", action="append", default=[], help="a further report, as tinygrade check takes it")
    parser.add_argument("--json", type=Path, help="where to write the report itself, too")
    parser.add_argument("--deadline", type=float, help="seconds; default: as the assignment says")
    return parser


def _stopped(signum: int, frame: object) -> None:
    raise NotGraded(f"the platform ended the grading. {_OURS}")


# ---- grading ---------------------------------------------------------------------------------------


def _graded(options: argparse.Namespace) -> str:
    """The results of a grading.

    Raises:
        NotGraded: there are none.
    """
    try:
        assignment = _assignment(options)
    except TinygradeError as error:
        print(f"tinygrade: {error}", file=sys.stderr, flush=True)
        raise NotGraded(f"the course on this grader is not in order. {_OURS}") from error
    deadline = options.deadline or assignment.platform.deadline
    with tempfile.TemporaryDirectory(prefix="tinygrade-unattended-") as folder:
        work = Path(folder)
        code, told = _run(_command(options, assignment, work), deadline)
        report = _read(work / "report.json")
        if report is None:
            raise NotGraded(_reason(code, told))
        _refuse_weak(report, assignment.minimum_isolation)
        if options.json is not None:
            shutil.copyfile(work / "report.json", options.json)
        return (work / "results.json").read_text("utf-8")


def _assignment(options: argparse.Namespace) -> Any:
    from tinygrade.config import load_assignment, load_course

    return load_assignment(load_course(options.course), options.assignment)


def _command(options: argparse.Namespace, assignment: Any, work: Path) -> list[str]:
    isolation = "strong" if assignment.minimum_isolation == "strong" else "auto"
    reports = [f"gradescope={work / 'results.json'}", f"json={work / 'report.json'}", *options.report]
    return [
        *(sys.executable, "-P", "-s", "-m", "tinygrade", "check", options.assignment),
        *("--course", str(options.course.absolute()), "--submission", str(options.submission.absolute())),
        *("--isolation", isolation, "--fail-under", "0"),
        *(word for report in reports for word in ("--report", report)),
    ]


def _run(command: list[str], deadline: float) -> tuple[int, str]:
    """Exit code and what was told on standard error.

    Raises:
        NotGraded: the deadline came first.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            code = process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise NotGraded(
                f"the grading did not end within {deadline:g} seconds. "
                "Does your code wait for something, or is it very slow? `tinygrade check` at home says which check "
                "takes long; if it is quick there, tell your instructor."
            ) from None
        finally:
            _end(process)
        errors.seek(0)
        told = errors.read().decode("utf-8", "replace")
    sys.stderr.write(told)
    return code, told


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()


def _read(file: Path) -> dict[str, Any] | None:
    """The report, or None where the grading wrote none."""
    if not file.is_file():
        return None
    report: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return report


def _reason(code: int, told: str) -> str:
    """Why there is no report, by the exit code of `tinygrade check`."""
    if code == 2:
        return f"your submission could not be graded:\n{told[-_SHOWN:]}"
    if code == 4:
        return f"this grader does not confine code as it must, so nothing of yours was run. {_OURS}"
    return f"the grader failed (exit code {code}). {_OURS}"


def _refuse_weak(report: dict[str, Any], minimum: str) -> None:
    """`check` refuses less than strong only; what lies between is decided here."""
    from tinygrade.isolation import LEVELS

    level = report["isolation"]["level"]
    if LEVELS.index(level) < LEVELS.index(minimum):
        print(f"isolation {level}, and the assignment asks for {minimum}", file=sys.stderr, flush=True)
        raise NotGraded(_reason(4, ""))


# ---- other results ---------------------------------------------------------------------------------


def _doctor() -> str:
    """What `tinygrade doctor` says of this platform, as results without a test; the score is 1 where it is strong."""
    command = [sys.executable, "-P", "-s", "-m", "tinygrade", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    text = f"{done.stdout}\n{done.stderr}".strip()
    print(text, flush=True)
    test = {"name": "isolation is strong", "score": float(done.returncode == 0), "max_score": 1.0, "output": text}
    return json.dumps({"output": text, "output_format": "text", "tests": [test]}, indent=2) + "\n"


def _not_graded(reason: str) -> str:
    from tinygrade.reporters.gradescope import not_graded

    return not_graded(reason)


def _write(results: Path, text: str) -> None:
    """Aside and renamed: a platform never reads half of it."""
    results.parent.mkdir(parents=True, exist_ok=True)
    aside = results.with_name(f".{results.name}.part")
    aside.write_text(text, "utf-8")
    os.replace(aside, results)


if __name__ == "__main__":
    sys.exit(main())
