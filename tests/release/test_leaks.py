"""The search for solutions: found whatever the line is dressed in, and nothing where nothing is."""

import pytest

from tinygrade.config import load_course
from tinygrade.release import leaks

LINE = "half_of_it = float(x) * 0.25 + float(x) * 0.5 + float(x) * 0.25"


@pytest.fixture
def find(tiny):
    def found(text, name="assignments/one/test_first.py", released=()):
        return leaks.find({name: text.encode()}, load_course(tiny), released)

    return found


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"    {LINE}  # why not",
        f"if x: {LINE}",
        f"# {LINE}",
        LINE.replace(" ", ""),
        LINE.replace(" + ", "\n  + "),
        LINE.replace("half_of_it", "y").replace("(x)", "(number)"),
        f"Write `{LINE}` and go on.",
        "return sum((doubled(item) for item in items), start=0.0)",
    ],
)
def test_found(find, text):
    assert find(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "return half_of_it + half_of_it",  # too short to say anything
        "def total(items):",
        "from .first import doubled",
        LINE.replace("0.5", "0.75"),
    ],
)
def test_not_found(find, text):
    assert not find(text)


def test_what_is_released_may_be_there(find):
    assert not find(LINE, released=("first.py",))
    assert find("return sum((doubled(item) for item in items), start=0.0)", released=("first.py",))


def test_what_is_no_text_is_not_read(find):
    assert not find(LINE, name="assignments/recorded/one.npz")


def test_the_first_few_are_told(find):
    found = find("\n".join([LINE] * 2)) * 7
    text = leaks.described(found)
    assert text.splitlines()[0] == f"  assignments/one/test_first.py: {LINE} (solution of first.py)"
    assert text.splitlines()[-1] == "  and 2 more"
