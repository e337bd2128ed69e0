"""Which runs a comparison needs: models or a grid of settings, times seeds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tinygrade import UsageError
from tinygrade.errors import did_you_mean

from .models import Size, parse_size

MOST_RUNS = 2_000


@dataclass(frozen=True)
class Config:
    """What is compared; None where the recipe decides."""

    layers: int
    width: int
    heads: int
    recipe: str
    lr: float | None = None
    batch: int | None = None

    @property
    def size(self) -> Size:
        return Size(self.layers, self.width, self.heads)

    @property
    def name(self) -> str:
        lr = f"lr {self.lr:g}" if self.lr is not None else ""
        batch = f"batch {self.batch}" if self.batch is not None else ""
        return " ".join(filter(None, (self.size.name, lr, batch)))


@dataclass(frozen=True)
class Job:
    """One run."""

    config: Config
    seed: int

    def key(self, budget: dict[str, Any]) -> dict[str, Any]:
        """What the run depends on, as plain data: equal keys need no second run."""
        return {**asdict(self.config), "seed": self.seed, **budget}


def configs(models: Sequence[str], grid: Sequence[str], base: Config) -> list[Config]:
    """The configurations of `--model` and `--grid KEY=VALUE,VALUE`, every combination once.

    Raises:
        UsageError: a key or value makes no sense, or a combination cannot be built.
    """
    axes: dict[str, list[Any]] = {}
    for text in itertools.chain.from_iterable(item.split() for item in grid):
        name, values = _axis(text)
        if name in axes:
            raise UsageError(f"--grid {text}: {name} is there already")
        axes[name] = values
    if models and {"layers", "width"} & set(axes):
        raise UsageError("--model and --grid width or layers exclude each other")
    sizes = [_asdict(parse_size(model, base.heads)) for model in models] or [{}]
    made = []
    for size, values in itertools.product(sizes, itertools.product(*axes.values())):
        config = Config(**{**asdict(base), **size, **dict(zip(axes, values, strict=True))})
        parse_size(f"{config.layers}x{config.width}", config.heads)
        made.append(config)
    return list(dict.fromkeys(made))


def jobs(found: Sequence[Config], seeds: int) -> list[Job]:
    """Seed by seed, so that an early end leaves every configuration with about as many."""
    if len(found) * seeds > MOST_RUNS:
        raise UsageError(f"{len(found)} configurations with {seeds} seeds are more than {MOST_RUNS:,} runs")
    return [Job(config, seed) for seed in range(seeds) for config in found]


def _asdict(size: Size) -> dict[str, int]:
    return {"layers": size.layers, "width": size.width, "heads": size.heads}


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError
        return int(text)

    return read


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 10:
        raise ValueError
    return rate


_AXES: dict[str, tuple[Callable[[str], Any], str]] = {
    "lr": (_rate, "numbers above 0, at most 10"),
    "width": (_whole(2, 128), "whole numbers from 2 to 128"),
    "layers": (_whole(1, 8), "whole numbers from 1 to 8"),
    "heads": (_whole(1, 64), "whole numbers from 1 to 64"),
    "batch": (_whole(0, 4096), "whole numbers from 0 (all) to 4096"),
}


def _axis(text: str) -> tuple[str, list[Any]]:
    name, equals, values = text.partition("=")
    if name not in _AXES or not equals:
        hint = did_you_mean(name, _AXES) or ";"
        raise UsageError(f"--grid {text}: write KEY=VALUE,VALUE with one of {', '.join(_AXES)}{hint.rstrip(';')}")
    read, words = _AXES[name]
    try:
        return name, list(dict.fromkeys(read(value) for value in values.split(",")))
    except ValueError:
        raise UsageError(f"--grid {text}: {name} takes {words}") from None
