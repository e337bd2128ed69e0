"""`tinygrade explain`: the page of a code, the list of all, and the document, inside a course and outside of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygrade import hookimpl
from tinygrade.plugins import make_plugin_manager


class Plugin:
    """A plugin that can name one mistake."""

    @hookimpl
    def tinygrade_register_diagnoses(self, register):
        from tinygrade.diagnosis.catalogue import Page

        body = "Two by two.\n\n```pycon\n>>> 2 * 2\n4\n```"
        register(Page("sum-of-parts", "The parts are multiplied", "How many are two and two?", body))


@pytest.fixture
def manager():
    made = make_plugin_manager()
    made.register(Plugin(), "plugin")
    return made


def test_a_page(tinygrade, manager):
    done = tinygrade("explain", "sum-of-parts", manager=manager)
    assert done.code == 0
    assert done.out.splitlines()[0] == "# sum-of-parts"
    assert "**The parts are multiplied**" in done.out
    assert "> How many are two and two?" in done.out
    assert ">>> 2 * 2\n4\n" in done.out
    assert "\x1b" not in done.out


def test_the_list_is_sorted_and_aligned(tinygrade, manager):
    done = tinygrade("explain", manager=manager)
    assert done.code == 0
    head, *rows = done.out.splitlines()
    column = head.index("what was seen")
    assert [row[:column].strip() for row in rows] == sorted(row[:column].strip() for row in rows)
    assert all(row[column - 1] == " " and row[column] != " " for row in rows)
    assert any(row.split()[0] == "gradient-not-summed" for row in rows)
    assert any(row.endswith("The parts are multiplied") for row in rows)


def test_an_unknown_code_gets_a_suggestion(tinygrade, manager):
    done = tinygrade("explain", "sum-of-part", manager=manager)
    assert done.code == 2
    assert "did you mean 'sum-of-parts'?" in done.err
    assert not done.out


def test_a_code_is_found_however_it_is_typed(tinygrade, manager):
    assert tinygrade("explain", " Sum-Of-Parts ", manager=manager).code == 0


def test_outside_a_course_there_are_the_built_in_pages(tinygrade, tmp_path: Path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert tinygrade("explain", "gradient-zero", in_course=False).code == 0


def test_a_course_that_was_named_must_be_one(tinygrade, tmp_path: Path):
    done = tinygrade("explain", "--course", str(tmp_path / "nowhere"), in_course=False)
    assert done.code == 2


def test_the_document_holds_every_page(tinygrade, manager):
    done = tinygrade("explain", "--markdown", manager=manager)
    assert done.code == 0
    assert "- [`sum-of-parts`](#sum-of-parts): The parts are multiplied" in done.out
    assert "\n## sum-of-parts\n" in done.out
    assert done.out.endswith("```\n")
