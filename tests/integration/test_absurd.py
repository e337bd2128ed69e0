"""Assignment 1 against functions that return what nobody expects: the student's failure, and never a fault of ours.

Within a grading different functions return different things: what one check meets is not hidden by what others met.
"""

import pytest

OPS = "add sub mul div neg power exp log tanh relu maximum where matmul reduce_sum mean reshape transpose getitem"
RESULTS = {
    "None": "None",
    "a number": "1.5",
    "a string": "'two'",
    "an array": "np.ones((3, 4))",
    "NaN": "Tensor(np.full((3, 4), np.nan), True)",
    "another shape": "Tensor(np.ones((7, 1, 2)), True)",
    "data that is no array": "type('Liar', (), {'data': 'x', 'grad': 3, 'backward': lambda *a: None})()",
}
GRADIENTS = {
    "None": "None",
    "a number": "1.5",
    "a string": "'two'",
    "NaN": "np.full(leaf.shape, np.nan)",
    "another shape": "np.ones((7, 1, 2))",
    "complex": "np.ones(leaf.shape) * 1j",
}
#: Operation number i returns result number i + ROUND.
REPLACED_OPS = """

_RESULTS = [{results}]
for _number, _name in enumerate({ops!r}.split()):
    globals()[_name] = lambda *args, _result=_RESULTS[(_number + {round}) % len(_RESULTS)], **kwargs: _result()
unbroadcast = add
"""
REPLACED_BACKWARD = """

def _absurd(self, grad=None):
    leaves = [leaf for leaf in topological_order(self) if leaf._backward is None]
    for number, leaf in enumerate(leaves):
        leaf.grad = [{gradients}][(number + len(self.data.shape) + {round}) % {count}](leaf)


Tensor.backward = _absurd
"""
REPLACED_CHECKER = """

_COUNT = iter(range(10**9))


def numerical_vjp(f, inputs, cotangent, h=1e-5):
    return [{results}][next(_COUNT) % {count}]()


def check_op(f, vjp, inputs, rng):
    return [{results}][next(_COUNT) % {count}]()
"""


def _functions(values, head="lambda"):
    return ", ".join(f"{head}: {value}" for value in values)


def assert_theirs(run, groups):
    assert run.report is not None, run.text
    assert run.statuses() <= {"passed", "partial", "failed"}, run.text
    assert run.report["score"] is not None
    assert {c["points"] for c in run.report["checks"] if c["group"] in groups} == {0}, run.text
    assert "Traceback" not in run.text


@pytest.mark.parametrize("round", range(len(RESULTS)))
def test_operations(check, variant, round):
    replaced = REPLACED_OPS.format(results=_functions(RESULTS.values()), ops=OPS, round=round)
    run = check(variant(("ops.py", "", replaced)), assignment="assignment1")
    assert_theirs(run, {"elementwise", "broadcasting", "shapes", "training"})


@pytest.mark.parametrize("round", range(len(GRADIENTS)))
def test_gradients(check, variant, round):
    gradients = _functions(GRADIENTS.values(), "lambda leaf")
    replaced = REPLACED_BACKWARD.format(gradients=gradients, round=round, count=len(GRADIENTS))
    run = check(variant(("tape.py", "", replaced)), assignment="assignment1")
    assert_theirs(run, {"training"})
    assert not run.lost().keys() & {"test_numerical_vjp", "test_check_op", "test_order"}
    for name in ("test_reuse", "test_diamonds", "test_chain", "test_broadcast_add"):
        assert run.check(name)["points"] == 0, name


def test_checkers(check, variant):
    values = [value.replace("Tensor(", "np.array(").replace(", True)", ")") for value in RESULTS.values()]
    values.append("[None, 1.5, 'two', np.nan]")
    replaced = REPLACED_CHECKER.format(results=_functions(values), count=len(values))
    run = check(variant(("gradcheck.py", "", replaced)), "-k", "checker", assignment="assignment1")
    assert run.report is not None, run.text
    assert run.statuses() == {"failed"}, run.text
