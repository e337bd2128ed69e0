"""What many runs amount to: a row for each configuration, its spread over seeds, and which one is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tinygrade.reporters.lines import Line, table

from .grid import Config

#: Seed -> what `train --json` says of it.
Runs = Mapping[int, Mapping[str, Any]]
Results = Mapping[Config, Runs]
HEADS = ("model", "params", "steps/s", "steps", "improvement", "exact", "learned")
#: As the seed printed it: its own run of five minutes each.
SEED_ROWS = (
    ("seed's small", "11,600", "0.43", "129", "49.9%", "1", ""),
    ("seed's ultra-tiny", "4,464", "53.88", "16,163", "97.8%", "10", ""),
)


def lines(results: Results, with_seed: bool) -> list[Line]:
    """Size against speed, as medians, and how far the runs of a configuration lie apart."""
    filled = {config: runs for config, runs in results.items() if runs}
    sizes = [HEADS, *(_row(config, runs) for config, runs in filled.items()), *(SEED_ROWS if with_seed else ())]
    spreads = [("least..most", "runs", "best loss", "exact", "learned", "within 5 % of the floor")]
    spreads += [_spreads(config, runs) for config, runs in filled.items()]
    tables = [table(sizes, right=range(1, 7)), table(spreads, right=(1,))]
    return [Line(line, "" if i else "bold") for rows in tables for i, line in enumerate(rows)]


def _row(config: Config, runs: Runs) -> tuple[str, ...]:
    def middle(key: str) -> float:
        return median(run["training"][key] or 0.0 for run in runs.values())

    return (
        config.name,
        f"{config.size.parameters:,}",
        f"{middle('steps_per_second'):,.0f}",
        f"{middle('steps'):,.0f}",
        f"{middle('improvement'):.1%}",
        f"{median(run['exact'] for run in runs.values()):g}",
        f"{median(run['learned'] for run in runs.values()):g}",
    )


def _spreads(config: Config, runs: Runs) -> tuple[str, ...]:
    training = [run["training"] for run in runs.values()]
    seconds = [t["seconds_to_floor"] for t in training if t["seconds_to_floor"] is not None]
    floor = f"{_spread(seconds, '.2f')} s, {len(seconds)} of {len(training)}" if seconds else "not reached"
    losses = [t["best_loss"] for t in training if t["best_loss"] is not None]
    exact, learned = (_spread([run[key] for run in runs.values()], "") for key in ("exact", "learned"))
    return config.name, f"{len(runs)}", _spread(losses, ".4f"), exact, learned, floor


def _spread(values: Sequence[float], form: str) -> str:
    if not values:
        return "-"
    least, most = format(min(values), form), format(max(values), form)
    return least if least == most else f"{least}..{most}"


def ranking(results: Results) -> list[Config]:
    """The lowest median of the best losses first; a run that never was a number is the worst."""

    def loss(config: Config) -> float:
        return median(_loss(run) for run in results[config].values())

    return sorted((config for config, runs in results.items() if runs), key=loss)


def verdict(results: Results) -> list[Line]:
    """The best configuration, and how sure that is: the same seeds, side by side with the second."""
    ranked = ranking(results)
    if len(ranked) < 2:
        return []
    first, second = ranked[:2]
    losses = [_loss(run) for run in results[first].values()]
    shared = sorted(set(results[first]) & set(results[second]))
    won = sum(_loss(results[first][seed]) < _loss(results[second][seed]) for seed in shared)
    words = f"best: {first.name}, loss {median(losses):.4f} ({min(losses):.4f}..{max(losses):.4f}, {len(losses)} seeds)"
    lead = f"  ahead of {second.name} with {won} of {len(shared)} seeds: {_sure(won, len(shared))}"
    return [Line(words, "bold"), Line(lead)]


def _sure(won: int, of: int) -> str:
    """A sign test: five of five happens by chance in one of 32 cases."""
    if of < 5:
        return "too few to be sure, try --seeds 5 or more"
    return "hardly chance" if won == of else "may be chance"


def _loss(run: Mapping[str, Any]) -> float:
    loss = run["training"]["best_loss"]
    return float("inf") if loss is None else float(loss)


def diverged(results: Results) -> list[Line]:
    """Runs that ended without a number, by configuration."""
    found: Sequence[tuple[str, int]] = [
        (config.name, count)
        for config, runs in results.items()
        if (count := sum(run["training"]["stopped"] == "not a number" for run in runs.values()))
    ]
    return [Line(f"diverged: {name}, {count} of its runs", "yellow") for name, count in found]
