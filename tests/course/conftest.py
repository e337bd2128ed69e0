"""Loads the course's pure modules under a private name, as the course plugin's folder is no installed package."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

COURSE = Path(__file__).parents[2] / "assignments" / "course"
NAME = "_course_under_test"
MODULES = (
    *("strings", "prefix_tree", "judging", "progression", "rules"),
    *("weights", "attention", "reference_curve", "figures"),
    "induction",
    *("networks", "stopwatch"),
    *("archives", "finetuning"),
)


def load_course() -> SimpleNamespace:
    """The pure modules, without running the plugin's own `__init__`."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_loader(NAME, loader=None, is_package=True)
        assert spec is not None
        package: ModuleType = importlib.util.module_from_spec(spec)
        package.__path__ = [str(COURSE)]
        sys.modules[NAME] = package
    return SimpleNamespace(**{name: importlib.import_module(f"{NAME}.{name}") for name in MODULES})


@pytest.fixture(scope="session")
def course() -> SimpleNamespace:
    return load_course()


@pytest.fixture(scope="session")
def fresh(course) -> list[str]:
    return course.strings.fresh_strings(np.random.default_rng(3))


@pytest.fixture(scope="session")
def tree(course):
    """Of the seed's strings alone."""
    return course.prefix_tree.PrefixTree(course.strings.SEED_STRINGS)


@pytest.fixture(scope="session")
def fresh_tree(course, fresh):
    """Of the strings of one graded run."""
    return course.prefix_tree.PrefixTree([*course.strings.SEED_STRINGS, *fresh])


@pytest.fixture(scope="session")
def table(course):
    """A model as a function: (strings, next_char) -> log-probabilities (N, 9, 31).

    `next_char(prefix, string)` returns a dict of the next character's probabilities, "" being the end;
    past the end every model here says the end again.
    """
    ids = {char: i for i, char in enumerate(course.strings.VOCABULARY)}

    def build(strings, next_char):
        probs = np.zeros((len(strings), 9, len(ids)))
        for n, string in enumerate(strings):
            for t in range(9):
                known = next_char(string[: t + 1], string) if t < len(string) else {"": 1.0}
                for char, p in known.items():
                    probs[n, t, ids[char]] = p
        with np.errstate(divide="ignore"):
            return np.log(probs)

    return build
