"""A changed check runs again alone where it can, and never is a result taken over that a full grading would change."""

from __future__ import annotations

import re

import pytest

from tests.classroom import Class
from tinygrade.gradebook.book import Gradebook
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.standing import load_report

HELPER = '''import pytest

FIVE = 5
SEEN = []


def right(student):
    return student.fetch(student.ops.add(2, 3)) == FIVE

'''
ADD = '''
@pytest.mark.points(2)
def test_add(student):
    assert right(student), "2 + 3 is 5"

'''
DOUBLE = '''
@pytest.mark.points(2)
@pytest.mark.needs("test_add")
def test_double(student):
    assert student.fetch(student.ops.double(4)) == 8, "twice 4 is 8"

'''
LONE = '''
@pytest.mark.points(2)
@pytest.mark.parametrize("number", [1, 2])
def test_lone(student, number):
    assert student.fetch(student.ops.double(number)) == 2 * number

'''
FIRST = '''
@pytest.mark.points(2)
def test_first(student, sections):
    sections["shared"] = {"value": student.fetch(student.ops.double(1))}

'''
SECOND = '''
@pytest.mark.points(2)
def test_second(student, sections):
    assert sections["shared"]["value"] == 2

'''
CHECKS = [HELPER, ADD, DOUBLE, LONE, FIRST, SECOND]
ALL = {"add", "double", "lone", "first", "second"}
RIGHT = "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return 2 * a\n"
NO_ADD = RIGHT.replace("a + b", "a - b")


class Regraded:
    """One submission, graded as often as asked for."""

    def __init__(self, class_: Class) -> None:
        self.class_ = class_
        self._file = class_.course / "alpha/test_ops.py"

    def checks(self, parts: list[str]) -> None:
        self._file.write_text("".join(parts))

    def __call__(self, *words: str) -> tuple[set[str], dict[str, tuple[str, float]]]:
        """Titles of the checks that ran; status and points of all."""
        done = self.class_.grade(*words)
        assert done.code == 0, done
        report = self.report()
        assert report.score is not None
        found = {check.title: (check.status, check.points) for check in report.checks}
        return {check.title for check in report.checks if not check.taken_from}, found

    def report(self):
        database = Database(str(self.class_.root / "gradebook.db"))
        try:
            with database.reading() as connection:
                (newest,) = connection.exec_driver_sql("SELECT max(id) FROM results").one()
            assert Gradebook(database)
            return load_report(database, newest)
        finally:
            database.close()


@pytest.fixture
def regraded(tmp_path, capsys, kept_forkserver) -> Regraded:
    class_ = Class(tmp_path, capsys)
    class_.hand_in({"s1": RIGHT})
    made = Regraded(class_)
    made.checks(CHECKS)
    return made


def test_a_changed_check_runs_alone_and_the_rest_is_told(regraded):
    assert regraded("--publish")[0] == ALL
    changed = LONE.replace("2 * number", "3 * number")
    regraded.checks([HELPER, ADD, DOUBLE, changed, FIRST, SECOND])
    ran, found = regraded()
    assert ran == {"lone"}
    assert found["lone"][0] == "failed"
    assert found == regraded("--again")[1], "as if all had been graded"
    assert regraded.report().sections == {"shared": {"value": 2}}
    regraded.checks(CHECKS)
    done = regraded.class_.grade()
    assert done.scores() == {}, "what was graded under these very checks still holds"
    regraded.checks([HELPER, ADD, DOUBLE, LONE.replace("[1, 2]", "[1, 2, 3]"), FIRST, SECOND])
    done = regraded.class_.grade()
    assert "1 of them in part: graded again: lone (1)" in done.out
    told = regraded.class_.gradebook("diff").out
    assert re.search(r"graded again: lone; taken over: 4 results of run \d+ of 20", told), told


