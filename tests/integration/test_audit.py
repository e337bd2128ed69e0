"""The audit of every assignment is clean: mutants caught and named, what is right left alone, nothing breaks.

The audit is the brief one (see `tinygrade audit --help`). That no mutant costs more than it may is seen of a few here,
and of all by `tinygrade audit ASSIGNMENT`.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tinygrade.audit import files, plan
from tinygrade.config import load_assignment, load_course
from tinygrade.plugins import diagnoses, load_course_plugin, make_plugin_manager

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = ("assignment1", "assignment2", "assignment3", "assignment4", "assignment5", "assignment6")
#: The shares that diagnoses must reach.
RIGHT, WRONG = 0.9, 0.02
#: Whole gradings of mutants: one whose mistake many checks see, by assignment.
DEAR = {
    "assignment1": ["no_unbroadcast", "seed_ignored"],
    "assignment2": ["softmax_first_axis", "parameters_not_nested"],
    "assignment3": ["mask_off_by_one", "heads_mixed"],
    "assignment4": ["load_new_parameters", "state_in_single"],
    "assignment5": ["no_step"],
    "assignment6": ["position_late", "first_row"],
}


def audit(assignment, file, *options):
    # One job: other tests run beside it.
    command = [sys.executable, "-P", "-m", "tinygrade", "audit", assignment, "--seed", "7", "--jobs", "1", *options]
    command += ["--report", f"json={file}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1800, check=False)
    assert file.exists(), done.stderr
    return done, json.loads(file.read_text())["summary"]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_audit_is_clean(tmp_path, assignment):
    done, summary = audit(assignment, tmp_path / "audit.json", "--brief")
    assert done.returncode == 0, done.stdout
    assert summary["caught"] == summary["mutants"] > 0, done.stdout
    assert summary["right"] >= RIGHT * summary["mutants"], done.stdout
    assert summary["wrong"] <= WRONG * summary["mutants"], done.stdout
    assert summary["correct"] > 0
    assert summary["accused"] == 0, done.stdout
    assert summary["nonsense"] > 0


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_dearest_cost_no_more_than_they_may(tmp_path, assignment):
    chosen = [option for name in DEAR[assignment] for option in ("-k", name)]
    done, summary = audit(assignment, tmp_path / "audit.json", "--only", "mutant", *chosen)
    assert summary["mutants"] >= len(DEAR[assignment])
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def course():
    return load_course(ROOT / "assignments")


def test_there_are_many_styles(course):
    variants = [variant for name in ASSIGNMENTS for variant in files.variants(load_assignment(course, name))]
    packages = files.packages(load_assignment(course, "assignment3"))
    assert len(variants) + len(packages) >= 15


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_each_mistake_has_a_page(course, assignment):
    manager = make_plugin_manager()
    load_course_plugin(manager, course)
    pages = diagnoses(manager).pages
    for mutant in files.mutants(load_assignment(course, assignment)):
        assert set(mutant.codes) <= set(pages), mutant.name


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_both_kinds_of_audit_try_the_same_mutants(course, assignment):
    found = load_assignment(course, assignment)
    names = [[t.name for t in plan.plan(found, ["mutant"], thorough=thorough)] for thorough in (True, False)]
    assert names[0] == names[1]


def test_whole_packages_are_trained_in_a_brief_audit_too(course):
    found = load_assignment(course, "assignment3")
    for thorough in (True, False):
        trials = plan.plan(found, ["correct"], thorough=thorough)
        spared = {trial.name.rpartition("_")[0] for trial in trials if trial.quick}
        assert spared == (set() if thorough else {"earlier_variants"})
        assert len([trial for trial in trials if isinstance(trial.source, Path)]) >= 3


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_both_kinds_of_audit_try_the_same_variants(course, assignment):
    found = load_assignment(course, assignment)
    all_of_them = [load_assignment(course, name) for name in (*found.predecessors(), assignment)]
    names = {variant.name for each in all_of_them for variant in files.variants(each)}
    for thorough in (True, False):
        trials = plan.plan(found, ["correct"], thorough=thorough)
        told = [trial.what.removeprefix("together: ").split(", ") for trial in trials if ": " in trial.what]
        assert {name for group in told for name in group} | {trial.name for trial in trials} >= names


def test_smoke_checks_run_where_an_earlier_file_is_not_the_solutions(course):
    """Assignment 2 goes on with ops.py of assignment 1; its other files are its own."""
    found = load_assignment(course, "assignment2")
    own = {variant.name: {edit.file for edit in variant.edits} for variant in files.variants(found)}
    ran = {trial.name: trial.smoke for trial in plan.plan(found, ["correct"])}
    assert {name: ran.pop(name) for name in own} == {name: "ops.py" in edited for name, edited in own.items()}
    assert set(ran.values()) == {True}


def test_known_mistakes_are_mutants_or_listed_as_inexpressible():
    listed = (ROOT / "assignments" / "mutants.md").read_text()
    found = {tomllib.loads(file.read_text()).get("bug", "") for file in (ROOT / "assignments").glob("*/mutants/*.toml")}
    for bug in found - {""}:
        assert f"| {bug} |" not in listed, f"{bug} is a mutant and listed as one that cannot be"
