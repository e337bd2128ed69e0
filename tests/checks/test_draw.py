"""Random inputs: the same for the same run, check and purpose, and unrelated otherwise."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.checks.draw import draw, generator, secret_from_seed

BASE = (secret_from_seed(7), "submission", "check", "purpose")


def test_the_numbers_of_a_seed_are_pinned():
    # Recorded runs are repeated with `--seed`: these numbers may change only together with the version.
    assert draw(secret_from_seed(7), "a", "b", "c") == 3210292745115306716


@given(st.binary(min_size=1, max_size=64), st.text(), st.text(), st.text())
def test_same_inputs_same_numbers(secret, submission, check, purpose):
    first = draw(secret, submission, check, purpose)
    assert first == draw(secret, submission, check, purpose)
    assert 0 <= first < 1 << 63
    one, two = (generator(secret, submission, check, purpose).random(3) for _ in range(2))
    assert np.array_equal(one, two)


def test_any_change_gives_other_numbers():
    changed = [
        BASE,
        (secret_from_seed(8), *BASE[1:]),
        (BASE[0] + b"\1", *BASE[1:]),
        *((*BASE[:i], BASE[i] + "x", *BASE[i + 1 :]) for i in (1, 2, 3)),
        # What belongs to one part must not be able to move into the next.
        (BASE[0], "submissionc", "heck", "purpose"),
        (BASE[0], "submission", "checkp", "urpose"),
        (BASE[0], "", "submissioncheck", "purpose"),
    ]
    for one, two in itertools.combinations(changed, 2):
        assert draw(*one) != draw(*two), (one, two)
        assert not np.array_equal(generator(*one).random(4), generator(*two).random(4))


def test_seeds_give_different_secrets():
    assert len({secret_from_seed(seed) for seed in range(-50, 50)}) == 100


def test_the_bits_are_even():
    numbers = [draw(BASE[0], "s", "c", str(i)) for i in range(500)]
    assert len(set(numbers)) == 500
    for bit in range(63):
        assert 170 < sum(number >> bit & 1 for number in numbers) < 330
