"""A gradebook of a made-up class, written as the coordinator writes it, without grading anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_class import OPS, write_course

from tinygrade.config import load_assignment, load_course
from tinygrade.coordinator.prints import Prints, packed
from tinygrade.executor import Outcome, Task
from tinygrade.gradebook.alike import PrintStore
from tinygrade.gradebook.book import Gradebook
from tinygrade.gradebook.database import Database
from tinygrade.isolation import Isolation
from tinygrade.model import CheckResult, Diagnosis, Report

#: A name that a roster or a folder may hold.
EVIL = "s<script>window.owned=1</script>"
#: Work that is long enough to be compared; `{}` is where one differs from the other.
STEP = "def step_{i}({{}}, rate):\n    {{}}.grad{i} = rate * {{}}.value{i} - {i}\n    return {{}}.update{i}(rate)\n"
LONG = "".join(STEP.format(i=i) for i in range(40))
LEAK = "the model sees the future: 14/15 exact"


def check(name: str, share: float, most: float = 5, code: str = "", **more: Any) -> CheckResult:
    status = "passed" if share == 1 else "partial" if share else "failed"
    found = Diagnosis(code, {}) if code else None
    return CheckResult(
        f"test_ops.py::{name}", name.replace("_", " "), "ops", status, share * most, most, diagnosis=found, **more
    )


def report(sha256: str, checks: tuple[CheckResult, ...], seconds: float, sections: dict[str, Any]) -> Report:
    values: dict[str, Any] = {"environment": {}, "started": "", "seconds": seconds, "selected": False, "seed": 1}
    values |= {"submission": {"source": "", "sha256": sha256}, "isolation": Isolation("strong"), "sections": sections}
    score = sum(c.points for c in checks)
    return Report("alpha", "First steps", score=score, max_score=15.0, checks=checks, secret="00" * 32, **values)


def write_book(root: Path, students: int = 30) -> tuple[Path, Path]:
    """Course and gradebook: `students` with grades, and one whose work cannot be read.

    s00 and s01 handed in the same, s02 and s03 the same with other names; s04 leaks; s05 has a hostile name.
    """
    course = write_course(root)
    database = Database(str(root / "class.db"))
    try:
        _fill(Gradebook(database), course, root, students)
    finally:
        database.close()
    return course, root / "class.db"


def _fill(book: Gradebook, course: Path, root: Path, students: int) -> None:
    assignment = load_assignment(load_course(course), "alpha")
    entry = book.entry(assignment)
    names = [EVIL if i == 5 else f"s{i:02}" for i in range(students)]
    hashes = [f"{max(i, 1):064x}" for i in range(students)]
    tasks = [Task(*pair, sha) for pair, sha in zip([(n, n) for n in names], hashes, strict=True)]
    tasks.append(Task("s99", "s99", ""))
    run = book.start_run(entry, "0" * 64, "1", 1)
    ids = book.hand_in(run, tasks, {})
    for i, task in enumerate(tasks[:-1]):
        book.store(run, ids[task.student], Outcome(task, "complete", _report_of(i, task, students)))
    book.store(run, ids["s99"], Outcome(tasks[-1], "unreadable", problem="holds no .py file"))
    prints = Prints(assignment.course.template)
    PrintStore(book.database, entry, prints.method).keep(
        {sha: packed(prints.of(*_work(root / "work", i))) for i, sha in enumerate(hashes) if i}
    )


def _report_of(i: int, task: Task, students: int) -> Report:
    """Who comes later knows more; `odd` is the other way round, `trap` is passed by nobody, `easy` by all."""
    knows = i / (students - 1)
    sharp = check("sharp", 1.0 if knows > 0.6 else 0.0, code="" if knows > 0.6 else "wrong-mask", seconds=2.0)
    odd = check("odd", 1.0 if knows < 0.4 else 0.2, 3, code="" if knows < 0.4 else "wrong-scale", visibility="hidden")
    trap, easy = check("trap", 0.0, 2), check("easy", 1.0, 5)
    sections = {"training": {"look_at": LEAK}} if i == 4 else {}
    return report(task.sha256, (sharp, odd, trap, easy), 10.0 + i, sections)


def _work(root: Path, i: int) -> tuple[Path, list[str]]:
    folder = root / str(i)
    folder.mkdir(parents=True)
    copied = LONG.replace("{}", "weights" if i == 2 else "parameter")
    (folder / "ops.py").write_text(copied if i in (2, 3) else OPS["right"] + f"x{i} = {i}\n" * 50)
    return folder, ["ops.py"]
