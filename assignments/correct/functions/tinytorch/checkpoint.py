from __future__ import annotations

import ast
from typing import Any

import numpy as np

from .nn import Module


def state_dict(model: Module) -> dict[str, np.ndarray]:
    result = {}
    for name, parameter in model.named_parameters():
        result[name] = np.empty_like(parameter.data)
        result[name][...] = parameter.data
    return result


def load_state_dict(model: Module, sd: dict[str, np.ndarray], strict: bool = True) -> list[str]:
    plan, unused = [], set(sd)
    lonely = []
    for name, parameter in model.named_parameters():
        if name not in sd:
            lonely.append(name)
            continue
        unused.discard(name)
        if sd[name].shape != parameter.shape:
            raise_later: Exception | None = ValueError(f"{name}: {sd[name].shape} for {parameter.shape}")
        else:
            raise_later = None
        plan.append((parameter, sd[name], raise_later))
    lonely += unused
    if strict and lonely:
        raise KeyError(sorted(lonely))
    for _, _, problem in plan:
        if problem is not None:
            raise problem
    for parameter, array, _ in plan:
        parameter.data[()] = array
    return sorted(lonely)


def memory(optimizer: Any, parameters: list[Any]) -> dict[str, np.ndarray]:
    """What the optimiser knows about each parameter, by its place in the model."""
    found = {}
    for i, parameter in enumerate(parameters):
        kept = optimizer.state.get(parameter)
        if kept is None:
            continue
        for j, array in enumerate(kept if isinstance(kept, tuple) else [kept]):
            found[f"memory.{i}.{j}"] = array
    return found


def save_checkpoint(path: Any, model: Module, opt: Any, step: int, rng: np.random.Generator) -> None:
    arrays = {f"weights.{name}": array for name, array in state_dict(model).items()}
    arrays |= memory(opt, model.parameters())
    text = repr({"step": step, "t": getattr(opt, "t", 0), "rng": rng.bit_generator.state})
    with open(path, "wb") as file:
        np.savez(file, text=text, **arrays)


def load_checkpoint(path: Any, model: Module, opt: Any, rng: np.random.Generator) -> int:
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    content = ast.literal_eval(str(arrays.pop("text")))
    load_state_dict(model, {k.removeprefix("weights."): a for k, a in arrays.items() if k.startswith("weights.")})
    opt.state.clear()
    for i, parameter in enumerate(model.parameters()):
        kept = [arrays[f"memory.{i}.{j}"] for j in range(2) if f"memory.{i}.{j}" in arrays]
        if kept:
            opt.state[parameter] = tuple(kept) if hasattr(opt, "t") else kept[0]
    if hasattr(opt, "t"):
        opt.t = content["t"]
    rng.bit_generator.state = content["rng"]
    return content["step"]
