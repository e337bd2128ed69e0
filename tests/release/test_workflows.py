"""The workflows of the bundles: their shell steps run as GitHub's runner and GitLab's would run them."""

import json
import os
import shutil
import subprocess

import pytest
import yaml

#: How the runner starts a step whose shell is `bash` (GitHub's documentation of `jobs.<job_id>.steps[*].shell`).
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
STUDENT = "student/.github/workflows/tinygrade.yml"
SYSTEMS = "student/.github/workflows/other-systems.yml"
GRADE = "autograder/github/grade.yml"
GITLAB = ("student/.gitlab-ci.yml", "autograder/gitlab/.gitlab-ci.yml")


@pytest.fixture
def workflow(bundles):
    return lambda name: yaml.safe_load((bundles / name).read_text("utf-8"))


def job(workflow):
    (found,) = workflow["jobs"].values()
    return found


def step(workflow, name):
    return next(step for step in job(workflow)["steps"] if step.get("name") == name)


@pytest.fixture
def github(tmp_path, on_path):
    """Run one step; gives the exit code, what it said, and the job's summary."""

    def run(workflow, name, cwd, **variables):
        files = {key: tmp_path / key for key in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
        for file in files.values():
            file.touch()
        fixed = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(cwd)}
        given = {**workflow.get("env", {}), **variables, **fixed, **{key: str(file) for key, file in files.items()}}
        script = tmp_path / "step.sh"
        script.write_text(step(workflow, name)["run"])
        environment = {**on_path, **given, "RUNNER_TEMP": str(tmp_path)}
        done = subprocess.run([*BASH, script], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr, files["GITHUB_STEP_SUMMARY"].read_text()

    return run


@pytest.mark.parametrize("name", [STUDENT, SYSTEMS, GRADE])
def test_a_workflow_may_only_read_and_has_a_time_limit(workflow, name):
    found = workflow(name)
    assert found["permissions"] == {"contents": "read"}
    assert job(found)["timeout-minutes"] <= 45
    assert job(found)["defaults"]["run"]["shell"] == "bash"
    assert True in found  # `on` is a boolean to YAML 1.1, as GitHub knows


@pytest.mark.parametrize("name", [STUDENT, SYSTEMS, GRADE, *GITLAB])
def test_every_script_is_one_that_bash_understands(workflow, name):
    found = workflow(name)
    jobs = [value for value in (found.get("jobs") or found).values() if isinstance(value, dict)]
    scripts = [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]
    scripts += [line for job in jobs for line in job.get("script", ())]
    assert scripts
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script, "what a person typed would become a part of the script"


def test_windows_and_macos_are_run_by_hand(workflow):
    found = workflow(SYSTEMS)
    assert found[True] == ["workflow_dispatch"]
    assert job(found)["strategy"]["matrix"]["os"] == ["windows-latest", "macos-latest"]


def test_a_push_of_stubs_is_no_red_cross_and_has_a_summary(workflow, github, student):
    code, said, summary = github(workflow(STUDENT), "Check", student)
    assert code == 0, said
    assert "0/6" in summary


def test_a_mistake_is_shown_beside_its_line(workflow, github, student):
    (student / "pack/first.py").write_text("def doubled(x):\n    return 3.0 * x\n")
    code, said, summary = github(workflow(STUDENT), "Check", student, ASSIGNMENT="one")
    assert code == 0, said
    assert "::error file=pack/first.py,line=1" in said
    assert "doubled" in summary


def test_what_could_not_run_is_a_red_cross(workflow, github, student):
    shutil.rmtree(student / "pack")
    code, said, summary = github(workflow(STUDENT), "Check", student)
    assert code == 2
    assert "holds no folder pack/" in said


def test_gitlab_writes_its_report(workflow, student, on_path):
    found = workflow(GITLAB[0])
    environment = {**on_path, **found["variables"]}
    line = found["check"]["script"][-1]
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=student, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "<testsuite" in (student / found["check"]["artifacts"]["reports"]["junit"]).read_text()


# ---- the instructor's -----------------------------------------------------------------------------------


@pytest.fixture
def checkout(bundles, tmp_path):
    """What two checkouts give: the bundle, and a student's repository."""
    folder = tmp_path / "work"
    shutil.copytree(bundles / "autograder", folder / "bundle")
    shutil.copytree(bundles / "autograder/grader/course/reference", folder / "submission")
    return folder


def test_the_instructors_workflow_grades_with_hidden_checks(workflow, github, checkout):
    code, said, summary = github(workflow(GRADE), "Grade", checkout, ASSIGNMENT="two")
    assert code == 0, said
    assert json.loads((checkout / "results/report.json").read_text())["score"] == 10.0
    assert json.loads((checkout / "results/results.json").read_text())["score"] == 10.0
    assert "10/10" in summary


def test_no_grade_is_a_red_cross_and_has_results_all_the_same(workflow, github, checkout):
    shutil.rmtree(checkout / "submission/pack")
    code, said, summary = github(workflow(GRADE), "Grade", checkout, ASSIGNMENT="two")
    assert code == 4
    assert "score" not in json.loads((checkout / "results/results.json").read_text())


@pytest.mark.parametrize("assignment", ["$(touch hacked)", "two; touch hacked", "--help"])
def test_what_is_typed_into_the_form_is_no_command(workflow, github, checkout, assignment):
    code, said, summary = github(workflow(GRADE), "Grade", checkout, ASSIGNMENT=assignment)
    assert "hacked" not in os.listdir(checkout)


def test_gitlab_grades(workflow, checkout, on_path):
    found = workflow(GITLAB[1])
    line = found["grade"]["script"][-1]
    environment = {**on_path, "ASSIGNMENT": "two"}
    (checkout / "results").mkdir()
    for name in ("grader", "submission"):
        shutil.move(checkout / ("bundle/grader" if name == "grader" else name), checkout / f"bundle/{name}.moved")
        shutil.move(checkout / f"bundle/{name}.moved", checkout / name)
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=checkout, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "<testsuite" in (checkout / "results/junit.xml").read_text()