def test_what_rests_on_a_changed_result_runs_again(regraded):
    """The result of a check says what it follows from, so it depends on what became of those that it needs."""
    regraded.class_.hand_in({"s1": NO_ADD.replace("2 * a", "a")})
    regraded()
    harmless = ADD.replace('"2 + 3 is 5"', '"two and three are five"')
    regraded.checks([HELPER, harmless, *CHECKS[2:]])
    assert regraded()[0] == {"add"}, "it failed, as before"
    regraded.checks([HELPER, ADD.replace("assert right(student)", "assert True"), *CHECKS[2:]])
    ran, found = regraded()
    assert ran == {"add", "double"}
    assert regraded.report().checks[1].follows_from == ()
    assert found == regraded("--again")[1]


def test_what_shares_something_runs_again_together(regraded):
    regraded()
    regraded.checks([*CHECKS[:5], SECOND.replace("== 2", "== 3")])
    ran, found = regraded()
    assert ran == {"first", "second"}
    assert found["second"][0] == "failed"
    regraded.checks([*CHECKS[:4], FIRST.replace('sections["shared"]', 'sections["other"]'), SECOND])
    regraded.class_.grade()
    assert regraded.report().sections.keys() == {"other"}, "nothing is left of a section that nobody writes any more"


@pytest.mark.parametrize(
    "parts",
    [
        [HELPER.replace("2, 3", "3, 2"), *CHECKS[1:]],
        [HELPER, ADD.replace("@pytest.mark.points(2)", "@pytest.mark.points(FIVE - 3)\n@(lambda f: f)"), *CHECKS[2:]],
        [HELPER, *CHECKS[1:], "\nsame = test_add\n"],
    ],
    ids=["helper", "decorator", "named elsewhere"],
)
def test_what_all_may_depend_on_runs_all_again(regraded, parts):
    regraded()
    regraded.checks(parts)
    assert regraded()[0] == ALL


def test_a_check_that_leaves_something_behind(regraded):
    """Nothing is taken over where a check changed a variable of its file: another one may have read it."""
    leaves = ADD.replace("    assert", "    SEEN.append(1)\n    assert")
    reads = LONE.replace("    assert", "    assert SEEN and")
    regraded.checks([HELPER, leaves, DOUBLE, reads, FIRST, SECOND])
    assert regraded()[1]["lone"][0] == "passed"
    regraded.checks([HELPER, leaves.replace("SEEN.append(1)", "pass"), DOUBLE, reads, FIRST, SECOND])
    ran, found = regraded()
    assert ran == ALL
    assert found["lone"][0] == "failed"


def test_a_change_that_leaves_something_behind(regraded):
    """What was taken over is given up again, and all is graded."""
    reads = LONE.replace("    assert", "    assert not SEEN and")
    regraded.checks([HELPER, ADD, DOUBLE, reads, FIRST, SECOND])
    regraded()
    leaves = ADD.replace("    assert", "    SEEN.append(1)\n    assert")
    regraded.checks([HELPER, leaves, DOUBLE, reads, FIRST, SECOND])
    ran, found = regraded()
    assert ran == ALL
    assert found["lone"][0] == "failed"


def test_a_submission_that_sleeps(regraded):
    """Sleep is shared by all checks: who used half of it might have run out of it in a full grading."""
    limits = regraded.class_.course / "alpha/assignment.toml"
    limits.write_text(limits.read_text().replace("cpu_seconds = 1", "cpu_seconds = 1\nidle_seconds = 2"))
    regraded.class_.hand_in({"s1": f"import time\n{RIGHT.replace('return a + b', 'time.sleep(1.2); return a + b')}"})
    regraded()
    regraded.checks([*CHECKS[:3], LONE.replace("[1, 2]", "[1]"), FIRST, SECOND])
    assert regraded()[0] == ALL


def test_a_check_comes_and_goes(regraded):
    regraded()
    more = LONE.replace("test_lone", "test_more")
    points = [part.replace("points(2)", "points(1)") for part in (LONE, more)]
    regraded.checks([HELPER, ADD, DOUBLE, *points, FIRST, SECOND])
    assert regraded()[0] == {"lone", "more"}
    regraded.checks([HELPER, ADD, DOUBLE, LONE, FIRST, SECOND])
    assert regraded.class_.grade().scores() == {}
