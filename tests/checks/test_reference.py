"""Values of the reference are marked, and a marked value cannot be sent; handles are not data."""

import pickle
import sys

import numpy as np
import pytest

from tinygrade.checks.library import FetchFirst, Handle
from tinygrade.checks.package import Package
from tinygrade.checks.reference import ReferenceArray
from tinygrade.checks.student import StudentLibrary
from tinygrade.errors import GraderError
from tinygrade.model import Limits, Surface
from tinygrade.worker.wire import HandleRef, WireError, encode

PLAIN = np.arange(1.0, 7.0).reshape(2, 3)
#: Ways to compute with a marked array, or to take something out of it.
DERIVED = {
    "sum": lambda a: a.sum(),
    "np.sum": lambda a: np.sum(a, axis=0),
    "mean": lambda a: a.mean(),
    "std": lambda a: a.std(axis=-1),
    "max": lambda a: a.max(),
    "prod": lambda a: np.prod(a),
    "cumsum": lambda a: np.cumsum(a),
    "difference": lambda a: PLAIN - a,
    "distance": lambda a: abs(PLAIN - a).max(),
    "number first": lambda a: 2.0 * a,
    "numpy number first": lambda a: np.float64(2) * a[0, 0],
    "power": lambda a: a**2,
    "quotient": lambda a: divmod(a, 2)[0],
    "negation": lambda a: -a,
    "matmul": lambda a: a @ PLAIN.T,
    "matmul from the left": lambda a: PLAIN @ a.T,
    "inner product": lambda a: a[0] @ PLAIN[0],
    "comparison": lambda a: a > PLAIN,
    "any": lambda a: (a != PLAIN).any(),
    "ufunc": lambda a: np.exp(a),
    "clip": lambda a: np.clip(a, 0, 1),
    "round": lambda a: np.round(a),
    "entry": lambda a: a[1, 2],
    "row": lambda a: a[0],
    "mask": lambda a: a[a > 2],
    "list of indices": lambda a: a[[0, 1], [1, 1]],
    "all of it": lambda a: a[...],
    "first of an iteration": lambda a: next(iter(a[0])),
    "unpacking": lambda a: [*a[0]][1],
    "transposed": lambda a: a.T,
    "reshaped": lambda a: a.reshape(-1),
    "copy": lambda a: a.copy(),
    "astype": lambda a: a.astype(int),
    "sort": lambda a: np.sort(a),
    "argsort": lambda a: a.argsort(),
    "view": lambda a: a.view(),
    "swapped axes": lambda a: np.swapaxes(a, 0, 1),
    "take": lambda a: a.take([0, 1]),
    "diagonal": lambda a: a.diagonal(),
    "0-d": lambda a: a[0, 0].reshape(()),
    "dot": lambda a: np.dot(a, PLAIN.T),
    "dot, a method": lambda a: a.dot(PLAIN.T),
    "dot from the left": lambda a: PLAIN.dot(a.T),
    "concatenate": lambda a: np.concatenate([PLAIN, a]),
    "stack": lambda a: np.stack([a, PLAIN])[1],
    "where": lambda a: np.where(PLAIN > 2, a, PLAIN),
    "where, condition": lambda a: np.where(a > 2, PLAIN, 0.0),
    "einsum": lambda a: np.einsum("ij,ij->i", PLAIN, a),
    "tensordot": lambda a: np.tensordot(a, PLAIN),
    "inner": lambda a: np.inner(PLAIN, a),
    "trace": lambda a: np.trace(a),
    "median": lambda a: np.median(a),
    "norm": lambda a: np.linalg.norm(a - PLAIN),
    "singular values": lambda a: np.linalg.svd(a).S,
    "split": lambda a: np.split(a, 2)[0],
    "interpolation": lambda a: np.interp(PLAIN, a[0], a[0]),
    "isclose": lambda a: np.isclose(a, PLAIN),
    "unique": lambda a: np.unique(a),
    "argmax": lambda a: a.argmax(),
    "argmin, a function": lambda a: np.argmin(a, axis=0),
    "place of": lambda a: a[0].searchsorted(2.0),
    "nonzero": lambda a: a.nonzero()[0],
    "flat": lambda a: next(iter(a.flat)),
    "reduction": lambda a: np.add.reduce(a),
    "outer ufunc": lambda a: np.subtract.outer(PLAIN, a),
    "into a plain array": lambda a: np.subtract(PLAIN, a, out=PLAIN.copy()),
    "+=": lambda a: PLAIN.copy().__isub__(a),
    "sum of Python's": lambda a: sum(a[0]),
    "max of Python's": lambda a: max(a[0]),
    "sorted": lambda a: sorted(a[0])[0],
}
#: Python's own numbers and bytes cannot carry a mark.
UNMARKED = {
    "float": lambda a: float(a[0, 0]),
    "int": lambda a: int(a[0, 0]),
    "complex": lambda a: complex(a[0, 0]),
    "index": lambda a: [1, 2][a[0, 0].astype(int)],
    "range": lambda a: range(a[0, 0].astype(int)),
    "item": lambda a: a[0, 0].item(),
    "tolist": lambda a: a.tolist(),
    "tobytes": lambda a: a.tobytes(),
    "pickle": lambda a: pickle.dumps(a),
}


