"""Exceptions that name a mistake: what numpy really says, and what must not be taken for it."""

import numpy as np
import pytest

from tinygrade.diagnosis import builtin
from tinygrade.diagnosis.exceptions import CODES, recognised
from tinygrade.diagnosis.pages import read_pages

SHAPES = {
    "plus": lambda: np.ones((2, 3)) + np.ones(2),
    "product": lambda: np.ones((2, 3)) @ np.ones((2, 3)),
    "dot": lambda: np.ones((2, 3)).dot(np.ones((2, 3))),
    "reshape": lambda: np.ones((2, 3)).reshape(4),
    "broadcast": lambda: np.broadcast_to(np.ones(2), (3,)),
    "transpose": lambda: np.ones((2, 3)).transpose(0, 1, 2),
    "axis": lambda: np.ones(2).sum(axis=1),
    "assign": lambda: np.zeros(3).__setitem__(slice(None), np.ones(2)),
}


def message(call):
    with pytest.raises(Exception) as raised:
        call()
    return f"{type(raised.value).__name__}: {raised.value}"


@pytest.mark.parametrize("name", SHAPES)
def test_what_numpy_says_of_shapes(name):
    assert recognised(message(SHAPES[name])) == "shapes-do-not-fit"


def test_too_deep():
    def deeper(n):
        return deeper(n + 1)

    assert recognised(message(lambda: deeper(0))) == "recursion-limit"


def test_the_label_of_a_call_does_not_hide_it():
    text = "(a (2, 3) array, axis=(0, 1)) ValueError: operands could not be broadcast together"
    assert recognised(text) == "shapes-do-not-fit"
    assert recognised("(of operands could not be broadcast) KeyError: 'x'") == ""


def test_no_gradient():
    assert recognised("ValueError: backward() on a tensor that does not require a gradient") == "gradient-missing"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ValueError: expected a positive number",
        "KeyError: 'could not be broadcast'",
        "ZeroDivisionError: division by zero",
        "mul: the gradient of a has shape (2, 3), expected (3,)",
        "ValueError: no\noperands could not be broadcast",
    ],
)
def test_what_is_not_recognised(text):
    assert recognised(text) == ""


def test_each_code_has_a_page():
    pages = {page.code for file in builtin.PAGES.glob("*.md") for page in read_pages(file)}
    assert CODES - pages == {"recursion-limit"}  # the course has this one
