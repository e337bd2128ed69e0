"""The models that a class trains: sizes by name, what they weigh, and the reference that builds them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tinygrade import Course, UsageError
from tinygrade.checks.reference import load_package

from ..strings import MAX_LEN, VOCABULARY

#: Names of the seed's experiment for two sizes.
NAMED = {"ultra-tiny": "1x16", "small": "2x20"}
MOST_LAYERS, MOST_WIDTH = 8, 128
_SPEC = re.compile(r"(\d{1,4})x(\d{1,4})")


@dataclass(frozen=True)
class Size:
    """Layers, width and heads of a model; vocabulary and length are the course's."""

    layers: int = 1
    width: int = 16
    heads: int = 2

    @property
    def name(self) -> str:
        spec = f"{self.layers}x{self.width}"
        word = next((name for name, named in NAMED.items() if named == spec), "")
        return " ".join(filter(None, (word, spec, f"{self.heads} heads" if self.heads != 2 else "")))

    @property
    def arguments(self) -> dict[str, int]:
        """What `GPT(...)` takes."""
        return {"width": self.width, "heads": self.heads, "mlp": 4 * self.width, "layers": self.layers}

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in self.shapes().values())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter, in the order of the handout."""
        width, vocabulary = self.width, len(VOCABULARY)
        shapes: dict[str, tuple[int, ...]] = {"tok_emb.weight": (vocabulary, width), "pos_emb.weight": (MAX_LEN, width)}
        for layer in range(self.layers):
            shapes |= {f"blocks.{layer}.{name}": shape for name, shape in _block(width).items()}
        return shapes | {"ln_f.weight": (width,), "ln_f.bias": (width,), "head.weight": (vocabulary, width)}


def _block(width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"ln1.weight": (width,), "ln1.bias": (width,)}
    for name in ("q", "k", "v", "o"):
        shapes |= {f"attn.{name}.weight": (width, width), f"attn.{name}.bias": (width,)}
    shapes |= {"ln2.weight": (width,), "ln2.bias": (width,)}
    shapes |= {"mlp.fc1.weight": (4 * width, width), "mlp.fc1.bias": (4 * width,)}
    return shapes | {"mlp.fc2.weight": (width, 4 * width), "mlp.fc2.bias": (width,)}


def parse_size(text: str, heads: int = 2) -> Size:
    """`small`, `ultra-tiny`, or layers and width such as `2x28`.

    Raises:
        UsageError: it is none of these, out of range, or no multiple of the heads.
    """
    match = _SPEC.fullmatch(NAMED.get(text, text))
    if not match:
        raise UsageError(f"--model {text}: write ultra-tiny, small, or layers and width such as 2x28")
    layers, width = int(match[1]), int(match[2])
    if not (1 <= layers <= MOST_LAYERS and 2 <= width <= MOST_WIDTH):
        raise UsageError(f"--model {text}: takes 1 to {MOST_LAYERS} layers and a width of 2 to {MOST_WIDTH}")
    if heads < 1 or width % heads:
        raise UsageError(f"--model {text}: the width {width} is no multiple of {heads} heads")
    return Size(layers, width, heads)


class Reference:
    """The solved package in this process, under its private name."""

    def __init__(self, course: Course) -> None:
        folder = course.reference / course.package
        if not (folder / "transformer.py").is_file():
            raise UsageError(
                f"{folder}: the solution is not here, as in every student's copy of the course; "
                "train your own package with --submission FOLDER"
            )
        self._name = load_package(folder)

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{self._name}.{name}")

    def build(self, size: Size, rng: np.random.Generator) -> Any:
        return self.module("transformer").GPT(**size.arguments, rng=rng)

    def loaded(self, size: Size, weights: dict[str, np.ndarray]) -> Any:
        """A model with these weights."""
        model = self.build(size, np.random.default_rng(0))
        write(model, weights)
        return model


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Copies of all parameters by name."""
    return {name: np.array(parameter.data) for name, parameter in model.named_parameters()}


def write(model: Any, weights: dict[str, np.ndarray]) -> None:
    tensors = dict(model.named_parameters())
    for name in tensors:
        tensors[name].data[...] = weights[name]


#: `(weights, x (N,T)) -> logits (N,T,V)`
Forward = Callable[[dict[str, np.ndarray], np.ndarray], np.ndarray]
