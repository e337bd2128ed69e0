"""Experiments that mean something: many runs that survive a crash, a choice that is fair, a difference with its error.

A run is one training with one configuration and one seed. Everything here works on runs, whatever was trained.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import functional as F
from .nn import Module
from .optim import AdamW
from .transformer import GPT

Config = dict[str, Any]
#: Inputs and targets, both int (N,T); a target of 0 is not asked for.
Split = tuple[np.ndarray, np.ndarray]

#: Pairs that a comparison needs: with fewer, the interval says next to nothing.
MIN_PAIRS = 5


@dataclass(frozen=True)
class Run:
    """One finished training: `metric` is the loss on the validation split, `test` that on the test split.

    `metric` is for choosing, and the smaller is the better one. `test` is for telling, once everything is chosen.
    A run that diverged has a metric of NaN or infinity. `seconds` is what the run cost.
    """

    config: Config
    seed: int
    losses: list[float]
    seconds: float
    metric: float
    test: float = math.nan


def steps_to(losses: Sequence[float], threshold: float) -> int | None:
    """The number of the first step, counted from 1, whose loss is at most `threshold`; None when there is none.

    Example: steps_to([3.0, 2.0, 1.0], 2.0) is 2.
    """
    raise NotImplementedError("A5.1: the first step that is low enough")


def sweep(
    grid: Mapping[str, Sequence[Any]],
    make_run: Callable[[Config, int], Run],
    seeds: Sequence[int],
    budget_s: float,
    log: str,
) -> list[Run]:
    """Make a run of every configuration of the grid with every seed, and survive being killed at any moment.

    A configuration takes one value of each key of `grid`: {"lr": [1, 2], "width": [8]} has two. All configurations run
    with the first seed, then all with the second, and so on, so that a sweep that ends early has compared like with
    like.

    `log` is a file with one line of JSON for each finished run, written before the next run begins. Runs that stand in
    it are not made again, in whatever order grid and seeds are given; what else stands in it stays there. Whoever was
    killed while writing left a last line that is cut off: that run is made again.

    A run begins while the `seconds` of this sweep's runs, those from the log included, are less than `budget_s`; one
    that has begun ends. Returns the finished runs of this sweep in the order in which they would be made.
    """
    raise NotImplementedError("A5.2: look into the log, make what is missing, write down each run at once")


def best_config(runs: Sequence[Run], metric: str = "median") -> Config:
    """The configuration whose runs have the lowest median ("median") or mean ("mean") of `Run.metric` over the seeds.

    It decides by the validation split alone. A run that diverged counts as worse than any other, so it cannot be left
    out. A configuration takes part only when it has a run for every seed that occurs: others have not been through the
    same. Two configurations are the same when they have the same values, in whatever order.

    Raises ValueError for another `metric`, and when no configuration is left or all of them have diverged.
    """
    raise NotImplementedError("A5.3: a score for each configuration that has all seeds, and the lowest of them")


def paired_comparison(runs_a: Sequence[Run], runs_b: Sequence[Run], rng: np.random.Generator) -> dict[str, Any]:
    """How much larger the metric of A is than that of B, seed by seed, and how sure that is.

    A run of A and one of B make a pair when they have the same seed; runs without a partner do not count. Returns
    `difference`, the mean over the pairs of A's metric minus B's; `low` and `high`, its 95% interval by the percentile
    bootstrap over pairs (Efron and Tibshirani 1993, chapter 13) with at least 1,000 resamples drawn by `rng`; and `n`,
    the number of pairs. When 0 lies outside the interval, it is more than the luck of the seeds.

    Raises ValueError when a seed occurs twice on one side, there are fewer than MIN_PAIRS pairs, or a metric of a pair
    is not finite.
    """
    raise NotImplementedError("A5.4: differences of pairs, and the spread of their resampled means")


def streams(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Two generators for one run: one for the first weights, one for the batches.

    The same seed gives the same two. No stream is one of another run, or the other one of its own: what is drawn with
    seed 1 says nothing about what is drawn with seed 2.
    """
    raise NotImplementedError("A5.5: two independent streams from one seed")


def build(config: Config, data: Mapping[str, Any], rng: np.random.Generator) -> GPT:
    """The model of a configuration (`layers`, `width`, `heads`) for sequences like those in `data`."""
    return GPT(
        vocab=data["vocab"],
        width=config["width"],
        heads=config["heads"],
        mlp=4 * config["width"],
        layers=config["layers"],
        max_len=data["train"][0].shape[1],
        rng=rng,
    )


def train_model(model: Module, config: Config, data: Mapping[str, Any], rng: np.random.Generator) -> list[float]:
    """Train the model in place on data["train"], with AdamW at `lr` for `steps` steps; returns the loss before each.

    The rows of each batch are rng.integers(N, size=config["batch"]), with N rows to choose from. The loss is the mean
    cross-entropy over the targets that are not 0.
    """
    raise NotImplementedError("A5.6: draw a batch, forward, backward, step")


def measure(model: Module, split: Split) -> float:
    """The loss of `train_model` on a whole split, in evaluation mode; changes nothing."""
    raise NotImplementedError("A5.6: the loss without training")


def experiment(config: Config, seed: int, data: Mapping[str, Any]) -> Run:
    """One run: the first stream of the seed builds the model, the second one trains it, then both splits are measured.

    `data` has "vocab" and the splits "train", "validation" and "test". The same arguments give the same run, but for
    `seconds`.
    """
    raise NotImplementedError("A5.7: build, train, measure")


def induction_data(
    rng: np.random.Generator, train: int = 4000, validation: int = 400, test: int = 400
) -> dict[str, Any]:
    """Data for `experiment`: five of eight symbols in random order, then once more around, from anywhere in the circle.

    For example 3 1 4 8 5, then 4 8 5 3 1: after the first symbol of the second round each next one can be known. A
    target is 0 where nothing is asked: in the first round.
    """
    sizes = {"train": train, "validation": validation, "test": test}
    return {"vocab": 9, **{name: _circles(count, rng) for name, count in sizes.items()}}


def _circles(count: int, rng: np.random.Generator) -> Split:
    circle = rng.permuted(np.tile(np.arange(1, 9), (count, 1)), axis=1)[:, :5]
    places = (rng.integers(5, size=(count, 1)) + np.arange(6)) % 5
    again = np.take_along_axis(circle, places, axis=1)
    x = np.concatenate([circle, again[:, :-1]], axis=1)
    return x, np.concatenate([np.zeros_like(circle), again[:, 1:]], axis=1)


def finalists() -> tuple[Config, Config]:
    """Your best configuration with one layer, and your best with two, for the task of `induction_data`.

    Each has `layers`, `width`, `heads`, `lr`, `batch` and `steps`. The one with one layer has at least as many
    parameters as the other and the same `batch` and `steps`: otherwise it is no fair loser. At most 12,500 parameters
    each, and batch times steps is at most 9,600.
    """
    raise NotImplementedError("A5.8: what your own sweep found")
