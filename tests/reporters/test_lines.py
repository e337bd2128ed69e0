"""Lines: wrapped by columns, nothing lost, tables aligned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.reporters.lines import Line, fold, shortened, table, to_text, wrapped
from tinygrade.text import cells

words = st.text(st.sampled_from("ab 深-"), max_size=80)


@given(words, st.integers(10, 40))
def test_fold_keeps_the_width_and_every_character(text: str, room: int) -> None:
    pieces = fold(text, room)
    assert all(cells(piece) <= room for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_fold_breaks_at_spaces_and_keeps_the_indent() -> None:
    assert fold("  one two three", 9) == ["  one two", "  three"]
    assert fold("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_wrapped_puts_first_and_rest_before_the_lines() -> None:
    lines = wrapped("aaaa bbbb cccc\ndddd", 12, first="1. ", rest="   ")
    assert [line.text for line in lines] == ["1. aaaa bbbb", "   cccc", "   dddd"]


def test_wrapped_keeps_the_columns_of_a_table_that_fits() -> None:
    assert [line.text for line in wrapped("a   b\n10  20", 40)] == ["a   b", "10  20"]


def test_to_text_ends_every_line_and_leaves_no_space_at_the_end() -> None:
    assert to_text([Line("a  ", "red"), Line("")]) == "a\n\n"


def test_table_aligns_by_columns_on_screen() -> None:
    assert table([("a", "深", "x"), ("bcd", "1")], right=(1,)) == ["a    深  x", "bcd   1"]
    assert table([]) == []


@pytest.mark.parametrize(("text", "shown"), [("short", "short"), ("much too long", "much to...")])
def test_shortened(text: str, shown: str) -> None:
    assert shortened(text, 10) == shown
