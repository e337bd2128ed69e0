"""Cases of a check share a worker while they are right, and none is judged by what another one left there."""

import json
import shutil

import pytest

pytest_plugins = "tinygrade.testing"

CASES = """
import pytest

@pytest.mark.points(1)
@pytest.mark.parametrize("x", [1, 2, 3])
def test_twice(student, partial_credit, x):
{body}

@pytest.mark.points(1)
def test_after(student):
    assert student.fetch(student.ops.twice(4)) == 8
"""
EQUAL = "    assert student.fetch(student.ops.twice(x)) == 2 * x, f'twice {x}'"
PARTIAL = "    partial_credit(1.0 if student.fetch(student.ops.twice(x)) == 2 * x else 0.5, f'twice {x}')"
RIGHT = "def twice(x):\n    return 2 * x\n"
#: Says so when its worker starts.
SHOUTS = f"print('hello')\n{RIGHT}"
#: Right once in a process.
ONCE = """
calls = []

def twice(x):
    calls.append(x)
    return 2 * x if len(calls) == 1 else 0
"""
#: Wrong for one number.
NOT_TWO = "def twice(x):\n    return 2 * x if x != 2 else 5\n"
#: Wrong at first, right after that.
LATE = ONCE.replace("== 1 else 0", "> 1 else 0")


@pytest.fixture
def graded(grade, make_small_course):
    """The results of both checks for this source of `ops.py`."""

    def run(ops, body=EQUAL):
        course = make_small_course(CASES.format(body=body), {"ops.py": RIGHT}, points=2)
        return grade(course, {"ops.py": ops}).checks

    return run


def test_cases_share_a_worker_and_checks_do_not(graded):
    twice, after = graded(SHOUTS)
    assert (twice.output, after.output) == ("hello\n", "hello\n")
    assert (twice.status, after.status) == ("passed", "passed")


def test_stubs_share_a_worker(graded):
    twice, _ = graded("print('hello')\ndef twice(x):\n    raise NotImplementedError('A1.1')\n")
    assert (twice.status, twice.output) == ("not_implemented", "hello\n")


@pytest.mark.parametrize("body", [EQUAL, PARTIAL])
def test_a_case_is_not_wrong_by_what_another_one_left(graded, body):
    assert [check.status for check in graded(ONCE, body)] == ["passed", "passed"]


@pytest.mark.parametrize(("ops", "points"), [(NOT_TWO, 2 / 3), (LATE, 0)])
def test_a_wrong_case_is_wrong_and_the_next_one_begins_anew(graded, ops, points):
    twice, _ = graded(ops)
    assert not twice.ok
    assert twice.points == pytest.approx(points, abs=1e-3)


def test_a_part_of_the_points_is_what_a_fresh_worker_gives(graded):
    twice, _ = graded(NOT_TWO, PARTIAL)
    assert twice.points == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-3)


@pytest.mark.parametrize(
    "body", ["    student.ops.twice = 5", "    student.callbacks((len, 1))", "    student.restart()\n    student.ops"]
)
def test_what_a_check_changed_is_not_there_for_the_next_case(graded, body):
    twice, _ = graded(SHOUTS, f"    student.ops\n{body}")
    assert twice.output.count("hello") == 3


#: Warms up by something that another module does not bear, and hangs when it is called a second time.
STRICT = "import numpy as np\n\ndef twice(x):\n    np.seterr(all='raise')\n    return 2 * x\n"
TINY = "import numpy as np\n\nTINY = np.exp(np.float64(-1000.0))\n\ndef twice(x):\n    return 2 * x\n"
HANGS = ONCE.replace("return 2 * x if len(calls) == 1 else 0", "while len(calls) > 1: pass\n    return 2 * x")
MODULES = """
import pytest

@pytest.mark.points(1)
@pytest.mark.parametrize("name", ["ops", "more"])
def test_modules(student, name):
    assert student.fetch(getattr(student, name).twice(3)) == 6

@pytest.mark.points(1)
def test_more(student):
    assert student.fetch(student.more.twice(3)) == 6
"""


