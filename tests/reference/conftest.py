"""The reference solution for its own tests, loaded from its folder under a private name.

Never as `tinytorch`: no process of the project may hold a module of that name (design rule 1).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

NAME = "reference_tinytorch_under_test"
FOLDER = Path(__file__).resolve().parents[2] / "reference" / "tinytorch"
MODULES = (
    *("tape", "tensor", "ops", "gradcheck"),
    *("functional", "init", "nn", "optim", "data"),
    *("transformer", "train", "checkpoint", "finetune"),
    "experiments",
    *("generate", "fast"),
)
SEED_STRINGS = [
    *("AAAA", "BBBB", "CCCC", "1111", "2222"),
    *("ABCD", "EFGH", "IJKL", "MNOP", "QRST"),
    *("1234", "5678", "9012"),
    *("AB", "CD", "EF", "GH", "12", "34", "56", "78"),
]


def load_package() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        NAME, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    return package


@pytest.fixture(scope="session")
def lib() -> SimpleNamespace:
    """The modules of the reference: lib.ops, lib.nn, ..."""
    load_package()
    return SimpleNamespace(**{name: importlib.import_module(f"{NAME}.{name}") for name in MODULES})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20251030)


@pytest.fixture
def leaf(lib: SimpleNamespace) -> Callable[..., object]:
    """A tensor that collects a gradient."""
    return lambda data: lib.tensor.Tensor(data, requires_grad=True)


@pytest.fixture
def seed_strings() -> list[str]:
    return list(SEED_STRINGS)


@pytest.fixture
def seed_batch(lib: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """The 21 strings as inputs and targets, both (21, 9)."""
    return lib.data.make_batch(SEED_STRINGS, lib.data.CharTokenizer.from_strings(SEED_STRINGS))
