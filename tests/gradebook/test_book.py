"""What is graded is stored once, found again, and compared with what is published; on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_class import write_course

from tinygrade import config, hookimpl, plugins
from tinygrade.errors import GradebookError, PluginError
from tinygrade.executor import Outcome, Task
from tinygrade.gradebook import publishing, stored
from tinygrade.gradebook.roster import Student
from tinygrade.gradebook.standing import load_report, standings
from tinygrade.isolation import Isolation
from tinygrade.model import Adjustment, CheckResult, Report

LATE = {"percent_per_day": 10, "most_percent": 50}


@pytest.fixture
def assignment(tmp_path):
    return config.load_assignment(config.load_course(write_course(tmp_path)), "alpha")


@pytest.fixture(scope="module")
def manager():
    return plugins.make_plugin_manager()


def report(*points: float) -> Report:
    checks = tuple(
        CheckResult(f"test_ops.py::test_{i}", f"check {i}", "ops", "passed" if p == 5 else "partial", p, 5.0)
        for i, p in enumerate(points)
    )
    return Report(
        assignment="alpha",
        title="First steps",
        submission={"source": "x", "sha256": "0"},
        score=sum(points),
        max_score=10.0,
        selected=False,
        isolation=Isolation("strong"),
        seed=1,
        environment={},
        started="",
        seconds=1.0,
        checks=checks,
    )


class Class:
    """Grades by hand: one run with given reports."""

    def __init__(self, book, assignment, manager):
        self.book, self.entry, self.manager = book, book.entry(assignment), manager

    def run(self, results, fingerprint="f", version="1", submitted=None):
        """`results`: student -> (content, report or None for one that could not be graded)."""
        run = self.book.start_run(self.entry, fingerprint, version, self.entry.seed)
        tasks = {student: Task(student, f"/{student}", content) for student, (content, _) in results.items()}
        ids = self.book.hand_in(run, list(tasks.values()), submitted or {})
        kept = self.book.graded(run)
        for student, (_, found) in results.items():
            if ids[student] not in kept:
                kind = "complete" if found is not None else "fault"
                problem = "" if found is not None else "the disk was full"
                self.book.store(run, ids[student], Outcome(tasks[student], kind, found, problem, 1.0))
        self.book.finish_run(run)
        return {student for student in results if ids[student] in kept}

    def changes(self, late=None):
        found = publishing.changes(self.book.database, self.entry, self.manager, late or {})
        return {change.standing.key: change for change in found}

    def publish(self, late=None):
        publishing.publish(self.book.database, self.entry, list(self.changes(late).values()))

    def standing(self, student):
        return next(s for s in standings(self.book.database, self.entry) if s.key == student)


@pytest.fixture
def graded(book, assignment, manager):
    return Class(book, assignment, manager)


def test_an_assignment_keeps_its_seed_and_secret(open_book, assignment):
    first = open_book().entry(assignment)
    assert open_book().entry(assignment) == first
    assert len(bytes.fromhex(first.secret)) == 32


def test_what_still_holds_is_kept_and_nothing_else(graded):
    assert graded.run({"s1": ("a", report(5, 5)), "s2": ("b", None)}) == set()
    assert graded.run({"s1": ("a", report(5, 5)), "s2": ("b", report(5, 1))}) == {"s1"}
    assert graded.run({"s1": ("A", report(5, 5)), "s2": ("b", None)}) == {"s2"}, "another content"
    assert graded.run({"s1": ("A", report(5, 5))}, fingerprint="g") == set(), "another assignment"
    assert graded.run({"s1": ("A", report(5, 5))}, version="2") == set(), "another tinygrade"


def test_one_result_of_a_run_for_one_submission(graded, book):
    run = book.start_run(graded.entry, "f", "1", 1)
    task = Task("s1", "/s1", "a")
    (id_,) = book.hand_in(run, [task], {}).values()
    book.store(run, id_, Outcome(task, "complete", report(5, 5)))
    with pytest.raises(GradebookError):
        book.store(run, id_, Outcome(task, "complete", report(5, 1)))


def test_no_grade_is_no_zero(graded):
    graded.run({"s1": ("a", None)})
    standing = graded.standing("s1")
    assert standing.latest is None
    assert standing.current_score is None
    assert standing.problem == "the disk was full"
    assert not graded.changes()


def test_reports_come_back_as_they_were(graded):
    graded.run({"s1": ("a", report(5, 1.25))})
    assert load_report(graded.book.database, graded.standing("s1").latest.result_id) == report(5, 1.25)


def test_nothing_is_current_before_it_is_published(graded):
    graded.run({"s1": ("a", report(5, 1))})
    assert graded.standing("s1").current_score is None
    assert graded.changes()["s1"].causes == ("first grade",)
    graded.publish()
    assert graded.standing("s1").current_score == 6
    assert not graded.changes()


@pytest.mark.parametrize(
    ("again", "cause"),
    [
        ({"results": {"s1": ("b", report(5, 5))}}, "another submission"),
        ({"results": {"s1": ("a", report(5, 5))}, "fingerprint": "g"}, "the assignment was changed"),
        ({"results": {"s1": ("a", report(5, 5))}, "version": "2"}, "tinygrade 1 -> 2"),
    ],
)
def test_a_regrade_tells_old_and_new_with_the_cause(graded, again, cause):
    graded.run({"s1": ("a", report(5, 1))})
    graded.publish()
    graded.run(**again)
    change = graded.changes()["s1"]
    assert (change.old, change.new) == (6, 10)
    assert change.causes == (cause,)
    assert change.checks == ("check 1: 1/5 -> 5/5",)
    assert graded.standing("s1").current_score == 6, "nothing changes before it is published"


def test_the_submission_that_was_named_last_counts(graded):
    graded.run({"s1": ("a", report(5, 5))})
    graded.run({"s1": ("b", report(1, 1))})
    assert graded.changes()["s1"].new == 2
    assert graded.run({"s1": ("a", None)}) == {"s1"}, "handed in again: graded already"
    assert graded.changes()["s1"].new == 10


def test_a_moved_due_date_is_judged_anew_without_grading(graded, book):
    graded.run({"s1": ("a", report(5, 5))}, submitted={"s1": "2026-10-03T12:00:00+00:00"})
    assert graded.changes(LATE)["s1"].new == 10, "no due date, nothing late"
    book.set_due(graded.entry, "2026-10-01T23:00:00+00:00")
    change = graded.changes(LATE)["s1"]
    assert change.new == 8
    assert [a.reason for a in change.adjustments] == ["2 days late: 20 % of the points"]
    graded.publish(LATE)
    book.set_due(graded.entry, "2026-10-05T23:00:00+00:00")
    change = graded.changes(LATE)["s1"]
    assert (change.old, change.new, change.causes) == (8, 10, ("another adjustment",))
    book.set_due(graded.entry, None)
    assert graded.changes(LATE)["s1"].new == 10


def test_an_extension_is_for_one_student(graded, book):
    when = dict.fromkeys(("s1", "s2"), "2026-10-03T12:00:00+00:00")
    graded.run({"s1": ("a", report(5, 5)), "s2": ("b", report(5, 5))}, submitted=when)
    book.set_due(graded.entry, "2026-10-01T23:00:00+00:00")
    book.set_due(graded.entry, "2026-10-04T23:00:00+00:00", "s2")
    assert {student: change.new for student, change in graded.changes(LATE).items()} == {"s1": 8, "s2": 10}
    with pytest.raises(KeyError):
        book.set_due(graded.entry, None, "nobody")


def test_a_policy_is_not_applied_twice():
    manager = plugins.make_plugin_manager()

    class Bonus:
        @hookimpl
        def tinygrade_adjust_score(self):
            return Adjustment(2, "a bonus")

    manager.register(Bonus())
    once = stored.adjusted(manager, report(5, 1), {})
    assert once.score == 8
    assert stored.adjusted(manager, once, {}) == once


def test_a_policy_that_fails_stops_the_publishing():
    manager = plugins.make_plugin_manager()

    class Broken:
        @hookimpl
        def tinygrade_adjust_score(self):
            return 1 / 0

    manager.register(Broken(), "broken")
    with pytest.raises(PluginError, match=r"'broken' failed in .*: ZeroDivisionError.*; nothing is published"):
        stored.adjusted(manager, report(5, 1), {})


def test_history_is_kept(graded, book):
    from sqlalchemy import func, select

    from tinygrade.gradebook.schema import grades, results

    for content in "abc":
        graded.run({"s1": (content, report(5, 5 if content == "c" else 1))})
        graded.publish()
    with book.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(results)) == 3
        assert list(connection.scalars(select(grades.c.score).order_by(grades.c.id))) == [6, 6, 10]


def test_a_roster_updates_and_adds(graded, book):
    roster = [Student("s1", "Ann", "a@b"), Student("s2")]
    assert book.add_students(graded.entry.course_id, roster) == 2
    assert book.add_students(graded.entry.course_id, [replace(roster[0], name="Anne"), Student("s3")]) == 1
    assert graded.standing("s1").name == "Anne"
    assert graded.standing("s3").latest is None


@pytest.mark.parametrize("text", ["'; DROP TABLE results; --", "Zoë 😀", "%s %(x)s :x", "a" * 10_000])
def test_text_is_data(graded, book, text):
    book.add_students(graded.entry.course_id, [Student("s1", text)])
    assert graded.standing("s1").name == text


@pytest.mark.parametrize("text", ["a\0b", "\udcff\udcfe", "\x1b[31mred", "x" * 100_000])
def test_no_text_of_a_student_stops_the_class(graded, book, text):
    run = book.start_run(graded.entry, "f", "1", 1)
    task = Task("s1", f"/{text}", "a")
    (id_,) = book.hand_in(run, [task], {}).values()
    book.store(run, id_, Outcome(task, "fault", problem=text))
    book.add_students(graded.entry.course_id, [Student("s2", "Bob", text, extra={text: text})])
    assert "\x1b" not in graded.standing("s1").problem


def test_only_one_grades_at_a_time(open_book):
    first, second = open_book(), open_book()
    first.database.lock("Tiny/alpha")
    with pytest.raises(GradebookError, match="another tinygrade is grading Tiny/alpha"):
        second.database.lock("Tiny/alpha")
    first.database.close()
    second.database.lock("Tiny/alpha")
