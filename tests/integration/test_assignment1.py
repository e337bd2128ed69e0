"""Assignment 1 through the real command: right ones, the untouched template, and wrong answers for each group."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def stubs():
    """Names of the functions of the template that assignment 1 asks for, by file."""
    found = {}
    for file in ("ops.py", "tape.py", "gradcheck.py"):
        tree = ast.parse((ROOT / "student_template" / "tinytorch" / file).read_text("utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        found[file] = {f.name for f in functions if 'NotImplementedError("A1.' in ast.unparse(f).replace("'", '"')}
    return found


OPS = sorted(stubs()["ops.py"] - {"unbroadcast"})


@pytest.mark.parametrize("assignment", ["assignment0", "assignment1"])
def test_reference_has_full_marks(check, repository, assignment):
    run = check(repository / "reference", assignment=assignment)
    assert run.exit_code == 0, run.text
    assert run.report["score"] == run.report["max_score"]
    assert run.statuses() == {"passed"}
    assert run.report["swaps"] == []


@pytest.mark.parametrize(("assignment", "first"), [("assignment0", "A0.1"), ("assignment1", "A1.1")])
def test_the_template_is_not_implemented_and_told_where_to_start(check, repository, assignment, first):
    run = check(repository / "student_template", assignment=assignment)
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
    assert f"next: {first}" in run.text
    assert "FAILED" not in run.text
    if assignment == "assignment1":
        assert_every_stub_is_reached(run)


def assert_every_stub_is_reached(run):
    """An operation of the public table without a check of its own would be found here."""
    reached = {c["where"].partition(":")[0] + " " + c["where"].split()[-1] for c in run.report["checks"]}
    wanted = {f"{file} {name}" for file, names in stubs().items() for name in names}
    assert len(OPS) >= 18
    # It is asked about a graph, whose operations are stubs here: see the last test.
    assert wanted - reached == {"tape.py topological_order"}


BROKEN = {
    "values": "out.data = out.data * 1.001 + 0.001",
    "gradient": "out._backward = rule and (lambda g: tuple(None if p is None else 0.5 * p for p in rule(g)))",
}
WRAPPED = """

def _broken(op):
    def call(*args, **kwargs):
        out = op(*args, **kwargs)
        rule = out._backward
        {what}
        return out
    return call


for _name in {ops}:
    globals()[_name] = _broken(globals()[_name])
"""


@pytest.mark.parametrize("what", BROKEN)
def test_every_operation_is_judged_by_values_and_by_gradients(check, variant, what):
    run = check(variant(("ops.py", "", WRAPPED.format(what=BROKEN[what], ops=OPS))), assignment="assignment1")
    for op in OPS:
        result = run.check(f"test_{op}")
        statuses = {case["id"]: case["status"] for case in result["cases"]}
        assert statuses[what] == "failed", op
        assert result["points"] < result["max_points"]
        if what == "gradient":
            assert statuses["values"] == "passed", op
    assert run.statuses() <= {"passed", "partial", "failed"}


# ---- wrong answers: each costs what it is about, and about once ---------------------------------------

OVERWRITES = ("tape.py", "arriving[parent] + g_parent if parent in arriving else g_parent", "g_parent")
RECURSIVE = (
    "tape.py",
    "    reached = [root]\n",
    "    def visit(node, seen, order):\n"
    "        if node not in seen:\n"
    "            seen.add(node)\n"
    "            for parent in node._parents:\n"
    "                visit(parent, seen, order)\n"
    "            order.append(node)\n"
    "        return order\n\n"
    "    return visit(root, set(), [])[::-1]\n"
    "    reached = [root]\n",
)
SHARED = ("tape.py", "node.grad = np.array(g) if node.grad is None", "node.grad = g if node.grad is None")
UNSUMMED = ("ops.py", "    if g.shape == shape:\n        return g\n", "    return g\n")
#: name: edits, what it costs by check function, None for "some points of it".
MISTAKES = {
    "tanh has a slope of its own": (
        [("ops.py", "g * (1.0 - result * result)", "g * (1.0 - result)")],
        {"test_tanh": 0.75},
    ),
    "power needs a logarithm always": (
        [("ops.py", "np.log(np.where(a.data == 0, 1.0, a.data))", "np.log(a.data)")],
        {},
    ),
    "a gradient is not summed": (
        [UNSUMMED],
        {
            **{f"test_broadcast_{op}": 1 for op in ("add", "sub", "mul", "div", "power")},
            **{"test_unbroadcast": 3, "test_maximum": 1, "test_where": 1},
        },
    ),
    "mean forgets the number of entries": (
        [("ops.py", "return div(total, as_tensor(x).data.size / total.data.size)", "return total")],
        {"test_mean": 3.5, "test_methods": None},
    ),
    "transpose goes the same way back": (
        [("ops.py", "g.transpose(inverse)", "g.transpose(order)")],
        {"test_transpose": 1.75},
    ),
    "the last of repeated indices counts": (
        [("ops.py", "np.add.at(g_x, index, g)  #", "g_x[index] = g  #")],
        {"test_getitem": 1.75},
    ),
    "a gradient overwrites the one before": (
        [OVERWRITES],
        {"test_reuse": 4, "test_diamonds": 5, "test_twice": 1},
    ),
    "gradients share their memory": ([SHARED], {"test_no_aliasing": 2}),
    "the walk is recursive": ([RECURSIVE], {"test_chain": 2}),
    "several numbers need no gradient": (
        [("tape.py", "            if self.data.size != 1:\n", "            if False:\n")],
        {"test_start": 1},
    ),
}


def packed():
    """Mistakes in single operations in one submission, those in what everything rests on each by itself."""
    single = [name for name, (edits, _) in MISTAKES.items() if edits[0][0] == "ops.py" and edits[0] != UNSUMMED]
    assert len(set().union(*(MISTAKES[name][1] for name in single))) == sum(len(MISTAKES[name][1]) for name in single)
    return [single, *([name] for name in MISTAKES if name not in single)]


@pytest.mark.parametrize("names", packed(), ids=lambda names: f"{len(names)}, {names[0]}")
def test_a_mistake_costs_what_it_is_about(check, variant, names):
    edits = [edit for name in names for edit in MISTAKES[name][0]]
    costs = {function: points for name in names for function, points in MISTAKES[name][1].items()}
    run = check(variant(*edits), assignment="assignment1")
    lost = run.lost()
    certain = {function: points for function, points in costs.items() if points is not None}
    assert {function: points for function, points in lost.items() if function in certain} == certain
    assert set(lost) <= set(costs), lost
    assert run.statuses() <= {"passed", "partial", "failed"}
    assert "Traceback" not in run.text


def test_operations_earn_their_points_before_the_walk_is_written(check, variant):
    """`backward` is a stub: the checks of operations walk back themselves."""
    stub = '        raise NotImplementedError("A1.4: the walk")\n        arriving = {self: self._seed(grad)}\n'
    run = check(variant(("tape.py", "        arriving = {self: self._seed(grad)}\n", stub)), assignment="assignment1")
    groups = {}
    for c in run.report["checks"]:
        groups.setdefault(c["group"], set()).add(c["status"])
    assert groups["elementwise"] == groups["broadcasting"] == groups["shapes"] == groups["own checker"] == {"passed"}
    assert groups["graph"] == {"not_implemented", "passed"}
    assert run.check("test_order")["status"] == "passed"
    assert groups["training"] == {"not_implemented"}
