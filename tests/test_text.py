"""Text hygiene: nothing that a student writes steers a terminal, and it never takes long to make sure."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.text import LIMIT, cells, clean, clean_line, for_terminal


def controls(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}} - {"\n"}


def test_hostile_text_becomes_inert_and_stays_readable(hostile_texts: list[str]) -> None:
    for text in hostile_texts:
        shown = clean(text)
        assert "seen" in shown
        assert controls(shown) == set()
        assert len(shown.encode()) <= LIMIT


@given(st.text(st.characters(), max_size=60))
def test_no_text_survives_with_controls(text: str) -> None:
    shown = clean(text)
    assert controls(shown) == set()
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert clean(shown) == shown


@given(st.text(max_size=400), st.integers(20, 100))
def test_the_limit_holds_in_bytes(text: str, limit: int) -> None:
    assert len(clean(text, limit).encode()) <= limit


def test_a_cut_text_says_so() -> None:
    assert clean("x" * 5000).endswith("[cut]")
    assert not clean("x" * LIMIT).endswith("[cut]")
    assert clean("\x1b[0m" * 100_000 + "the end").endswith("[cut]")


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1bP", "\x9d", "\x1b(", "\x1b[1;", "\r", "\x1b] \x1b\\"])
def test_a_megabyte_made_to_be_slow_is_not(piece: str) -> None:
    before = time.process_time()
    clean(piece * (1_000_000 // len(piece)))
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a    b"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b(Bplain", "plain"),
        ("naïve → 深度", "naïve → 深度"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_clean_line_is_one_line() -> None:
    assert clean_line("a\n  b\x0bc\u2029d") == "a b c d"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "é → ▁█ 深"),
        ("ascii", "? -> _= ?"),
        ("latin-1", "é -> _= ?"),
        (None, "? -> _= ?"),
        ("no-such", "? -> _= ?"),
    ],
)
def test_for_terminal(encoding: str | None, shown: str) -> None:
    assert for_terminal("é → ▁█ 深", encoding) == shown


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("深度", 4), ("e\u0301", 1), ("", 0)])
def test_cells(text: str, columns: int) -> None:
    assert cells(text) == columns
