"""Functions that return nonsense: each public one of an assignment in turn, to see that no check breaks on it.

The replaced function is appended to the solution's file, so that every caller gets it, wherever it was imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

#: What comes back instead: nothing and a number without calling the function; NaN and another shape after it.
KINDS = ("none", "scalar", "nan", "shape")
WORDS = {"none": "None", "scalar": "a scalar", "nan": "NaN", "shape": "another shape"}

_WRAPPER = '''

def _tinygrade_nonsense(function, kind):
    """Appended by an audit: `function`, but with nonsense instead of its result."""
    import numpy as np

    def spoilt(value):
        if isinstance(value, (list, tuple)):
            return type(value)(spoilt(item) for item in value)
        if isinstance(value, np.ndarray):
            return np.full(value.shape, np.nan) if kind == "nan" else np.stack([value, value], axis=-1)
        if isinstance(getattr(value, "data", None), np.ndarray):
            value.data = spoilt(value.data)
            return value
        return float("nan") if kind == "nan" else np.zeros((2, 2, 7))

    def nonsense(*args, **kwargs):
        if kind == "none":
            return None
        return 3.5 if kind == "scalar" else spoilt(function(*args, **kwargs))

    return nonsense


'''


@dataclass(frozen=True)
class Target:
    """A public function or method of one file."""

    file: str
    #: `function`, or `Class.method`.
    path: str
    #: "", "classmethod", "staticmethod" or "property".
    decorator: str = ""

    @property
    def name(self) -> str:
        return f"{self.file.removesuffix('.py').replace('/', '.')}.{self.path}"


def targets(file: str, source: str) -> list[Target]:
    """The public functions of a file, the public methods of its public classes, and their constructors."""
    found: list[Target] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and _is_public(node.name):
            found.append(Target(file, node.name))
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            wanted = [method for method in methods if _is_public(method.name) or method.name == "__init__"]
            found += [Target(file, f"{node.name}.{method.name}", _decorator(method)) for method in wanted]
    return found


def kinds(target: Target) -> tuple[str, ...]:
    """The kinds of nonsense that make sense for it: a constructor's result is not used, so it just does nothing."""
    return ("none",) if target.path.endswith(".__init__") else KINDS


def spoil(source: str, target: Target, kind: str) -> str:
    """The file with `target` replaced by a function that returns nonsense."""
    old = target.path
    if target.decorator == "property":
        new = f"property(_tinygrade_nonsense({old}.fget, {kind!r}))"
    elif target.decorator == "classmethod":
        new = f"classmethod(_tinygrade_nonsense({old}.__func__, {kind!r}))"
    elif target.decorator == "staticmethod":
        new = f"staticmethod(_tinygrade_nonsense({old}, {kind!r}))"
    else:
        new = f"_tinygrade_nonsense({old}, {kind!r})"
    wrapper = "" if _WRAPPER in source else _WRAPPER
    return f"{source.rstrip()}\n{wrapper}{old} = {new}\n"


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _decorator(method: ast.FunctionDef) -> str:
    names = [node.id for node in method.decorator_list if isinstance(node, ast.Name)]
    return next((name for name in names if name in ("classmethod", "staticmethod", "property")), "")