@pytest.fixture
def marked():
    return PLAIN.view(ReferenceArray)


@pytest.mark.parametrize("how", DERIVED)
def test_what_is_derived_stays_marked_and_cannot_be_sent(marked, how):
    derived = DERIVED[how](marked)
    assert type(derived) is ReferenceArray
    for value in (derived, [derived], (1, derived), {"a": derived}, {"a": [{"b": derived}]}):
        with pytest.raises(WireError, match="ReferenceArray"):
            encode(value)


@pytest.mark.parametrize("how", UNMARKED)
def test_what_could_not_stay_marked_is_refused(marked, how):
    with pytest.raises(GraderError, match=r"np\.asarray"):
        UNMARKED[how](marked)


def test_what_is_no_data_is_not_marked(marked):
    assert np.shape(marked) == (2, 3)
    assert (np.ndim(marked), np.size(marked), np.allclose(marked, PLAIN)) == (2, 6, True)
    assert str(marked) == str(PLAIN)
    assert repr(marked) == repr(PLAIN)
    assert f"{marked}" == str(PLAIN)
    assert type(np.asarray(marked)) is type(np.array(marked)) is np.ndarray


def test_what_the_reference_gives_is_marked(reference):
    fetched = [
        reference.fetch(reference.functional.softmax(reference.as_tensor(PLAIN))),
        reference.fetch([reference.as_tensor(PLAIN), {"a": 1.0}])[0],
        reference.fetch([{"a": 1.0}])[0]["a"],
        reference.fetch((3, True))[1],
        reference.fetch(reference.transformer.causal_mask(4)),
        *reference.vjp(reference.ops.exp, [PLAIN], PLAIN)["grads"],
        reference.vjp(reference.ops.exp, [PLAIN], PLAIN)["output"],
    ]
    for value in fetched:
        assert type(value) is ReferenceArray
    assert reference.fetch([None, "text"]) == [None, "text"]


def test_an_object_is_no_data(reference):
    with pytest.raises(GraderError, match="where data was expected"):
        reference.fetch(reference.generator(3))


def test_the_reference_takes_its_own_values_back(reference):
    value = reference.fetch(reference.ops.exp(reference.as_tensor(PLAIN)))
    again = reference.fetch(reference.ops.log(reference.as_tensor(value)))
    np.testing.assert_allclose(again, PLAIN)


def test_the_reference_never_has_the_name_of_the_package(reference):
    reference.fetch(reference.transformer.causal_mask(2))
    assert "tinytorch" not in sys.modules
    assert "tinygrade_reference_tinytorch.transformer" in sys.modules


def test_weights_gradients_and_census(reference):
    linear = reference.nn.Linear(3, 2, rng=reference.generator(0))
    weights = {"weight": np.ones((2, 3)), "bias": np.zeros(2)}
    reference.write(linear, weights)
    assert reference.census(linear) == {"weight": (2, 3), "bias": (2,)}
    output = linear(reference.as_tensor(PLAIN))
    np.testing.assert_allclose(reference.fetch(output), np.repeat([[6.0], [15.0]], 2, 1))
    output.backward(np.ones((2, 2)))
    grads = reference.gradients(linear)
    assert type(grads["weight"]) is ReferenceArray
    np.testing.assert_array_equal(grads["bias"], [2.0, 2.0])
    with pytest.raises(ValueError):
        reference.write(linear, {"weight": np.ones((3, 2))})


