"""From a mismatch to what the report holds: a diagnosis with evidence in plain numbers, or none."""

import json

import numpy as np
import pytest
from wrong_backwards import OPS, WRONG, Library

from tinygrade.checks.calls import Call
from tinygrade.checks.diagnosing import plain, worst_entry
from tinygrade.checks.gradcheck import GradCheck, compare_gradients
from tinygrade.checks.parity import Parity
from tinygrade.diagnosis import builtin
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.failures import StudentFailure

CATALOGUE = Catalogue()
builtin.tinygrade_register_diagnoses(CATALOGUE.register)
#: What each wrong backward is told as; None where no generic rule may say anything.
TOLD = {
    "zero": "gradient-zero",
    "zero softmax": "gradient-zero",
    "sign": "gradient-sign",
    "sign of the second": "gradient-sign",
    "factor 2": "gradient-ratio",
    "factor missing": "gradient-ratio",
    "ones instead of g": "ignores-cotangent",
    "ones from a sum": "ignores-cotangent",
    "mean of g": "ignores-cotangent",
    "g passed on": "passed-through",
    "inputs swapped": "wrong-argument",
    "gradient of the first only": "gradient-zero",
    "square missing": "exponent-slip",
    "transposed": "gradient-transposed",
    "matmul not transposed": None,
    "matmul result transposed": "gradient-transposed",
    "broadcasting averaged": "gradient-ratio",
    "broadcasting: the last row": "batch-only",
    "broadcasting forgotten": "gradient-not-summed",
    "un-normalised mean": "gradient-ratio",
    "mean of the wrong axis": "gradient-ratio",
    "relu of g": None,
    "relu passes everything": "passed-through",
    "relu of the other side": None,
    "gelu without product rule": None,
    "diagonal-only softmax": None,
    "softmax over the wrong axis": None,
    "softmax without the factor": "exponent-slip",
    "norm without centering": "missing-centering",
    "norm without the variance": None,
    "norm without epsilon": "gradient-per-slice",
    "norm un-normalised": "gradient-per-slice",
    "loss not averaged": "gradient-ratio",
    "loss without targets": "one-entry-per-row",
    "loss ignores g": "ignores-cotangent",
    "repeated index overwritten": None,  # the indices are no argument here
    "repeated index counted once": "gradient-per-slice",
    "one entry off by 1e-3": None,
    "one entry off by 1e-5": None,
    "1 % too large": "gradient-ratio",
    "1e-5 too small": "gradient-ratio",
    "half precision": "wrong-dtype",
    "NaN": "not-finite",
    "one NaN": "not-finite",
    "infinity": "not-finite",
    "overflow": "ignores-cotangent",
    "None": "gradient-missing",
    "None for the second": "gradient-missing",
    "too few": "gradient-missing",
    "wrong shape": "gradient-shape",
    "one axis more": "gradient-shape",
    "broadcastable shape": "gradient-shape",
    "summed to a number": "gradient-shape",
    "a list": "wrong-type",
    "integers": "wrong-dtype",
    "text": "wrong-type",
    "a bias that has no effect gets one": None,
    "0-d output, ones": "ignores-cotangent",
}


def failure(op, backward=None, forward=None, seed=0, **options):
    right, rule, shapes = OPS[op]
    rng = np.random.default_rng(seed)
    inputs = [np.asarray(rng.standard_normal(shape)) for shape in shapes]
    check = GradCheck(Library(forward or right, backward or rule), Library(right, rule), rng, CATALOGUE)
    with pytest.raises(StudentFailure) as caught:
        check.calls(lambda lib: lib.forward, [Call(inputs, label="drawn")], wrt=range(len(inputs)), name=op, **options)
    return caught.value


def test_the_table_is_complete():
    assert set(TOLD) == set(WRONG)


@pytest.mark.parametrize("mistake", TOLD)
def test_wrong_backwards_are_named_or_left_unnamed(mistake, capsys):
    op, backward = WRONG[mistake]
    for seed in range(5):
        found = failure(op, backward, seed=seed).diagnosis
        code = found.code if found else None
        # Three entries may be too few to tell a power from.
        assert code == TOLD[mistake] or (code is None and mistake == "square missing")
    assert capsys.readouterr().err == "", "a rule failed"


@pytest.mark.parametrize("mistake", [name for name, code in TOLD.items() if code])
def test_evidence_is_plain_bounded_and_complete(mistake):
    op, backward = WRONG[mistake]
    told = failure(op, backward, seed=3)
    if told.diagnosis is None:
        return
    evidence = told.diagnosis.evidence
    text = json.dumps(evidence, allow_nan=False)
    assert len(text) < 2000
    assert evidence["call"] == "drawn"
    assert evidence["argument"].startswith("argument ")
    assert told.hint == CATALOGUE.pages[told.diagnosis.code].question
    if TOLD[mistake] not in ("gradient-missing", "gradient-not-summed", "gradient-shape", "wrong-type"):
        assert {"index", "yours", "expected", "ratio"} <= set(evidence)


def test_a_wrong_forward_whose_backward_fits_it():
    cubed = {"forward": lambda x: x**3, "backward": lambda g, x: (3 * g * x**2,)}
    assert failure("scalar", **cubed).diagnosis.code == "forward-only"
    assert failure("scalar", **cubed, verdict="backward").diagnosis.code in ("forward-only", "exponent-slip")
    fits = {"forward": lambda x: np.exp(x) + np.sin(x), "backward": lambda g, x: (g * (np.exp(x) + np.cos(x)),)}
    assert failure("exp", **fits).diagnosis.code == "forward-only"
    assert failure("exp", **fits, verdict="backward").diagnosis.code == "forward-only"
    assert failure("exp", forward=fits["forward"]).diagnosis is None


