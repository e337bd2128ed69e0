"""Pages of the built-in diagnoses: complete, with examples that are true, and without the mend."""

import doctest
import inspect
import re

import numpy as np
import pytest

from tinygrade.checks import structure
from tinygrade.diagnosis import builtin
from tinygrade.diagnosis.pages import read_pages
from tinygrade.diagnosis.rules.order import RULES

PAGES = {page.code: page for file in sorted(builtin.PAGES.glob("*.md")) for page in read_pages(file)}
#: Named by checks themselves, not by a rule: see `checks.structure`; the last by checks of graphs.
BY_CHECKS = {"inputs-mutated", "gradient-aliased", "not-repeatable", "backward-twice", "shapes-do-not-fit"} | {
    "error-not-raised",
    "upstream",
}
AGREED = """gradient-not-summed gradient-shape gradient-missing gradient-zero gradient-sign gradient-ratio
    gradient-transposed gradient-permuted gradient-per-slice repeated-index-overwritten one-entry-per-row exponent-slip
    missing-centering not-finite reuse-overwritten reuse-doubled visiting-order inputs-mutated gradient-aliased
    not-repeatable backward-twice forward-only value-ratio value-offset value-transposed wrong-axis wrong-shape
    wrong-dtype"""


def test_every_rule_has_a_page_and_every_page_is_reached():
    assert set(PAGES) - {rule.code for rule in RULES} == BY_CHECKS
    assert {rule.code for rule in RULES} <= set(PAGES)
    assert set(re.findall(r'Fault\("([a-z-]+)"', inspect.getsource(structure))) | {"gradient-aliased"} <= set(PAGES)


def test_codes_that_assignments_rely_on():
    assert set(AGREED.split()) <= set(PAGES)


@pytest.mark.parametrize("code", PAGES)
def test_the_example_is_true(code):
    lines = PAGES[code].body.replace("```pycon\n", "").replace("```", "")
    test = doctest.DocTestParser().get_doctest(lines, {}, code, None, 0)
    assert test.examples, "a worked example is missing"
    with np.printoptions(legacy=False):
        result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.failed == 0


@pytest.mark.parametrize("code", PAGES)
def test_the_question_is_one(code):
    page = PAGES[code]
    assert "?" in page.question
    assert len(page.question) < 220
    assert page.title[0].isupper()
    assert not page.title.endswith(".")


#: What mends a mistake must not be read off its page.
MENDS = ["np.add.at", "keepdims=True) *", "argsort", "unbroadcast(", "softmax", "cross_entropy", "np.outer", ".grad +="]


@pytest.mark.parametrize("code", PAGES)
def test_pages_show_no_mend(code):
    page = PAGES[code]
    assert not [mend for mend in MENDS if mend in page.question + page.body]


def test_a_page_without_question_or_body_is_refused(tmp_path):
    for text in ("## a-b: Title\n\nbody\n", "## a-b: Title\n\n> question?\n"):
        (tmp_path / "one.md").write_text(text)
        with pytest.raises(ValueError, match="a-b"):
            read_pages(tmp_path / "one.md")
