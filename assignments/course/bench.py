"""What a student's sweep is tried on: runs whose outcomes are drawn beforehand, and a record of what was asked.

They stay on the trusted side and are called back (`student.callbacks`), so that each request is seen, in order, with
what the log holds at that moment: that is what a kill at that moment would leave.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe
from tinygrade.checks.loops import attributes

LOG = "runs.jsonl"
FIELDS = ("config", "seed", "losses", "seconds", "metric", "test")
#: A budget that no sweep uses up.
PLENTY = 1e9


class Killed(Exception):
    """The worker ends here, in the middle of a run. Not a failure of anybody's."""


@dataclass(frozen=True)
class Asked:
    """One run that was asked for, by its key, and the files at that moment."""

    key: str
    files: Mapping[str, bytes]


def key(config: Mapping[str, Any], seed: int) -> str:
    """One text for one run: values of equal size are equal, and the order of a configuration says nothing."""
    return repr((sorted(config.items()), seed))


class Bench:
    """The runs of a grid, and what a sweep asked for since `calls` was last cleared.

    Args:
        grid, seeds: as a sweep takes them.
        diverged: the number of runs, from the first on, whose metric is NaN.
    """

    def __init__(
        self,
        student: Any,
        rng: np.random.Generator,
        grid: Mapping[str, Sequence[Any]],
        seeds: Sequence[int],
        diverged: int = 0,
    ) -> None:
        self._student = student
        self.grid, self.seeds = dict(grid), list(seeds)
        self.calls: list[Asked] = []
        #: The number of the call in which the worker is killed; 0 for none.
        self.kill_in = 0
        self.outcomes: dict[str, dict[str, Any]] = {}
        for seed, config in itertools.product(seeds, configs(grid)):
            number = len(self.outcomes)
            self.outcomes[key(config, seed)] = {
                "config": config,
                "seed": seed,
                "losses": rng.uniform(0.1, 3.0, 3).tolist(),
                "seconds": float(rng.uniform(1.0, 2.0)),
                "metric": math.nan if number < diverged else float(rng.uniform(0.1, 3.0)),
                "test": float(rng.uniform(0.1, 3.0)),
            }

    def answer(self, inquiry: Any) -> dict[str, Any]:
        """The run that `make_run(config, seed)` asks for, as fields of a `Run`.

        Raises:
            Killed: this is the call in which the worker is to end.
            StudentFailure: it asks for something that is no run of the grid.
        """
        asked = [*inquiry.args, *(inquiry.kwargs[name] for name in ("config", "seed") if name in inquiry.kwargs)]
        if len(asked) != 2 or len(inquiry.args) + len(inquiry.kwargs) != 2:
            raise StudentFailure(f"make_run(config, seed) was called with {len(asked)} arguments")
        config, seed = asked[0], plain(asked[1])
        if type(config) is not dict or type(seed) is not int:
            raise StudentFailure(f"make_run was called with {describe(config)} and {describe(seed)}")
        try:
            name = key({k: plain(v) for k, v in config.items()}, seed)
        except TypeError:  # names of different kinds have no order
            name = ""
        if name not in self.outcomes:
            raise StudentFailure(f"make_run was called with {config!r:.200} and seed {seed}: no run of the grid")
        self.calls.append(Asked(name, inquiry.files))
        if len(self.calls) == self.kill_in:
            raise Killed
        return self.outcomes[name]

    @staticmethod
    def key_of(run: Mapping[str, Any]) -> str:
        """The key of a run that came back. Raises TypeError, ValueError or AttributeError for what is none."""
        return key({name: plain(value) for name, value in run["config"].items()}, int(plain(run["seed"])))

    @staticmethod
    def lines(files: Mapping[str, bytes]) -> list[bytes]:
        """The lines of the log that hold an object or a list of JSON."""
        return [line for line in files.get(LOG, b"").splitlines() if _is_whole(line)]

    @property
    def asked(self) -> list[str]:
        return [call.key for call in self.calls]

    def sweep(self, **changed: Any) -> list[dict[str, Any]]:
        """What the student's sweep over this grid gives back, as plain data; `calls` says what it asked for.

        Args:
            changed: `grid`, `seeds` or `budget`.
        """
        self.calls, student = [], self._student
        make_run = student.callbacks((self.answer, student.experiments.Run))[0]
        grid, seeds = changed.get("grid", self.grid), changed.get("seeds", self.seeds)
        runs = student.experiments.sweep(grid, make_run, seeds, changed.get("budget", PLENTY), LOG)
        return attributes(student, runs, FIELDS, 2 * len(self.outcomes))

    def killed(self, kill_in: int) -> Mapping[str, bytes]:
        """The files that a sweep leaves which is killed in its run number `kill_in`, from 1."""
        self.kill_in = kill_in
        try:
            self.sweep()
        except Killed:
            return self.calls[-1].files
        finally:
            self.kill_in = 0
        raise StudentFailure(f"the sweep ended after {len(self.calls)} of {len(self.outcomes)} runs")

    def wanted(self, **changed: Any) -> list[str]:
        """The runs of this grid and these seeds, or of others, seed by seed."""
        grid, seeds = changed.get("grid", self.grid), changed.get("seeds", self.seeds)
        return [key(config, seed) for seed in seeds for config in configs(grid)]

    def same(self, run: Mapping[str, Any]) -> bool:
        """Is this what `make_run` gave for this configuration and seed, number by number?"""
        try:
            expected = self.outcomes[self.key_of(run)]
            numbers = [np.asarray(run[name], dtype=float) for name in FIELDS[2:]]
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        rights = [np.asarray(expected[name], dtype=float) for name in FIELDS[2:]]
        return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(numbers, rights, strict=True))


def configs(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """All configurations of a grid."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def plain(value: Any) -> Any:
    """A numpy number as Python's."""
    return value.item() if isinstance(value, np.generic | np.ndarray) and np.ndim(value) == 0 else value


def _is_whole(line: bytes) -> bool:
    try:
        return type(json.loads(line)) in (dict, list)
    except (ValueError, RecursionError):
        return False
