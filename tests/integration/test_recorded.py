"""A student's own machine has no solution: `check` judges by what was recorded, and says so."""

import json
import shutil
import subprocess
import sys

import pytest

from tinygrade.config import load_assignment, load_course
from tinygrade.errors import CourseError
from tinygrade.grading import recording

SEEDS = (3, 8)
OWN = "assignments/assignment0"


def recorded(root, name, seeds, into):
    course = load_course(root)
    done = []
    into.mkdir(exist_ok=True)
    file = recording.record(load_assignment(course, name), seeds, into, on_seed=done.append)
    assert done == list(range(1, len(seeds) + 1))
    return file


@pytest.fixture(scope="module")
def bundle(request, tmp_path_factory):
    """The course as a student has it: no solution, and a record of assignment 0."""
    repository = request.config.rootpath
    root = tmp_path_factory.mktemp("bundle")
    ignore = shutil.ignore_patterns("__pycache__", "mutants", "correct")
    for name in ("assignments", "student_template"):
        shutil.copytree(repository / name, root / name, ignore=ignore)
    file = recorded(repository / "assignments", "assignment0", SEEDS, root / "assignments" / "recorded")
    assert file == recording.file_of(load_assignment(load_course(root / "assignments"), "assignment0"), file.parent)
    return root


@pytest.fixture
def check(bundle, repository, tmp_path, forked_command):
    def run(*options, submission="reference", assignment="assignment0"):
        report = tmp_path / "report.json"
        command = ["check", assignment, "--report", f"json={report}"]
        places = ["--course", str(bundle / "assignments"), "--submission", str(repository / submission)]
        done = forked_command([*command, *places, *options], tmp_path)
        return done, json.loads(report.read_text()) if report.exists() else None

    return run


def test_it_grades_without_the_solution_and_says_so(check):
    done, report = check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["score"] == 10
    assert report["reference"] == "recorded"
    assert report["seed"] in SEEDS
    assert "reference: recorded" in done.stdout


def test_wrong_code_fails_as_with_the_solution(check):
    done, report = check("--seed", "8", submission="student_template")
    assert done.returncode == 1, done.stderr
    assert report["score"] == 0
    assert {c["status"] for c in report["checks"]} <= {"not_implemented", "blocked"}


def test_only_recorded_seeds_can_be_asked_for(check):
    done, report = check("--seed", "4")
    assert done.returncode == 2
    assert report is None
    assert done.stderr.strip().splitlines() == [
        "tinygrade: --seed 4: the solution is not here, and was recorded for other seeds: 3, 8"
    ]


def test_a_class_is_graded_with_a_seed_that_was_recorded(bundle, repository, tmp_path, forked_command):
    places = ["--course", str(bundle / "assignments"), "--gradebook", f"sqlite:///{tmp_path / 'gradebook.db'}"]
    sources = [str(repository / name) for name in ("reference", "student_template")]
    done = forked_command(["grade", "assignment0", *sources, *places], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 graded" in done.stdout
    other = forked_command(["grade", "assignment0", *sources, *places, "--seed", "4"], tmp_path)
    assert other.returncode == 2
    assert "was recorded for other seeds: 3, 8" in other.stderr


def test_an_assignment_that_was_not_recorded_is_told(check, bundle):
    done, _ = check(assignment="assignment1")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "recorded/assignment1.npz: is not there" in line


def test_a_damaged_record_is_told(check, bundle):
    file = bundle / "assignments" / "recorded" / "assignment0.npz"
    data = file.read_bytes()
    try:
        file.write_bytes(data[: len(data) // 2])
        done, _ = check()
    finally:
        file.write_bytes(data)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "assignment0.npz: is damaged" in line


def test_other_checks_than_the_recorded_ones_are_told(check, bundle):
    file = bundle / OWN / "test_1_hello.py"
    text = file.read_text()
    try:
        file.write_text(text + "\n# another version\n")
        done, _ = check()
    finally:
        file.write_text(text)
    assert done.returncode == 2
    assert "recorded for another version of assignment0/test_1_hello.py" in done.stderr


def test_hidden_checks_do_not_belong_here(check, bundle):
    file, record = bundle / OWN / "test_1_hello.py", bundle / "assignments" / "recorded" / "assignment0.npz"
    text, data = file.read_text(), record.read_bytes()
    try:
        file.write_text(text.replace("@pytest.mark.points", "@pytest.mark.hidden\n@pytest.mark.points"))
        rewrite_hashes(bundle, record)
        done, _ = check()
    finally:
        file.write_text(text)
        record.write_bytes(data)
    assert done.returncode == 2, done.stdout
    assert "is hidden, and hidden checks are not recorded" in done.stderr


def rewrite_hashes(bundle, record):
    from dataclasses import replace

    from tinygrade.checks.recorded import file

    header = file.read_header(record)
    checks = file.check_files(load_assignment(load_course(bundle / "assignments"), "assignment0"), [])
    file.write(record, replace(header, checks=checks), {seed: file.read(record, seed) for seed in header.seeds})


def test_neither_solution_nor_record_is_told(bundle, tmp_path):
    shutil.copytree(bundle / "assignments", tmp_path / "assignments", ignore=shutil.ignore_patterns("recorded"))
    command = [sys.executable, "-P", "-m", "tinygrade", "check", "assignment0", "--submission", str(tmp_path)]
    done = subprocess.run(
        [*command, "--course", str(tmp_path / "assignments")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no solution" in done.stderr


def test_a_solution_that_fails_is_not_recorded(repository, tmp_path):
    for name in ("assignments", "reference"):
        shutil.copytree(repository / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    hello = next((tmp_path / "reference" / "tinytorch").glob("hello.py"))
    hello.write_text(hello.read_text().replace("    return", "    raise ValueError(x)\n    return", 1))
    out = tmp_path / "out"
    with pytest.raises(CourseError, match="the solution does not pass with seed 3"):
        recorded(tmp_path / "assignments", "assignment0", [3], out)
    assert list(out.iterdir()) == []


def test_both_ways_give_the_same(repository):
    """A sample of `tinygrade audit --recorded`: a wrong value, gradients, a path of weights, a given part, and right
    code."""
    names = ("softmax_first_axis", "layer_norm_no_mean_term", "adamw_coupled", "cosine_counts_warmup", "solution")
    chosen = [word for name in names for word in ("-k", name)]
    command = [sys.executable, "-P", "-m", "tinygrade", "audit", "assignment2", "--recorded", "--brief", *chosen]
    done = subprocess.run(
        [*command, "--seed", "5", "--jobs", "1"],
        capture_output=True,
        text=True,
        cwd=repository,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 submissions, 0 judged otherwise" in done.stdout
