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
    # BEGIN SOLUTION A4.1: copy every parameter's array
    return {name: parameter.data.copy() for name, parameter in model.named_parameters()}
    # END SOLUTION


def load_state_dict(model: Module, sd: Mapping[str, np.ndarray], strict: bool = True) -> list[str]:
    """Write the arrays of `sd` into the parameters of the same names, in place; returns the names without a partner.

    In place: everyone who holds a parameter or its array, such as an optimiser, sees the new numbers. Raises KeyError
    when a parameter has no array or an array no parameter; with strict=False these are left out, and their names come
    back sorted. Raises ValueError when a shape differs, whatever `strict` is. When it raises, nothing has changed.
    """
    # BEGIN SOLUTION A4.1: look at everything first, then write
    parameters = dict(model.named_parameters())
    alone = sorted(parameters.keys() ^ sd.keys())
    if strict and alone:
        raise KeyError(f"only the model or only the state dict has {', '.join(alone)}")
    pairs = [(name, p, sd[name]) for name, p in parameters.items() if name in sd]
    for name, p, array in pairs:
        if np.shape(array) != p.shape:
            raise ValueError(f"{name} has shape {p.shape} in the model and {np.shape(array)} in the state dict")
    for _, p, array in pairs:
        p.data[...] = array
    return alone
    # END SOLUTION


def save_checkpoint(path: str | Path, model: Module, opt: Optimizer, step: int, rng: np.random.Generator) -> None:
    """Write all that load_checkpoint needs to go on from here, bit for bit, into one .npz file with exactly this name.

    That is: the parameters, whatever `opt` remembers from step to step, the number `step`, and the state of `rng`.
    Saving changes none of them. (np.savez adds ".npz" to a name without it, but not to an open file.)
    """
    # BEGIN SOLUTION A4.2: plain arrays in one archive; what is no array goes into a text
    arrays: dict[str, np.ndarray] = {}
    everything = {"model": state_dict(model), "opt": vars(opt), "step": step, "rng": rng.bit_generator.state}
    text = json.dumps(_packed(everything, "", arrays))
    with open(path, "wb") as file:
        np.savez(file, text=np.array(text), **arrays)
    # END SOLUTION


def load_checkpoint(path: str | Path, model: Module, opt: Optimizer, rng: np.random.Generator) -> int:
    """Bring model, optimiser and generator, all in place, to where they were when `path` was written; returns the step.

    `opt` was made for this model with the same arguments as the one that was saved; it may have made steps since.
    Raises KeyError or ValueError, as load_state_dict, when the file is of another model, and ValueError when it holds
    anything that only pickle could read; then nothing has changed.
    """
    # BEGIN SOLUTION A4.2: read everything first, then write
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    content = dict(json.loads(str(arrays["text"]))["dict"])
    load_state_dict(model, _unpacked(content["model"], arrays))
    vars(opt).update(_unpacked(content["opt"], arrays, vars(opt)))
    rng.bit_generator.state = _unpacked(content["rng"], arrays)
    return _unpacked(content["step"], arrays)
    # END SOLUTION


# BEGIN SOLUTION A4.2: any optimiser's memory as JSON with references to arrays
# An optimiser keeps what it likes: a number, arrays in a list, a dict that fills by itself. So whatever lies in its
# attributes is saved, and what is neither container, number nor text, such as the parameters, is left as it is.


def _packed(value: Any, name: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """`value` as JSON; arrays are put into `arrays` under a name that says where they were."""
    if isinstance(value, (np.ndarray, np.generic)):
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, dict):
        return {"dict": [[key, _packed(item, f"{name}/{key}", arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        items = [_packed(item, f"{name}/{i}", arrays) for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"plain": value}
    return {"left": None}


def _unpacked(packed: dict[str, Any], arrays: Mapping[str, np.ndarray], old: Any = None) -> Any:
    """The value again. Arrays of `old`, the value of the present, are filled in place where they fit."""
    ((kind, content),) = packed.items()
    if kind == "array":
        if isinstance(old, np.ndarray) and (old.shape, old.dtype) == (arrays[content].shape, arrays[content].dtype):
            old[...] = arrays[content]
            return old
        return arrays[content][()]
    if kind == "dict":
        before = old if isinstance(old, dict) else {}
        return {key: _unpacked(item, arrays, before.get(key)) for key, item in content}
    if kind in ("list", "tuple"):
        befores = old if isinstance(old, (list, tuple)) and len(old) == len(content) else [None] * len(content)
        items = [_unpacked(item, arrays, before) for item, before in zip(content, befores, strict=True)]
        return items if kind == "list" else tuple(items)
    return old if kind == "left" else content


# END SOLUTION