def test_a_kink_between_the_points_is_no_misfit():
    """The differences of this forward cross a kink: nothing is said rather than something wrong."""

    def kinked(x):
        return np.abs(x - x.ravel()[0] - 3e-6) + np.exp(x)

    told = failure("exp", forward=kinked, backward=lambda g, x: (g * (np.exp(x) + np.sign(x - x.ravel()[0] - 3e-6)),))
    assert told.diagnosis is None or told.diagnosis.code == "forward-only"


def test_verdicts_are_separate():
    right, rule, shapes = OPS["exp"]

    def check(forward=right, backward=rule, verdict="both"):
        rng = np.random.default_rng(0)
        GradCheck(Library(forward, backward), Library(right, rule), rng)(
            lambda lib: lib.forward, shapes=shapes, name="exp", verdict=verdict
        )

    check(forward=lambda x: np.exp(x) + 1, verdict="backward")
    check(backward=lambda g, x: (g,), verdict="forward")
    check(backward=lambda g, x: 1 / 0, verdict="forward")
    with pytest.raises(StudentFailure, match="exp.*yours"):
        check(forward=lambda x: np.exp(x) + 1, verdict="forward")
    with pytest.raises(StudentFailure, match="the gradient of"):
        check(backward=lambda g, x: (g,), verdict="backward")
    with pytest.raises(StudentFailure, match="the shape of the value"):
        check(forward=lambda x: np.exp(x)[None], verdict="backward")


def test_tolerances_may_be_other_ones():
    off = lambda g, x: (g * np.exp(x) * (1 + 1e-5),)  # noqa: E731
    failure("exp", off)
    right, rule, shapes = OPS["exp"]
    rng = np.random.default_rng(0)
    check = GradCheck(Library(right, off), Library(right, rule), rng)
    check(lambda lib: lib.forward, shapes=shapes, name="exp", rtol=1e-4)


def test_whole_models():
    expected = {"weight": np.array([[1.0, 2.0], [3.0, 4.0]]), "bias": np.array([1.0, 5.0])}
    for got, code in (
        ({**expected, "bias": None}, "gradient-missing"),
        ({**expected, "bias": np.zeros(2)}, "gradient-zero"),
        ({**expected, "bias": 3.7 * expected["bias"]}, "gradient-ratio"),
        ({**expected, "weight": expected["weight"].T}, "gradient-transposed"),
        ({**expected, "weight": expected["weight"] + 1}, None),
    ):
        with pytest.raises(StudentFailure) as caught:
            compare_gradients(got, expected, "step", catalogue=CATALOGUE)
        found = caught.value.diagnosis
        assert (found.code if found else None) == code
        if found:
            assert found.evidence["argument"] in caught.value.message
    check = GradCheck(None, None, np.random.default_rng(0), CATALOGUE)
    with pytest.raises(StudentFailure) as caught:
        check.gradients({"bias": None}, {"bias": np.ones(2)}, "step")
    assert caught.value.diagnosis.code == "gradient-missing"


class Plain:
    def __init__(self, value):
        self.value = value

    def fetch(self, value):
        return value


@pytest.mark.parametrize(
    ("got", "expected", "code", "index"),
    [
        (-np.arange(4.0), np.arange(4.0), "value-ratio", [3]),
        ([np.ones(3), -np.arange(4.0)], [np.ones(3), np.arange(4.0)], "value-ratio", [3]),
        ({"a": np.ones(3), "b": np.zeros(3)}, {"a": np.ones(3), "b": np.arange(3.0)}, "value-zero", [2]),
        (np.array([[1.0, 2.0], [3.0, 9.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), None, None),
        (None, np.ones(3), "wrong-type", None),
        ([np.ones(3)], [np.ones(3), np.ones(3)], None, None),
    ],
)
def test_parity_is_diagnosed(got, expected, code, index):
    parity = Parity(Plain(got), Plain(expected), CATALOGUE)
    with pytest.raises(StudentFailure) as caught:
        parity(lambda lib: lib.value, "it", about="nn.it", inputs={"x": np.ones(3)})
    found = caught.value.diagnosis
    assert (found.code if found else None) == code
    if found and index:
        assert found.evidence["index"] == index


def test_worst_entry():
    entry = worst_entry(np.array([[1.0, 2.0], [3.0, 8.0]]), np.array([[1.0, 2.0], [3.5, 4.0]]))
    assert entry == {"index": [1, 1], "yours": 8.0, "expected": 4.0, "ratio": 2.0}
    assert worst_entry(np.array([1.0, np.nan]), np.array([0.0, 1.0]))["index"] == [1]
    assert worst_entry(np.array([1.0]), np.array([0.0]))["ratio"] is None
    assert worst_entry(np.ones(2), np.ones(3)) == {"yours_shape": (2,), "expected_shape": (3,)}
    for got in (None, "text", [1.0], {}):
        assert worst_entry(got, np.ones(2)) == {}


def test_plain():
    evidence = {"a": np.float64(2), "b": np.array([1, 2]), "c": float("nan"), "d": "x" * 999, "e": range}
    made = plain({**evidence, "f": (1,) * 99})
    assert made["a"] == 2.0
    assert made["b"] == [1, 2]
    assert made["c"] is None
    assert len(made["d"]) <= 200
    assert made["e"] == "type"
    assert len(made["f"]) == 8
    json.dumps(made, allow_nan=False)
