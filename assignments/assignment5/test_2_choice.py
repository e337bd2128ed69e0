"""Group 2: how soon a loss is reached, and which configuration is the best one, in runs that were planted."""

import math

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.loops import called

#: What each configuration is there for: five metrics, and who is misled to it. The right one has the lowest median.
PLANTED = {
    "diverged": (0.30, math.nan, math.nan, math.nan, 0.31),
    "median": (0.50, 0.51, 0.52, 0.53, math.nan),
    "second": (0.54, 0.55, 0.55, 0.56, 0.55),
    "mean": (0.60, 0.61, 0.60, 0.20, 0.21),
    "lucky": (0.10, 0.90, 0.91, 0.92, 0.93),
    "test": (0.80, 0.81, 0.82, 0.83, 0.84),
    "training": (0.85, 0.86, 0.87, 0.88, 0.89),
    "largest": (2.00, 2.10, 2.20, 2.30, 2.40),
    "incomplete": (0.40, 0.41),
}
#: By planted configuration: the code of the mistake that leads to it, and what it is.
MISLED = {
    "lucky": ("best-seed-chosen", "its best seed is the best run of all, and its other seeds are not"),
    "test": ("chosen-on-test", "it has the lowest loss on the test split"),
    "diverged": ("diverged-chosen", "three of its five runs diverged"),
    "incomplete": ("incomplete-compared", "it has runs for two of the five seeds only"),
    "training": ("chosen-on-training", "it has the lowest last training loss, and another one the lowest metric"),
    "largest": ("metric-upside-down", "its loss on the validation split is the highest of all"),
}


@pytest.mark.points(4)
@pytest.mark.title("steps_to")
@pytest.mark.task("A5.1")
@pytest.mark.where("experiments.steps_to")
@pytest.mark.hint("steps_to([3, 2, 1], 2): what is the number of the first step, and is 2 low enough?")
def test_steps_to(student, reference, parity, rng):
    falling = np.sort(rng.uniform(0.5, 3.0, 8))[::-1]
    bumpy = falling.copy()
    bumpy[[5, 6]] = bumpy[[1, 5]] + 0.01
    unknown = bumpy.copy()
    unknown[2] = math.nan
    calls = [
        ((falling.tolist(), float(falling[3])), {}),
        ((falling.tolist(), float(falling[4]) + 1e-6), {}),
        ((bumpy.tolist(), float(bumpy[4])), {}),
        ((unknown.tolist(), float(bumpy[3])), {}),
        ((falling.tolist(), 5.0), {}),
        ((falling.tolist(), 0.1), {}),
        (([], 1.0), {}),
    ]
    got, expected = (called(lib, lib.experiments.steps_to, calls) for lib in (student, reference))
    parity.data(got, expected, "steps_to", about="experiments.steps_to", inputs={"calls": [args for args, _ in calls]})


@pytest.fixture
def planted(rng):
    """The planted runs as fields of `Run`, and the configuration of each plant.

    Which values belong to which plant is drawn; that which diverged comes first, so that a comparison with NaN shows.
    """
    rates, scale = rng.permutation(np.arange(1, 10)) / 1000, float(rng.uniform(0.5, 2.0))
    configs = {name: {"lr": float(rate), "layers": 1} for name, rate in zip(PLANTED, rates, strict=True)}
    runs = []
    for name, metrics in PLANTED.items():
        for seed, metric in enumerate(metrics):
            last = 0.01 if name == "training" else float(rng.uniform(0.1, 0.2))
            test = 0.05 if name == "test" else float(rng.uniform(0.9, 1.0))
            values = {"losses": [1.0, last], "seconds": 1.0, "metric": scale * metric, "test": scale * test}
            runs.append({"config": configs[name], "seed": seed, **values})
    order = [0, *rng.permutation(np.arange(1, len(runs)))]
    return [runs[i] for i in order], configs


def equal(got, config):
    """Is what came back, whatever it is, this configuration?"""
    if type(got) is not dict or set(got) != set(config):
        return False
    return all(not isinstance(got[name], str) and np.shape(got[name]) == () for name in got) and got == config


def runs_of(lib, fields):
    return [lib.experiments.Run(**run) for run in fields]


@pytest.mark.points(6)
@pytest.mark.title("best_config: runs that were planted to mislead")
@pytest.mark.task("A5.3")
@pytest.mark.where("experiments.best_config")
@pytest.mark.hint("Write the metrics of each configuration in a row. Which row is best, and what must not count?")
@pytest.mark.parametrize("metric", ["median", "mean"])
def test_best_config(student, mistake, planted, metric):
    fields, configs = planted
    words = {} if metric == "median" else {"metric": metric}
    got = student.fetch(student.experiments.best_config(runs_of(student, fields), **words))
    chosen = next((name for name, config in configs.items() if equal(got, config)), None)
    if chosen is None:
        raise StudentFailure("best_config does not give the configuration of any run")
    if chosen == metric:
        return
    if chosen == "mean" and metric == "median":
        raise mistake("mean-for-median", "the configuration with the lowest mean was chosen, not the lowest median")
    if chosen in MISLED:
        code, why = MISLED[chosen]
        raise mistake(code, f"a configuration was chosen by its {metric}, but {why}")
    raise StudentFailure(f"the configuration that was chosen does not have the lowest {metric}")


@pytest.mark.points(2)
@pytest.mark.title("best_config: the same values in another order are the same configuration")
@pytest.mark.task("A5.3")
@pytest.mark.where("experiments.best_config")
@pytest.mark.needs("test_best_config")
@pytest.mark.hint("Two dicts with the same values in another order: are they equal for Python? Are they for you?")
def test_same_configuration(student, mistake, rng):
    low, high = {"lr": 0.01, "layers": 2}, {"lr": 0.02, "layers": 2}
    turned = dict(reversed(low.items()))
    fields = []
    for seed, metric in enumerate(rng.uniform(0.1, 0.2, 4).tolist()):
        for config, more in ((turned if seed % 2 else low, 0.0), (high, 0.3)):
            fields.append({"config": config, "seed": seed, "losses": [1.0], "seconds": 1.0, "metric": metric + more})
    got = student.fetch(student.experiments.best_config(runs_of(student, fields)))
    if equal(got, high):
        told = "half of the runs of the best configuration have its keys in another order, and it was not chosen"
        raise mistake("config-by-order", told)
    if not equal(got, low):
        raise StudentFailure("best_config does not give the configuration of any run")


@pytest.mark.points(2)
@pytest.mark.title("best_config: nothing to choose from")
@pytest.mark.task("A5.3")
@pytest.mark.where("experiments.best_config")
@pytest.mark.needs("test_best_config")
@pytest.mark.hint("Every run diverged. Which configuration would you recommend?")
def test_nothing_to_choose(student, planted):
    fields, _ = planted
    best = student.experiments.best_config
    runs, diverged = runs_of(student, fields), runs_of(student, [{**run, "metric": math.nan} for run in fields])
    for wrong in (lambda: best(diverged), lambda: best([]), lambda: best(runs, metric="lowest")):
        student.raises(ValueError, wrong, valid=lambda: best(runs))
