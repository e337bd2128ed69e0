"""What is in the bundles that the real command made, and that students can work in theirs."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest


def names(folder):
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


# ---- what lies in them -----------------------------------------------------------------------------


def test_students_get_their_folder_and_a_course_without_secrets(bundles):
    assert names(bundles / "student") == {
        "README.md",
        ".gitignore",
        ".gitlab-ci.yml",
        ".github/workflows/tinygrade.yml",
        ".github/workflows/other-systems.yml",
        "pack/__init__.py",
        "pack/first.py",
        "pack/second.py",
        "wheels/tinygrade-0.1.0-py3-none-any.whl",
        "assignments/course.toml",
        "assignments/plugin/__init__.py",
        "assignments/plugin/deep/page.md",
        "assignments/one/assignment.toml",
        "assignments/one/test_first.py",
        "assignments/one/smoke/test_smoke.py",
        "assignments/two/assignment.toml",
        "assignments/two/README.md",
        "assignments/two/test_second.py",
        "assignments/recorded/one.npz",
        "assignments/recorded/two.npz",
        "assignments/released/pack/first.py",
    }


def test_no_word_of_a_hidden_check_in_any_file_of_the_students(bundles):
    for name in names(bundles / "student"):
        data = (bundles / "student" / name).read_bytes()
        assert b"test_secret" not in data, name
        assert b"test_nothing" not in data, name


def test_the_zip_is_the_folder(bundles):
    with zipfile.ZipFile(bundles / "student.zip") as archive:
        assert set(archive.namelist()) == names(bundles / "student")
        for name in archive.namelist():
            assert archive.read(name) == (bundles / "student" / name).read_bytes()


def test_the_autograder_has_all_but_what_an_audit_reads(bundles):
    course = bundles / "autograder" / "grader" / "course"
    found = names(course)
    assert {"two/hidden/test_secret.py", "reference/pack/second.py", "plugin/deep/formulas.py"} <= found
    assert not [name for name in found if "mutants" in name or "correct" in name or "recorded" in name]
    assert re.search(r"numpy==\d", (bundles / "autograder/grader/constraints.txt").read_text())


def test_the_zip_for_gradescope_has_its_scripts_at_the_top_and_executable(bundles):
    assert names(bundles / "autograder/gradescope") == {"two.zip"}
    with zipfile.ZipFile(bundles / "autograder/gradescope/two.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        script = archive.read("run_autograder").decode()
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert modes["constraints.txt"] == 0o644
    assert " two " in script
    assert "@" not in script


def test_the_readmes_say_what_to_run_and_what_it_needs(bundles):
    student = (bundles / "student/README.md").read_text()
    assert student.startswith("# tiny\n")
    assert "git clone" not in student
    assert "tinygrade check two" in student
    assert "4 of them by checks on the grader only" in student
    assert student.rstrip().endswith("Here.")
    grader = (bundles / "autograder/README.md").read_text()
    row = next(line for line in grader.splitlines() if line.startswith("| `one`"))
    assert "| 30 s | 10 min | 1 CPU, 1536 MB | weak |" in row
    assert re.search(r"\d+\.\d s of CPU, largest process \d+ MB", row)
    assert "@" not in student.replace("@v", "")


def test_every_line_of_a_wheel_is_as_its_record_says(bundles):
    with zipfile.ZipFile(bundles / "student/wheels/tinygrade-0.1.0-py3-none-any.whl") as wheel:
        record = wheel.read("tinygrade-0.1.0.dist-info/RECORD").decode().splitlines()
        assert len(record) == len(wheel.namelist())
        for line in record[:-1]:
            name, digest, size = line.split(",")
            data = wheel.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(data))
        assert "tinygrade/release/files/setup.sh" in wheel.namelist()
        assert b"tinygrade.cli:main" in wheel.read("tinygrade-0.1.0.dist-info/entry_points.txt")


def test_the_wheel_can_be_installed_and_run(bundles, tmp_path):
    """Its dependencies are those of these tests; what is imported is the wheel's."""
    wheel = bundles / "student/wheels/tinygrade-0.1.0-py3-none-any.whl"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", tmp_path / "lib"]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    program = "import tinygrade; print(tinygrade.__file__); from tinygrade.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
    command = [sys.executable, "-c", program, "--version"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == [str(tmp_path / "lib/tinygrade/__init__.py"), "tinygrade 0.1.0"], done.stderr


def test_what_the_command_said(released):
    said = (released / "said.txt").read_text()
    assert "proved for one, two:\n  stubs have no points, the solution has all, no line of it is in the" in said
    assert "released solutions in it: first.py" in said
    assert "students: two: the solution has all points" in said


# ---- at a student's -----------------------------------------------------------------------------------


@pytest.fixture
def check(student, command):
    """Run a check in the student's folder; gives the exit code, what was said, and the report."""

    def run(*arguments):
        file = student / "report.json"
        done = command("check", *arguments, "--report", f"json={file}", cwd=student)
        report = json.loads(file.read_text()) if file.is_file() else None
        return done.returncode, done.stdout + done.stderr, report

    return run


def test_a_solution_passes_at_home(check, solve):
    solve("first.py", "second.py")
    code, said, report = check("two")
    assert (code, report["score"], report["max_score"]) == (0, 6, 6), said
    assert report["reference"] == "recorded"
    assert report["seed"] in (1, 2)


def test_stubs_are_no_fault_of_anybodys_and_the_released_solution_takes_their_place(check):
    code, said, report = check("two", "--fail-under", 0)
    assert (code, report["score"]) == (0, 0), said
    assert [(swap["assignment"], swap["source"]) for swap in report["swaps"]] == [("one", "released")]
    assert {check["status"] for check in report["checks"]} == {"not_implemented"}


def test_a_mistake_is_shown_as_with_the_solution(check, student):
    (student / "pack/first.py").write_text("def doubled(x):\n    return 3.0 * x\n")
    code, said, report = check("one", "--seed", 1)
    assert code == 1
    assert "doubled(x): yours" in said


def test_a_seed_that_was_not_recorded_is_told(check):
    code, said, report = check("one", "--seed", 5)
    assert (code, report) == (2, None)
    assert "1, 2" in said
