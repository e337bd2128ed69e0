"""The handouts say what assignment.toml, the marks and the fixtures say."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = ROOT / "assignments"
GUIDE = (ASSIGNMENTS / "README.md").read_text("utf-8")
#: Assignments that have checks, and so a handout.
NAMES = sorted(file.parent.name for file in ASSIGNMENTS.glob("assignment*/README.md"))
#: Checks that no selection of their handout names.
UNNAMED = {"test_own_stack", "test_past"}


class Handout:
    """A handout and what it must agree with."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = (ASSIGNMENTS / name / "README.md").read_text("utf-8")
        self.settings = tomllib.loads((ASSIGNMENTS / name / "assignment.toml").read_text("utf-8"))
        #: Tasks of this assignment: a file may also hold some of an earlier one.
        self.prefix = name.replace("assignment", "A")

    def sources(self, folder: str) -> list[str]:
        return [(ROOT / folder / "tinytorch" / file).read_text("utf-8") for file in self.settings["files"]]


@pytest.fixture(params=NAMES)
def handout(request) -> Handout:
    return Handout(request.param)


def test_assignments_with_points_have_a_handout():
    settings = {file.parent.name: tomllib.loads(file.read_text()) for file in ASSIGNMENTS.glob("*/assignment.toml")}
    assert {name for name, table in settings.items() if table["points"]} <= set(NAMES)


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table below the line `| heading |...`, without the heading."""
    lines = text[text.index(f"| {heading} |") :].splitlines()[2:]
    table = lines[: next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_parameters_are_those_of_the_assignment():
    handout = Handout("assignment3")
    told = {name.strip("`"): tuple(map(int, re.findall(r"\d+", shape))) for name, shape in rows(handout.text, "Name")}
    declared = {name: tuple(shape) for name, shape in handout.settings["surface"]["parameters"].items()}
    assert list(told.items()) == list(declared.items())


def test_points_are_those_of_the_assignment(handout):
    told = [(title, float(points)) for title, points, _ in rows(handout.text, "Group")]
    assert told == [(group["title"], group["points"]) for group in handout.settings["groups"]]
    assert sum(points for _, points in told) == handout.settings["points"]


def test_the_budget_is_that_of_the_assignment():
    handout = Handout("assignment3")
    assert f"The budget is {handout.settings['training']['budget_seconds']} seconds of CPU time" in handout.text


def test_tasks_are_those_of_the_stubs(handout):
    stubs = "".join(handout.sources("student_template"))
    task = rf"{handout.prefix}\.\d"
    told = set(re.findall(rf"\*\*({task})", handout.text))
    assert told == set(re.findall(rf'NotImplementedError\("({task})', stubs))


def test_the_handout_has_no_line_of_the_solution(handout):
    lines = set()
    for source in handout.sources("reference"):
        for block in re.findall(rf"# BEGIN SOLUTION {handout.prefix}.*?\n(.*?)# END SOLUTION", source, re.S):
            lines |= {line.strip() for line in block.splitlines() if len(line.strip()) > 20}
    assert lines
    assert not [line for line in lines if line in handout.text]


def test_every_selection_of_the_handout_selects_checks_of_its_task(check, repository, handout):
    """The tasks' own `-k` expressions, each against a run of all checks by name."""
    expressions = re.findall(rf"^tinygrade check {handout.name} -k \"?([^\"#\n]+?)\"?(?: +#.*)?$", handout.text, re.M)
    everything = check(repository / "student_template", assignment=handout.name).report["checks"]
    functions = {c["id"].split("::")[1]: c["task"] for c in everything}
    tasks = {task for task in functions.values() if task.startswith(handout.prefix)}
    if len(tasks) == 1:
        return  # nothing to select from
    # One for each task, and one that shows how.
    assert len(expressions) >= 1 + len(tasks)
    selected = set()
    for expression in expressions:
        words = [word.strip() for word in expression.split(" or ")]
        for word in words:
            found = {c["id"] for c in everything if word in c["id"] or word in c["group"]}
            assert found, f"-k {word!r} selects nothing"
            selected |= {id.split("::")[1] for id in found}
    assert selected >= set(functions) - UNNAMED


def test_every_mark_is_told():
    from tinygrade.checks.marks import MARKS

    assert [name.strip("`") for name, _ in rows(GUIDE, "Mark")] == list(MARKS)


@pytest.mark.parametrize("file", ["tinygrade/checks/fixtures.py", "assignments/course/fixtures.py"])
def test_every_fixture_is_told(file):
    defined = re.findall(r"@pytest\.fixture.*?\ndef (\w+)", (ROOT / file).read_text("utf-8"))
    told = re.findall(r"^\| `(\w+)` \|", GUIDE, re.M)
    assert defined
    assert set(defined) <= set(told)


def test_every_key_is_told():
    from tinygrade import config

    told = set(re.findall(r"`\[*(?:surface\.)?(\w+)", GUIDE))
    tables = (config._COURSE, config._ASSIGNMENT, config._SURFACE, config._LIMITS, config._GROUP)
    assert {key for table in tables for key in table} <= told
