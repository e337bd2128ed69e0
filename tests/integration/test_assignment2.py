"""Assignment 2 through the real command: full marks, none, and what each of many mistakes costs."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

Wrong = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
WRONG: dict[str, Wrong] = tomllib.loads((ROOT / "tests/submissions/wrong_assignment2.toml").read_text())


@pytest.fixture
def check(check):
    """The real command, on assignment 2."""
    return lambda folder, *options, **more: check(folder, *options, assignment="assignment2", **more)


def test_the_reference_has_full_marks(check, repository):
    run = check(repository / "reference")
    assert run.exit_code == 0, run.text
    assert run.report["score"] == run.report["max_score"] == 100
    assert run.statuses() == {"passed"}


#: Checks that reach a stub of another task first: matmul was begun in assignment 1, training starts with a layer.
FIRST_STUB = {"test_matmul": "A1.3", "test_matmul_gradient": "A1.3", "test_own_stack": "A1", "test_bigram": "A2.3"}


def test_the_template_has_none(check, repository):
    run = check(repository / "student_template")
    assert run.exit_code == 1, run.text
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
    assert re.search(r"next: A2\.1", run.stdout)
    for result in run.report["checks"]:
        assert result["message"].startswith(FIRST_STUB.get(result["id"].split("::")[1], result["task"])), result


def packed(wrong: dict[str, Wrong]) -> list[dict[str, Wrong]]:
    """As few submissions as possible: mistakes in different functions, seen by different checks."""
    groups: list[dict[str, Wrong]] = []
    for name, entry in wrong.items():
        for group in groups:
            if not any(_seen(entry) & _seen(other) for other in group.values()):
                group[name] = entry
                break
        else:
            groups.append({name: entry})
    return groups


def _seen(entry: Wrong) -> set[str]:
    """The checks that see the mistake, and the function that it is in."""
    before, found, _ = (ROOT / "reference/tinytorch" / entry["file"]).read_text().partition(entry["old"])
    assert found, entry
    functions = re.finditer(r"^ *(?:def|class) (\w+)", before, re.M)
    return {*entry["loses"], "{file} {place}".format(file=entry["file"], place=[f.start() for f in functions][-1])}


@pytest.mark.parametrize("wrong", packed(WRONG), ids=lambda group: f"{len(group)} mistakes, {next(iter(group))}")
def test_each_mistake_costs_its_own_points_and_no_others(check, variant, wrong):
    run = check(variant(*((entry["file"], entry["old"], entry["new"]) for entry in wrong.values())))
    expected = {f"test_{name}": points for entry in wrong.values() for name, points in entry["loses"].items()}
    assert {name: round(points, 3) for name, points in run.lost().items()} == expected, run.text
    assert run.statuses() <= {"passed", "partial", "failed"}
    assert "Traceback" not in run.text


def test_no_mistake_costs_half():
    # A step that cannot be taken at all stands at the end: everything that moves rests on it.
    assert max(sum(entry["loses"].values()) for entry in WRONG.values()) <= 16


# ---- every name has its check --------------------------------------------------------------------------

#: Public names of the files of assignment 2 that a check is about, beyond those in its marks.
ALSO = {
    "functional.linear": "test_linear",
    "nn.Module": "test_parameters",
    "nn.Parameter": "test_parameters",
    "nn.LayerNorm": "test_layers",
    "optim.Optimizer": "test_zero_grad",
}
#: ops.py was begun in assignment 1.
NEW_OPERATIONS = {"matmul", "concat", "take_rows"}


def public_names() -> set[str]:
    """`module.name` of all functions and classes that a student writes in assignment 2."""
    found = set()
    for file in tomllib.loads((ROOT / "assignments/assignment2/assignment.toml").read_text())["files"]:
        module = file.removesuffix(".py")
        for node in ast.parse((ROOT / "reference/tinytorch" / file).read_text()).body:
            is_new = module != "ops" or getattr(node, "name", "") in NEW_OPERATIONS
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and is_new:
                found.add(f"{module}.{node.name}")
    return found


def marked_names() -> dict[str, set[str]]:
    """For each check the names that its marks `where` and `part` give."""
    found = {}
    for file in (ROOT / "assignments/assignment2").glob("test_*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [mark for mark in node.decorator_list if isinstance(mark, ast.Call)]
                wanted = [m for m in marks if isinstance(m.func, ast.Attribute) and m.func.attr in ("where", "part")]
                found[node.name] = {ast.literal_eval(mark.args[0]) for mark in wanted}
    return found


def test_every_public_name_has_a_check():
    marked = marked_names()
    assert set(ALSO.values()) <= set(marked)
    assert public_names() - set(ALSO) - set().union(*marked.values()) == set()


def test_no_check_is_about_a_name_that_is_not_there():
    assert set().union(*marked_names().values()) <= public_names()


#: What comes back instead of a result, from every function at once; `tinygrade audit` tries each function alone.
NONSENSE = {
    "nothing": "None",
    "NaN": "np.full((2, 3), np.nan)",
    "another shape": "Tensor(np.zeros((2, 2, 7)))",
    "an endless iterator": "iter(int, 1)",
    "something huge": "np.broadcast_to(np.float64(1.0), (20000, 10000))",
}


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_from_everywhere_is_never_our_fault(check, variant, value):
    ending = (
        f"\n\nimport numpy as np\nfrom .tensor import Tensor\n\ndef _nonsense(*args, **kwargs):\n    return {value}\n"
    )
    edits = []
    for file in ("functional", "init", "data", "optim", "ops"):
        names = [name.partition(".")[2] for name in public_names() if name.startswith(f"{file}.")]
        functions = [name for name in names if name[0].islower()]
        lines = [f"{name} = _nonsense" for name in functions]
        lines += [f"{name}.{method} = _nonsense" for name, method in METHODS.items() if name in names]
        edits.append((f"{file}.py", "", ending + "\n".join(lines) + "\n"))
    methods = [f"{name}.{method} = _nonsense" for name, method in LAYERS]
    edits.append(("nn.py", "", ending + "\n".join(methods) + "\n"))
    run = check(variant(*edits))
    assert run.exit_code == 1, run.text
    assert "grader_error" not in run.statuses(), run.text
    assert "Traceback" not in run.text
    assert run.report["score"] <= 5  # the own stack


METHODS = {"SGD": "step", "AdamW": "step", "CharTokenizer": "encode", "Optimizer": "zero_grad"}
LAYERS = [
    *((name, "forward") for name in ("Linear", "Embedding", "LayerNorm", "Dropout")),
    *(("Module", method) for method in ("named_parameters", "parameters", "train", "eval", "zero_grad")),
]
