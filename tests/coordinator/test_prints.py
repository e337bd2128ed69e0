"""Fingerprints: the same up to names, layout and comments, and bounded for whatever is handed in."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tinygrade.coordinator import prints
from tinygrade.coordinator.prints import WINDOW, Prints, packed, tokens, winnowed
from tinygrade.gradebook.alike import LEAST, Pair, alike

CODE = '''def softmax(x, axis=-1):
    """Along the axis."""
    shifted = x - x.max(axis=axis, keepdims=True)  # so that nothing overflows
    e = np.exp(shifted)
    return e / e.sum(axis=axis, keepdims=True)
'''
RENAMED = """def softmax(a, ax=-2):
    z = (
        a) - a.max(axis=ax, keepdims=True)

    w = np.exp(z)
    return w / w.sum(axis=ax, keepdims=True)
"""


def test_names_layout_comments_and_texts_count_for_nothing():
    assert tokens(CODE) == tokens(RENAMED.replace("(\n        a)", "a"))
    assert tokens("a.max(b) # c") == ["N", ".", "max", "(", "N", ")"]
    assert tokens('x = f\'{y}\' + rb"""\n#""" + 1.5e-3') == ["N", "=", "+", "+", "0", "-", "0"]
    assert tokens("a - b") != tokens("a + b")


def test_a_long_enough_common_part_is_found():
    """What two lists have in common for RUN + WINDOW - 1 tokens leaves a common print, wherever it stands."""
    chance = random.Random(1)
    for _ in range(200):
        common = [chance.randrange(1 << 32) for _ in range(WINDOW)]
        left, right = ([chance.randrange(1 << 32) for _ in range(chance.randrange(30))] for _ in range(2))
        assert winnowed(left + common + right) & winnowed(right + common + left)


def of(tmp_path: Path, text: str, template: str = "") -> frozenset[int]:
    for name, content in (("given", template), ("work", text)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "ops.py").write_text(content)
    return Prints(tmp_path / "given").of(tmp_path / "work", ["ops.py", "gone.py", "data.bin"])


def test_the_template_counts_for_nothing(tmp_path):
    assert of(tmp_path, CODE)
    assert of(tmp_path, CODE, CODE) == frozenset()
    assert of(tmp_path, RENAMED.replace("(\n        a)", "a"), CODE) == frozenset()


def test_the_method_names_the_template(tmp_path):
    of(tmp_path, CODE, CODE)
    assert Prints(tmp_path / "given").method != Prints(tmp_path / "nothing").method


@pytest.mark.parametrize(
    "start", ['"', "'''\\'", "\\", "a ", "(", "1.", 'rb"', "\0", '"""a', "\ud800", "# ", "é", '"\n', "x='\\\n"]
)
def test_nothing_stops_or_delays_it(start):
    text = start * ((1 << 18) // len(start))
    begin = time.process_time()
    assert len(tokens(text)) <= prints.MOST_TOKENS
    assert time.process_time() - begin < 3, "0.2 s at most on a quiet machine"


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "x.py").write_bytes(b"\xff\xfe\x00" * 1000 + CODE.encode())
    assert Prints(tmp_path / "nothing").of(tmp_path, ["x.py"])


def test_packed_is_four_bytes_each():
    assert len(packed([1, 2**32 - 1])) == 8


def test_pairs():
    a, b = set(range(100)), set(range(50, 150))
    assert alike({"a": a, "b": b, "c": set(range(200, 300))}) == []
    assert alike({"a": a, "b": set(range(20, 200))}) == [Pair("a", "b", 0.8, 80)]
    assert alike({"a": set(range(LEAST - 1)), "b": set(range(LEAST - 1))}) == [], "too little to say anything"


def test_what_many_have_in_common_is_no_sign():
    many = {f"s{i}": set(range(100)) | {1000 + i} for i in range(12)}
    assert alike(many) == []
    assert alike({**many, "x": set(range(500, 560)), "y": set(range(500, 560))}) == [Pair("x", "y", 1.0, 60)]
