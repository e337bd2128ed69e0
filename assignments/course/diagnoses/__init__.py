"""What this course knows about mistakes: for each subject a file of known-wrong formulas and one of pages.

`softmax.md` holds the pages that students read, `softmax.py` beside it the rules that lead to them. Formulas stay on
the trusted side; a page says what was seen and asks, and never holds the solution's formula or code.

Students get the pages, and those rules that look at results alone ([release] in course.toml): formulas of mistakes
stand beside the right ones. Without its rules a page is found by its code only.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tinygrade.diagnosis.pages import read_pages

#: In this order known-wrong formulas are tried, and pages are listed.
SUBJECTS = (
    *("elementwise", "broadcasting", "products"),
    *("softmax", "cross_entropy", "layer_norm", "gelu", "linear", "modules", "data"),
    *("sgd", "adamw", "clipping"),
    *("mask", "attention", "self_attention", "block", "model", "training_step"),
    *("properties", "curve", "predictions"),
    *("checkpoint", "finetuning"),
    "experiments",
    *("choosing", "reading", "fused", "speed"),
)


def register_all(register: Callable[..., None]) -> None:
    """Register every page with the rules that lead to it."""
    here = Path(__file__).parent
    modules = [import_module(f".{subject}", __name__) for subject in SUBJECTS if (here / f"{subject}.py").exists()]
    rules = [rule for module in modules for rule in module.RULES]
    for subject in SUBJECTS:
        for page in read_pages(here / f"{subject}.md"):
            register(page, *(rule for rule in rules if rule.code == page.code))
