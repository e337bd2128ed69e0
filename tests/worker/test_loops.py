"""The long loops, on the reference's tape and on checkers of this file."""

import numpy as np
import pytest

from tinygrade.worker.loops import _verdict, verdicts


def test_chain(reference):
    x, g = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    got = reference.loop("chain", x, 50, g)
    assert np.array_equal(got["output"], [51, 52])
    assert np.array_equal(got["gradient"], [3, -1])


def test_descend_is_gradient_descent(reference):
    """Against the same network with its gradient written out in numpy."""
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 8).reshape(-1, 1)
    y = np.sin(x)
    weights = [rng.standard_normal(shape) for shape in ((1, 4), (4,), (4, 1), (1,))]
    got = reference.loop("descend", reference.ops, x, y, weights, 0.1, 20)
    w1, b1, w2, b2 = (weight.copy() for weight in weights)
    for loss in got:
        hidden = np.tanh(x @ w1 + b1)
        error = hidden @ w2 + b2 - y
        assert np.isclose(loss, (error**2).mean(), rtol=1e-10)
        g = 2 * error / error.size
        g_hidden = (g @ w2.T) * (1 - hidden**2)
        w2, b2 = w2 - 0.1 * hidden.T @ g, b2 - 0.1 * g.sum(0)
        w1, b1 = w1 - 0.1 * x.T @ g_hidden, b1 - 0.1 * g_hidden.sum(0)
    assert got[-1] < got[0]


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (True, True),
        (False, False),
        (np.bool_(False), False),
        (1, "returned a value of type int"),
        (None, "returned a value of type NoneType"),
        ("True", "returned a value of type str"),
        (np.array(True), "returned a value of type ndarray"),
    ],
)
def test_a_verdict_is_a_truth_value(said, verdict):
    assert _verdict(lambda: said, ()) is verdict or _verdict(lambda: said, ()) == verdict


def raising(error):
    def judge(*_):
        raise error

    return judge


def test_what_a_checker_raises_is_no_verdict_and_not_the_end():
    assert _verdict(raising(ValueError("no")), ()) == "ValueError: no"
    assert len(_verdict(raising(ValueError("no" * 1000)), ())) == 300


@pytest.mark.parametrize("error", [NotImplementedError, MemoryError, SystemExit, KeyboardInterrupt])
def test_a_stub_and_the_end_of_the_process_are_told(error):
    with pytest.raises(error):
        _verdict(raising(error()), ())


def test_functions_come_with_their_rules():
    seen = []
    said = verdicts(None, lambda *call: seen.append(call) or len(seen) > 1, ["f", "g", "vf", "vg"], [[1], [2]], "rng")
    assert said == [False, True]
    assert seen == [("f", "vf", [1], "rng"), ("g", "vg", [2], "rng")]
