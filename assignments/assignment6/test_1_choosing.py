"""Group 1: from logits to probabilities: temperature, top-k, top-p, and the order of the three."""

import numpy as np
import pytest

PIECE = "generate.filter_logits"
#: Far from 0.7, which its largest two sum to, but farther still from the next possible sums.
NEAR = 1e-6
pytestmark = [pytest.mark.task("A6.1"), pytest.mark.where(PIECE)]


def judge(parity, z, **settings):
    told = ", ".join(f"{name}={value:g}" for name, value in settings.items())
    parity(
        lambda lib: lib.generate.filter_logits(z, **settings),
        f"filter_logits(z{', ' if told else ''}{told})",
        about=PIECE,
        inputs={"z": z, **settings},
    )


def shuffled_logs(rng, probabilities):
    """Logits of these probabilities, in random order and with a random offset."""
    return np.log(rng.permutation(probabilities)) + rng.standard_normal()


@pytest.mark.points(4)
@pytest.mark.title("temperature")
@pytest.mark.part(PIECE)
@pytest.mark.hint("At which temperature is nothing changed, and what must become of two logits when it falls?")
@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0, 0.0])
def test_temperature(parity, rng, temperature):
    judge(parity, 2.0 * rng.standard_normal(9), temperature=temperature)
    judge(parity, np.array([1000.0, 998.0, -1000.0, 999.0]), temperature=temperature)
    excluded = rng.standard_normal(6)
    excluded[[1, 4]] = -np.inf
    judge(parity, excluded, temperature=temperature)
    judge(parity, np.array([0.5, 2.0, 2.0, -1.0]), temperature=temperature)


@pytest.mark.points(4)
@pytest.mark.title("top_k: exactly the k largest")
@pytest.mark.part(PIECE)
@pytest.mark.hint("With k = 2 and three equal logits: how many tokens may be drawn, and which?")
def test_top_k(parity, rng):
    z = 2.0 * rng.standard_normal(9)
    for top_k in (1, 3, 8, 9, 14):
        judge(parity, z, top_k=top_k)
    judge(parity, np.array([0.0, 1.0, 2.0, 1.0, 1.0, -1.0]), top_k=3)
    judge(parity, np.zeros(6), top_k=4)
    judge(parity, 0.1 * rng.standard_normal(9), top_k=4)
    judge(parity, z, temperature=0.5, top_k=3)


@pytest.mark.points(4)
@pytest.mark.title("top_p: the fewest that reach p")
@pytest.mark.part(PIECE)
@pytest.mark.hint("Of 0.4, 0.3, 0.2, 0.1 and p = 0.8: which token is the last that you need?")
def test_top_p(parity, rng):
    z = shuffled_logs(rng, [0.4, 0.3, 0.2, 0.1])
    for top_p in (0.8, 0.7 - NEAR, 0.7 + NEAR, 0.4 - NEAR, 0.4 + NEAR, 0.05, 0.9 + NEAR, 1.0):
        judge(parity, z, top_p=top_p)
    judge(parity, 2.0 * rng.standard_normal(12), top_p=0.75)
    judge(parity, z, temperature=2.0, top_p=0.7)
    # Of the two largest, 4/7 and 3/7: of all, 0.4 and 0.3.
    judge(parity, z, top_k=2, top_p=0.5)
    judge(parity, 2.0 * rng.standard_normal(12), temperature=1.5, top_k=6, top_p=0.8)
    judge(parity, z, temperature=0.0, top_k=2, top_p=0.05)


@pytest.mark.points(1)
@pytest.mark.title("settings that make no sense are refused")
@pytest.mark.hint("What would a temperature of -1 do to the order of the tokens?")
def test_settings(student, rng):
    z = rng.standard_normal(5)
    for settings in ({"temperature": -1.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}):
        student.raises(
            ValueError,
            lambda settings=settings: student.generate.filter_logits(z, **settings),
            valid=lambda: student.fetch(student.generate.filter_logits(z, temperature=0.5, top_k=2, top_p=0.5)),
        )