def test_the_same_seed_gives_the_same_numbers(reference):
    first, second = (reference.fetch(reference.generator(5).standard_normal(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, np.random.default_rng(5).standard_normal(3))


# ---- handles -----------------------------------------------------------------------------------------

AS_DATA = {
    "==": lambda h: h == 1,
    "!=": lambda h: h != 1,
    "<": lambda h: h < 1,
    ">=": lambda h: h >= 1,
    "== from the right": lambda h: PLAIN[0, 0] == h,
    "== of an array": lambda h: PLAIN == h,  # noqa: SIM300
    "bool": lambda h: bool(h),
    "not": lambda h: not h,
    "len": lambda h: len(h),
    "iteration": lambda h: list(h),
    "unpacking": lambda h: [*h],
    "in": lambda h: 1 in h,
    "float": lambda h: float(h),
    "int": lambda h: int(h),
    "index": lambda h: [1, 2][h],
    "array": lambda h: np.array(h),
    "asarray": lambda h: np.asarray(h, dtype=float),
    "range": lambda h: range(h),
    "max": lambda h: max(h, 3),
    "sum": lambda h: sum(h),
}


@pytest.mark.parametrize("use", AS_DATA)
def test_a_handle_is_not_data(reference, use):
    with pytest.raises(FetchFirst, match="fetch first: <handle of Tensor> is not data"):
        AS_DATA[use](reference.as_tensor(PLAIN))


def test_a_handle_cannot_be_a_key(reference):
    with pytest.raises(TypeError):
        hash(reference.as_tensor(PLAIN))
    with pytest.raises(TypeError):
        {reference.as_tensor(PLAIN)}


def test_protocols_of_python_are_no_requests(reference):
    handle = reference.as_tensor(PLAIN)
    for name in ("__length_hint__", "__array_interface__", "__deepcopy__", "__fspath__"):
        assert not hasattr(handle, name)
    assert repr(handle) == "<handle of Tensor>"


ARITHMETIC = {
    "add": (lambda h: h + 1, PLAIN + 1),
    "radd": (lambda h: PLAIN + h, 2 * PLAIN),
    "sub": (lambda h: h - 1, PLAIN - 1),
    "rsub": (lambda h: 1 - h, 1 - PLAIN),
    "mul": (lambda h: h * h, PLAIN**2),
    "truediv": (lambda h: h / 2, PLAIN / 2),
    "rtruediv": (lambda h: np.float64(1) / h, 1 / PLAIN),
    "pow": (lambda h: h**2, PLAIN**2),
    "neg": (lambda h: -h, -PLAIN),
    "matmul": (lambda h: h @ PLAIN.T, PLAIN @ PLAIN.T),
    "rmatmul": (lambda h: PLAIN.T @ h, PLAIN.T @ PLAIN),
    "getitem": (lambda h: h[1, 1:], PLAIN[1, 1:]),
    "attribute": (lambda h: h.sum(axis=0), PLAIN.sum(0)),
}


@pytest.mark.parametrize("how", ARITHMETIC)
def test_arithmetic_with_a_handle_happens_where_the_object_is(reference, how):
    expression, expected = ARITHMETIC[how]
    result = expression(reference.as_tensor(PLAIN))
    assert type(result) is Handle
    np.testing.assert_allclose(reference.fetch(result), expected)


def test_attributes_and_items_can_be_set(reference):
    handle = reference.as_tensor(PLAIN)
    handle.data[0, 0] = 9.0
    assert reference.fetch(handle)[0, 0] == 9.0
    handle.data = np.zeros(2)
    np.testing.assert_array_equal(reference.fetch(handle), [0.0, 0.0])


# ---- both sides in one expression --------------------------------------------------------------------


class Worker:
    """Answers every request with a handle, and keeps what was sent, as the wire would."""

    def __init__(self):
        self.sent = []

    def ask(self, request, **_):
        encode(request)
        self.sent.append(request)
        return {"value": HandleRef(len(self.sent), "Tensor")}

    def close(self):
        pass

    def output(self):
        return ""


@pytest.fixture
def student(tmp_path):
    package = Package("tinytorch", tmp_path, frozenset(), Surface(), Limits())
    worker = Worker()
    library = StudentLibrary(package, lambda **_: worker, lambda question: {}, 5.0)
    library.sent = worker.sent
    return library


LEAKS = {
    "minus": lambda x, ref: x - ref,
    "minus from the left": lambda x, ref: ref - x,
    "one entry": lambda x, ref: x * ref[0, 0],
    "the largest": lambda x, ref: x + ref.max(),
    "distance to the mean": lambda x, ref: abs(PLAIN - ref).mean() + x,
    "argument": lambda x, ref: x(ref),
    "keyword": lambda x, ref: x(expected=ref),
    "list": lambda x, ref: x([1, [ref]]),
    "dict": lambda x, ref: x({"a": (ref,)}),
    "index": lambda x, ref: x[ref[0, 0].astype(int)],
    "item": lambda x, ref: x.__setitem__(0, ref),
    "attribute": lambda x, ref: setattr(x, "data", ref),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_value_of_the_reference_never_reaches_the_student(student, reference, leak):
    x = student.main
    before = len(student.sent)
    with pytest.raises(GraderError, match="a check tried to send a value of type ReferenceArray"):
        LEAKS[leak](x, reference.fetch(reference.as_tensor(PLAIN)))
    assert len(student.sent) == before


ROUTINES = {
    "vjp": lambda s, ref: s.vjp(s.main, [ref], None),
    "cotangent": lambda s, ref: s.vjp(s.main, [PLAIN], ref),
    "write": lambda s, ref: s.write(s.main, {"weight": ref}),
    "fetch": lambda s, ref: s.fetch([ref]),
    "training": lambda s, ref: s.run_training(s.main, s.main, [ref], {}),
}


@pytest.mark.parametrize("name", ROUTINES)
def test_nor_in_a_routine(student, reference, name):
    with pytest.raises(GraderError, match="ReferenceArray"):
        ROUTINES[name](student, reference.fetch(reference.as_tensor(PLAIN)))


def test_nor_does_an_object_of_the_reference(student, reference):
    with pytest.raises(GraderError, match="an object of the reference"):
        student.main(reference.as_tensor(PLAIN))
    with pytest.raises(GraderError, match="an object of the reference"):
        student.main + reference.as_tensor(PLAIN)


def test_plain_values_do(student):
    assert type(student.main(PLAIN, 1.0, [2], a="b")) is Handle
    assert type(PLAIN - student.main) is Handle
    assert student.sent[-1]["args"][0] == "sub"
