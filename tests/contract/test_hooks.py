"""The contract with plugins is documented hook by hook."""

import inspect
import re

import pytest

from tinygrade import hookspecs

HOOKS = {
    name: value
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and hasattr(value, "tinygrade_spec")
}


def test_there_are_hooks():
    assert len(HOOKS) >= 10


def test_every_function_of_the_contract_is_a_hook():
    functions = {name for name, value in vars(hookspecs).items() if inspect.isfunction(value)}
    assert functions == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_documented(name):
    text = inspect.getdoc(HOOKS[name])
    assert name.startswith("tinygrade_")
    assert text, f"{name} has no docstring"
    assert text.splitlines()[0].rstrip().endswith((".", "?")), "the first line is a sentence"
    assert re.search(r"\.\. versionadded:: \d+\.\d+", text), f"{name} does not say since when it exists"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_annotated(name):
    hints = HOOKS[name].__annotations__
    assert set(hints) == {*inspect.signature(HOOKS[name]).parameters, "return"}
