"""The calls that gradient checks are made with: all that is promised is among them, away from kinks and ties."""

import numpy as np
import pytest

from tinygrade.checks import calls
from tinygrade.checks.calls import Call
from tinygrade.checks.gradcheck import GradCheck


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def shapes(made):
    return [tuple(value.shape for value in call.inputs if isinstance(value, np.ndarray)) for call in made]


def test_elementwise(rng):
    made = calls.elementwise(rng, 2)
    found = shapes(made)
    assert all(len(set(pair)) == 1 for pair in found)
    flat = [pair[0] for pair in found]
    assert () in flat
    assert any(len(s) == 2 and s[0] == s[1] > 1 for s in flat), "square"
    assert any(len(s) == 2 and s[0] != s[1] for s in flat), "rectangular"
    assert any(1 in s for s in flat), "size one"
    assert any(len(s) == 3 for s in flat), "batch"
    assert {call.layout for call in made} == {"C", "F", "strided"}


def test_broadcasting(rng):
    found = shapes(calls.broadcasting(rng))
    for wanted in (((4, 3), (3,)), ((3,), (4, 3)), ((4, 3), (1, 3)), ((4, 3), (4, 1)), ((2, 3), ()), ((4, 1), (1, 3))):
        assert wanted in found
    for left, right in found:
        assert left != right
        np.broadcast_shapes(left, right)


def test_labels_tell_calls_apart(rng):
    for made in (calls.broadcasting(rng), calls.indexed(rng), calls.permuted(rng), calls.matrices(rng, batched=True)):
        plain = [call.label for call in made if call.layout == "C"]
        assert len(set(plain)) == len(plain)


def test_reuse_is_one_tensor(rng):
    for call in [*calls.reuse(rng), *calls.reuse(rng, square=True)]:
        assert call.inputs[0] is call.inputs[1]
        assert call.wrt == ((0, 1),)
    assert shapes(calls.reuse(rng, square=True)) == [((3, 3), (3, 3))]


def test_matrices_fit(rng):
    for call in calls.matrices(rng, batched=True):
        np.matmul(*call.inputs)
    assert max(len(a) for a, _ in shapes(calls.matrices(rng))) == 2


def test_indexed(rng):
    made = calls.indexed(rng, rows=5)
    ids = [call.inputs[1] for call in made]
    assert any(np.unique(i).size == i.size > 1 for i in ids)
    assert any(np.unique(i).size < i.size for i in ids)
    assert any(i.ndim == 2 for i in ids)
    assert all(i.min() >= 0 and i.max() < 5 for i in ids)
    for rows in (2, 3, 4):
        for call in calls.indexed(rng, rows):
            call.inputs[0][call.inputs[1]]  # noqa: B018


def test_permuted_has_what_a_wrong_inverse_shows_in(rng):
    orders = [(call.inputs[0].shape, call.kwargs.get("axes")) for call in calls.permuted(rng)]
    cycles = [s for s, axes in orders if axes and len(axes) == 3 and tuple(np.argsort(axes)) != tuple(axes)]
    assert any(len(set(s)) == 3 for s in cycles)
    assert any(len(set(s)) == 1 for s in cycles)
    assert any(axes and min(axes) < 0 for _, axes in orders)
    assert [call.kwargs for call in calls.permuted(rng, "order")][0] == {"order": (1, 2, 0)}


def test_reduced(rng):
    made = calls.reduced(rng)
    assert {} in [call.kwargs for call in made]
    assert {"axis": (0, 2)} in [call.kwargs for call in made]
    assert {"axis": 0, "keepdims": True} in [call.kwargs for call in made]
    assert ((3, 3),) in shapes(made)


@pytest.mark.parametrize("seed", range(20))
def test_draws_stay_where_operations_are_smooth(seed):
    rng = np.random.default_rng(seed)
    assert np.abs(calls.away_from_zero(rng, (50,))).min() >= 0.1
    assert {-1.0, 1.0} == set(np.sign(calls.away_from_zero(rng, (50,))))
    assert calls.positive(rng, (50,)).min() >= 0.5
    made = calls.without_ties(calls.elementwise(rng, 2) + calls.broadcasting(rng))
    for call in made:
        assert np.abs(call.inputs[0] - call.inputs[1]).min() > 0.05
    assert [call.label for call in made] == [c.label for c in calls.elementwise(rng, 2) + calls.broadcasting(rng)]


#: Operation, calls, positions of the tensors: the reference under every kind of call.
WHOLE = {
    "ops.add": (lambda rng: calls.elementwise(rng, 2) + calls.broadcasting(rng) + calls.reuse(rng), (0, 1)),
    "ops.div": (
        lambda rng: calls.elementwise(rng, 2, calls.away_from_zero) + calls.broadcasting(rng, calls.positive),
        (0, 1),
    ),
    "ops.maximum": (lambda rng: calls.without_ties(calls.elementwise(rng, 2) + calls.broadcasting(rng)), (0, 1)),
    "ops.relu": (lambda rng: calls.elementwise(rng, draw=calls.away_from_zero), (0,)),
    "ops.matmul": (lambda rng: calls.matrices(rng, batched=True) + calls.reuse(rng, square=True), (0, 1)),
    "ops.transpose": (calls.permuted, (0,)),
    "ops.reduce_sum": (calls.reduced, (0,)),
    "ops.mean": (calls.reduced, (0,)),
    "ops.take_rows": (calls.indexed, (0,)),
    "ops.getitem": (calls.indexed, (0,)),
}


@pytest.mark.parametrize("op", WHOLE)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_passes_all_of_them(reference, op, seed):
    rng = np.random.default_rng(seed)
    make, wrt = WHOLE[op]
    GradCheck(reference, reference, rng).calls(op, make(rng), wrt=wrt)


def test_a_call_of_your_own(reference, rng, fails):
    check = GradCheck(reference, reference, rng)
    check.calls("ops.add", [Call([np.ones(2), np.ones(2)], label="ones", wrt=(1,))])
    check("functional.layer_norm", [rng.standard_normal((2, 3)), np.ones(3), np.zeros(3)], wrt=(0, 1, 2), eps=0.1)
    check("ops.mul", shapes=[(2, 3), (3,)])
    with pytest.raises(TypeError, match="either inputs or shapes"):
        check("ops.mul")
    with pytest.raises(AttributeError):
        check("ops.multiply", shapes=[(2,)])
