"""Group 2: a number between 0 and 1 picks a token. The numbers are given, so nothing here is left to chance."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.loops import called

PIECE = "generate.sample"
#: The largest number that a generator gives.
LARGEST = 1.0 - 2.0**-53
NUMBERS = 500
pytestmark = [pytest.mark.task("A6.2"), pytest.mark.where(PIECE)]


@pytest.mark.points(4)
@pytest.mark.title("sample: intervals and their ends")
@pytest.mark.part(PIECE)
@pytest.mark.hint("Which u belong to token 0 when p is [0.25, 0.75]? Does 0.25 itself?")
@pytest.mark.parametrize("where", ["inside", "at the ends", "behind the last sum"])
def test_sample(parity, rng, where):
    for p, u in cases(rng, where):
        parity(
            lambda lib, p=p, u=u: lib.generate.sample(p, u),
            f"sample({np.round(p, 3).tolist()}, {u:.17g})",
            about=PIECE,
            inputs={"p": p, "u": u},
        )


def cases(rng, where):
    if where == "inside":
        p = rng.dirichlet(np.ones(6))
        ends = np.cumsum(p)
        return [(p, float(u)) for u in ends - p / 2]
    if where == "at the ends":
        # Sums of halves are exact in any order.
        exact = [np.array(p) for p in ([0.25, 0.25, 0.5], [0.0, 0.5, 0.0, 0.5], [0.0, 0.0, 1.0])]
        return [(p, float(u)) for p in exact for u in {0.0, *np.cumsum(p)[:-1]} if u < 1]
    # Ten times 0.1 sum to less than 1, and 1/3 and 2/3 leave nothing behind.
    tenths = np.full(10, 0.1)
    return [(tenths, LARGEST), (np.append(tenths, [0.0, 0.0]), LARGEST), (np.array([1.0, 0.0]), LARGEST)]


@pytest.mark.points(3)
@pytest.mark.title("every token has its share of the numbers")
@pytest.mark.needs("test_sample")
@pytest.mark.hint("How long is the interval of numbers that leads to a token of probability p?")
def test_shares(student, rng, mistake):
    p = rng.dirichlet(np.full(8, 0.7))
    numbers = (np.arange(NUMBERS) + float(rng.random())) / NUMBERS
    picked = called(student, student.generate.sample, [((p, float(u)), {}) for u in numbers])
    ids = [int(token) for token in picked if isinstance(token, int | np.integer) and 0 <= token < p.size]
    if len(ids) < NUMBERS:
        raise StudentFailure(f"{NUMBERS - len(ids)} of {NUMBERS} numbers u picked no id from 0 to {p.size - 1}")
    if len(set(ids)) == 1:
        raise mistake("sample-ignores-number", f"all of {NUMBERS} different numbers u picked the token {ids[0]}")
    counts = np.bincount(ids, minlength=p.size)
    # Of evenly spaced numbers, an interval of length p holds p * NUMBERS, up to one more or less. No chance is in it.
    wrong = np.flatnonzero(np.abs(counts - p * NUMBERS) > 1 + 1e-6)
    if wrong.size:
        i = wrong[0]
        raise StudentFailure(
            f"of {NUMBERS} evenly spaced numbers u, {counts[i]} picked the token {i} of probability {p[i]:.4f},"
            f" expected {p[i] * NUMBERS:.1f}"
        )
