import numpy as np
import pytest

from tinygrade import UsageError


def alphabet(ids):
    """Says that the next character of the vocabulary follows, and after D the end."""
    logits = np.zeros(31)
    logits[0 if ids[-1] == 14 else (ids[-1] + 1) % 31] = 50.0
    return logits


def test_a_continuation_ends_where_the_model_says(room):
    found = room.samples.continuation(alphabet, "A")
    assert (found.text, round(found.probability, 3)) == ("ABCD", 1.0)


def test_a_continuation_ends_where_the_model_cannot_read_on(room):
    assert len(room.samples.continuation(lambda ids: np.eye(31)[11] * 50, "B").text) == 10


def test_probabilities_add_up_and_bars_show_them(room):
    assert sum(room.samples.distribution(alphabet, "AB").values()) == pytest.approx(1.0)
    assert room.samples.bars(alphabet, "D")[0].text.split()[:2] == ["end", "100%"]


@pytest.mark.parametrize("prefix", ["", "ABCDEFGHIJ", "x", "A\x1b"])
def test_what_no_model_can_be_asked(room, prefix):
    with pytest.raises(UsageError):
        room.samples.check_prefix(prefix)
