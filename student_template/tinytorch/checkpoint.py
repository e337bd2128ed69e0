"""Checkpoints: a model by the names of its parameters, and a training run in a file, to go on as if it never stopped.

Files are .npz archives of plain arrays, read without pickle: a pickle is a program, and who loads one runs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .nn import Module
from .optim import Optimizer


def state_dict(model: Module) -> dict[str, np.ndarray]:
    """The array of every parameter by its name, in the order of named_parameters, with its dtype.

    These are copies: what happens to the model later does not change them, and what happens to them not the model.
    """
    raise NotImplementedError("A4.1: copy every parameter's array")


def load_state_dict(model: Module, sd: Mapping[str, np.ndarray], strict: bool = True) -> list[str]:
    """Write the arrays of `sd` into the parameters of the same names, in place; returns the names without a partner.

    In place: everyone who holds a parameter or its array, such as an optimiser, sees the new numbers. Raises KeyError
    when a parameter has no array or an array no parameter; with strict=False these are left out, and their names come
    back sorted. Raises ValueError when a shape differs, whatever `strict` is. When it raises, nothing has changed.
    """
    raise NotImplementedError("A4.1: look at everything first, then write")


def save_checkpoint(path: str | Path, model: Module, opt: Optimizer, step: int, rng: np.random.Generator) -> None:
    """Write all that load_checkpoint needs to go on from here, bit for bit, into one .npz file with exactly this name.

    That is: the parameters, whatever `opt` remembers from step to step, the number `step`, and the state of `rng`.
    Saving changes none of them. (np.savez adds ".npz" to a name without it, but not to an open file.)
    """
    raise NotImplementedError("A4.2: plain arrays in one archive; what is no array goes into a text")


def load_checkpoint(path: str | Path, model: Module, opt: Optimizer, rng: np.random.Generator) -> int:
    """Bring model, optimiser and generator, all in place, to where they were when `path` was written; returns the step.

    `opt` was made for this model with the same arguments as the one that was saved; it may have made steps since.
    Raises KeyError or ValueError, as load_state_dict, when the file is of another model, and ValueError when it holds
    anything that only pickle could read; then nothing has changed.
    """
    raise NotImplementedError("A4.2: read everything first, then write")
