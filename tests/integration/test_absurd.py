"""Assignment 1 against functions that return what nobody expects: the student's failure, and never a fault of ours."""

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
REPLACED_OPS = """

def _absurd(*args, **kwargs):
    return {result}


for _name in {ops!r}.split():
    globals()[_name] = _absurd
unbroadcast = _absurd
"""
REPLACED_BACKWARD = """

def _absurd(self, grad=None):
    for leaf in topological_order(self):
        if leaf._backward is None:
            leaf.grad = {gradient}


Tensor.backward = _absurd
"""
REPLACED_CHECKER = """

def numerical_vjp(f, inputs, cotangent, h=1e-5):
    return {result}


def check_op(f, vjp, inputs, rng):
    return {result}
"""


def assert_theirs(run, groups):
    assert run.report is not None, run.text
    assert run.statuses() <= {"passed", "partial", "failed"}, run.text
    assert run.report["score"] is not None
    assert {c["points"] for c in run.report["checks"] if c["group"] in groups} == {0}, run.text
    assert "Traceback" not in run.text


@pytest.mark.parametrize("result", RESULTS)
def test_operations(check, variant, result):
    run = check(variant(("ops.py", "", REPLACED_OPS.format(result=RESULTS[result], ops=OPS))), assignment="assignment1")
    assert_theirs(run, {"elementwise", "broadcasting", "shapes", "training"})


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_gradients(check, variant, gradient):
    replaced = REPLACED_BACKWARD.format(gradient=GRADIENTS[gradient])
    run = check(variant(("tape.py", "", replaced)), assignment="assignment1")
    assert_theirs(run, {"training"})
    assert not run.lost().keys() & {"test_numerical_vjp", "test_check_op", "test_order"}
    for name in ("test_reuse", "test_diamonds", "test_chain", "test_broadcast_add"):
        assert run.check(name)["points"] == 0, name


@pytest.mark.parametrize("result", [*RESULTS, "a list of them"])
def test_checkers(check, variant, result):
    value = RESULTS.get(result, "[None, 1.5, 'two', np.nan]").replace("Tensor(", "np.array(").replace(", True)", ")")
    run = check(
        variant(("gradcheck.py", "", REPLACED_CHECKER.format(result=value))),
        *("-k", "checker"),
        assignment="assignment1",
    )
    assert run.report is not None, run.text
    assert run.statuses() == {"failed"}, run.text