def test_an_import_that_fails_after_another_case_is_tried_in_a_fresh_worker(grade, make_small_course):
    course = make_small_course(MODULES, {"ops.py": RIGHT, "more.py": RIGHT}, points=2)
    checks = grade(course, {"ops.py": STRICT, "more.py": TINY}).checks
    assert [check.status for check in checks] == ["passed", "passed"]


def test_a_case_that_hangs_after_another_one_is_tried_in_a_fresh_worker(grade, make_small_course):
    course = make_small_course(CASES.format(body=EQUAL), {"ops.py": RIGHT}, points=2)
    toml = course / "assignment1/assignment.toml"
    toml.write_text(toml.read_text().replace("[[groups]]", "[limits]\ncpu_seconds = 0.5\n\n[[groups]]", 1))
    assert [check.status for check in grade(course, {"ops.py": HANGS}).checks] == ["passed", "passed"]


def test_a_second_try_is_given_once(graded):
    """Who guesses has one more try in a check, and not in each case."""
    body = "    assert student.fetch(student.ops.guess(x)) == 2 * x"
    guesses = "n = 0\n\ndef guess(x):\n    global n\n    n += 1\n    return 2 * x if n == 1 else 0\n"
    twice, _ = graded(f"print('hello')\n{guesses}\n{RIGHT}", body)
    assert twice.status == "passed"
    assert twice.output == "hello\nhello\n"  # the cases after the second begin anew; what a retry prints is dropped


BROKEN_SETUP = """
@pytest.fixture
def chosen(x):
    if x == 2:
        raise RuntimeError("the course's own mistake")

@pytest.mark.points(1)
@pytest.mark.parametrize("x", [1, 2])
def test_twice(chosen, student, x):
    student.ops

@pytest.mark.points(1)
def test_after(student):
    student.ops
"""


def test_a_worker_that_no_case_took_reaches_no_other_check(grade, make_small_course):
    course = make_small_course(f"import pytest\n{BROKEN_SETUP}", {"ops.py": RIGHT}, points=2)
    checks = grade(course, {"ops.py": SHOUTS}).checks
    assert [check.output for check in checks] == ["hello\n", "hello\n"]


SMOKE = """
import pytest

def test_open(student):
    student.ops.early()

def test_more(student):
    student.ops.early()
"""


def test_the_worker_of_smoke_checks_reaches_no_check(forked_command, repository, tmp_path):
    shutil.copytree(repository / "tests/courses/repro", tmp_path, dirs_exist_ok=True)
    (tmp_path / "student/pack/__init__.py").write_text("print('hello')\n")
    (tmp_path / "student/pack/ops.py").write_text("def early():\n    raise NotImplementedError('A1.1')\n")
    (tmp_path / "assignments/one/smoke/test_smoke.py").write_text(SMOKE)
    report = tmp_path / "report.json"
    words = ["check", "two", "--earlier", "own", "-k", "test_large", "--report", f"json={report}"]
    done = forked_command([*words, "--course", str(tmp_path / "assignments")], tmp_path / "student")
    assert report.exists(), done.stderr
    assert [check["output"] for check in json.loads(report.read_text())["checks"]] == ["hello\n"]


SLOW = """
import time

def twice(x):
    end = time.process_time() + (x - 1) * 1.5
    while time.process_time() < end:
        pass
"""
TIMES = """
@pytest.mark.points(1)
@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.timeout(20))])
def test_twice(student, x):
    student.fetch(student.ops.twice(x))

@pytest.mark.points(1)
def test_after(student):
    student.ops
"""


def test_a_case_has_its_own_time(grade, make_small_course):
    course = make_small_course(f"import pytest\n{TIMES}", {"ops.py": RIGHT}, points=2)
    toml = course / "assignment1/assignment.toml"
    toml.write_text(toml.read_text().replace("[[groups]]", "[limits]\ncpu_seconds = 0.5\n\n[[groups]]", 1))
    twice, _ = grade(course, {"ops.py": SLOW}).checks
    assert twice.status == "passed", twice.message
