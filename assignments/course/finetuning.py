"""What assignment 4 fine-tunes: the shipped model, strings that it has never seen, and what it knows of old and new.

Two kinds of new strings are drawn. *Unknown* ones follow rules that the shipped model has not met, and begin with two
characters that begin none of its strings: from there on the next character is certain, whatever else was replayed.
*Related* ones are its own rules at lengths that it has not met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygrade import StudentFailure
from tinygrade.checks.compare import require

from .classroom import checkpoints, corpus
from .classroom.models import Size
from .judging import FULL_CREDIT, NO_CREDIT
from .strings import VOCABULARY, inputs_and_targets
from .weights import initial_weights, random_weights

SHIPPED = Path(__file__).with_name("classroom") / "pretrained.npz"
#: For checks that need two layers but no knowledge: 2,320 numbers under the names of the shipped model.
SMALL = Size(2, 8)
NEW_COUNT = 12

Weights = Mapping[str, np.ndarray]
#: From random numbers to the distances of a string's characters from its first.
Rule = Callable[[np.random.Generator], list[int]]

UNKNOWN: dict[str, Rule] = {
    "by threes, ADGJ": lambda rng: [0, 3, 6, 9],
    "downwards by twos, GECA": lambda rng: [0, -2, -4, -6],
    "in turns with the third, ADAD": lambda rng: [0, 3, 0, 3],
    "in turns with the second before, CACA": lambda rng: [0, -2, 0, -2],
    "by fours, AEIM": lambda rng: [0, 4, 8, 12],
}
RELATED: dict[str, Rule] = {
    "upwards, nine": lambda rng: list(range(9)),
    "downwards, seven or eight": lambda rng: [-i for i in range(7 + rng.integers(2))],
    "in turns, odd": lambda rng: [i % 2 for i in range(5 + 2 * rng.integers(2))],
    "in pairs, odd": lambda rng: [i // 2 for i in range(5 + 2 * rng.integers(2))],
    "there and back, seven": lambda rng: [3 - abs(3 - i) for i in range(7)],
    "repetition, seven or eight": lambda rng: [0] * (7 + rng.integers(2)),
}


def unknown_strings(rng: np.random.Generator) -> list[str]:
    """Twelve strings by unknown rules, each beginning with two characters that begin no other, old or new."""
    return _drawn(UNKNOWN, rng, {string[:2] for string in corpus.strings()})


def related_strings(rng: np.random.Generator) -> list[str]:
    """Twelve strings of known rules and new lengths, each beginning with two characters that begin no other of them."""
    return _drawn(RELATED, rng, set())


def _drawn(rules: Mapping[str, Rule], rng: np.random.Generator, taken: set[str]) -> list[str]:
    shapes, known = list(rules.values()), set(corpus.strings())
    drawn: list[str] = []
    while len(drawn) < NEW_COUNT:
        distances = shapes[rng.integers(len(shapes))](rng)
        string = corpus.made(VOCABULARY[1 + rng.integers(len(VOCABULARY) - 1)], distances)
        if string and string not in known and string[:2] not in taken:
            taken = taken | {string[:2]}
            drawn.append(string)
    return drawn


# ---- models ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """A size and weights to start from."""

    size: Size
    weights: Weights

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.size.shapes()

    def build(self, lib: Any, weights: Weights | None = None) -> Any:
        """A model of `lib` with these weights, or others of the same shapes."""
        model = lib.transformer.GPT(**self.size.arguments, rng=lib.generator(0))
        lib.write(model, self.weights if weights is None else weights)
        return model

    def random(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Other weights of the same shapes, as after long training."""
        return random_weights(self.shapes, rng)

    def fresh(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Weights of the same shapes as before any training."""
        return initial_weights(self.shapes, rng)

    def read(self, lib: Any, model: Any) -> dict[str, np.ndarray]:
        """The model's weights by canonical name.

        Raises:
            StudentFailure: one of them is no array of floats of its shape.
        """
        found = lib.loop("read", model)
        if type(found) is not list or len(found) != len(self.shapes):
            raise StudentFailure("what came back were not the weights of the model")
        for (name, shape), array in zip(self.shapes.items(), found, strict=True):
            require(array, shape=shape, dtype="f", name=name)
        return {name: np.array(array) for name, array in zip(self.shapes, found, strict=True)}


def shipped() -> Start:
    """The shipped model, as float64."""
    return Start(*checkpoints.load(SHIPPED))


# ---- judging ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """One forward that says what weights know.

    Attributes:
        lib: whose model computes.
        share: what it may earn: 1, or less where the student's own differs from the reference's.
    """

    lib: Any
    start: Start
    share: float = 1.0

    def logits(self, weights: Weights, strings: Sequence[str]) -> np.ndarray:
        """(N,T,V) after each prefix of each string, one string at a time: nothing can be read off the others."""
        model, x = self.start.build(self.lib, weights), inputs_and_targets(strings)[0]
        vocabulary = len(VOCABULARY)
        rows = [self.lib.fetch(model(row[None]), shape=(1, len(row), vocabulary), dtype="f") for row in x]
        return np.concatenate([np.asarray(row) for row in rows])

    def credit(self, weights: Weights, strings: Sequence[str]) -> float:
        """Mean credit of the strings, each for the least probability of a right character from the third on.

        The end is a character, too. As in assignment 3: full for 0.75 and more, none for 0.5 and less.
        """
        worst = [_least(rows, string) for rows, string in zip(self._log_probs(weights, strings), strings, strict=True)]
        credits = np.clip((np.exp(worst) - (1.0 - NO_CREDIT)) / (NO_CREDIT - FULL_CREDIT), 0.0, 1.0)
        return float(np.nan_to_num(credits).mean())

    def loss(self, weights: Weights, strings: Sequence[str]) -> float:
        """Mean loss in nats of what follows the second character and later ones.

        The first two say which rule it is. How likely a rule is at all has changed by design: there are new ones.
        """
        return -float(self._log_probs(weights, strings)[:, 1:].mean())

    def _log_probs(self, weights: Weights, strings: Sequence[str]) -> np.ndarray:
        """(N,T) log-probability of each right character."""
        z = self.logits(weights, strings).astype(np.float64)
        with np.errstate(all="ignore"):  # weights may be anything
            z = z - z.max(axis=-1, keepdims=True)
            z = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        return np.take_along_axis(z, inputs_and_targets(strings)[1][..., None], axis=-1)[..., 0]


def _least(log_probs: np.ndarray, string: str) -> float:
    return float(log_probs[1 : len(string)].min())
