"""What a user gets wrong on the command line: the exit code of the contract and one helpful line."""

import shutil
import signal
import subprocess
import sys
import time

import pytest


def one_line(run, code):
    assert run.exit_code == code, run.text
    assert run.report is None
    assert "Traceback" not in run.text
    return run.text


def test_not_a_folder(check, tmp_path):
    file = tmp_path / "tinytorch.txt"
    file.write_text("hello")
    assert "tinytorch.txt" in one_line(check(file), 2)


def test_missing_folder(check, tmp_path):
    assert "does not exist" in one_line(check(tmp_path / "nowhere"), 2)


def test_empty_folder(check, tmp_path):
    (tmp_path / "empty").mkdir()
    one_line(check(tmp_path / "empty"), 2)


def test_unknown_assignment(check, repository):
    assert "did you mean 'assignment3'" in one_line(check(repository / "reference", assignment="asignment3"), 2)


def test_assignment_without_checks(check, repository, make_course):
    root = make_course(assignment='title = "Later"\npoints = 0\nfiles = ["tensor.py"]\n')
    run = check(repository / "reference", "--course", str(root), assignment="assignment1")
    assert "no checks yet" in one_line(run, 2)


@pytest.fixture
def broken_course(repository, tmp_path):
    """A copy of the course in which one line of assignment 3 is replaced."""

    def make(file, old, new):
        root = tmp_path / "course"
        shutil.copytree(repository / "assignments", root / "assignments")
        for name in ("reference", "student_template"):
            (root / name).symlink_to(repository / name)
        path = root / "assignments" / "assignment3" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return root / "assignments"

    return make


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("points = 100", "points = 99", "99"),
        ("[limits]", "[limts]", "did you mean 'limits'"),
        ("points = 100", "points = [", "assignment.toml"),
        ("title =", "titel =", "did you mean 'title'"),
    ],
)
def test_malformed_assignment(check, repository, broken_course, old, new, told):
    course = broken_course("assignment.toml", old, new)
    assert told in one_line(check(repository / "reference", "--course", str(course)), 2)


def test_points_of_checks_that_do_not_add_up(check, repository, broken_course):
    course = broken_course("test_1_census.py", "points(3)", "points(4)")
    text = one_line(check(repository / "reference", "--course", str(course)), 2)
    assert "test_1_census.py: the checks have 6 points, assignment.toml says 5" in " ".join(text.split())


def test_check_file_with_a_syntax_error(check, repository, broken_course):
    course = broken_course("test_1_census.py", "def test_parameters", "def def test_parameters")
    assert "test_1_census.py" in one_line(check(repository / "reference", "--course", str(course)), 2)


def test_fault_of_a_check_is_not_the_students(check, repository, broken_course):
    course = broken_course("test_1_census.py", "    found = student.census(", "    found = 1 / 0, (")
    run = check(repository / "reference", "--course", str(course))
    assert run.exit_code == 4, run.text
    assert run.report["score"] is None
    assert run.check("test_parameters")["status"] == "grader_error"
    assert run.check("test_logits")["status"] == "passed"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_leaves_nothing_behind(repository, variant, left_behind, number, code):
    folder = variant(("train.py", "    model.train()\n", "    while True: pass\n"))
    command = [sys.executable, "-P", "-m", "tinygrade", "check", "assignment3", "--submission", str(folder)]
    command += ["--earlier", "released", "-k", "training"]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        time.sleep(2.5)
        run.send_signal(number)
        text, _ = run.communicate(timeout=30)
    assert run.returncode == code, text
    assert "Traceback" not in text
    assert not left_behind()
