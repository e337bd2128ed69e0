"""Group 5: what one layer cannot do. The two chosen configurations, trained anew on fresh data with five paired seeds.

Weights come back as arrays, and the reference says what they know of rows that no worker has seen. Where there is only
a record of it, the student's own model is asked.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe

pytestmark = pytest.mark.task("A5.8")
KEYS = {"layers": int, "width": int, "heads": int, "lr": float, "batch": int, "steps": int}
SEEDS = 5
SIZES = (4000, 400, 400)
HELD_OUT = 1000
#: Accuracy of two layers: from here the points rise, and there all are earned. Guessing who is left of five is 0.4.
NOTHING, EVERYTHING = 0.5, 0.9
#: Accuracy by which two layers must win a pair.
CLEARLY = 0.1
#: Share of the points for the accuracy; the rest is for the pairs.
FOR_ACCURACY = 0.75


@pytest.mark.points(3)
@pytest.mark.title("finalists: a fair comparison")
@pytest.mark.where("experiments.finalists")
@pytest.mark.hint("If the one with two layers wins: by what else than its layers could it have won?")
def test_finalists(student, mistake, induction):
    one, two = configs_of(student, induction)
    counts = [induction.parameters(config) for config in (one, two)]
    if counts[0] < counts[1]:
        told = f"one layer has {counts[0]:,} parameters, two layers have {counts[1]:,}"
        raise mistake("unfair-comparison", told)
    for name in ("batch", "steps"):
        if one[name] != two[name]:
            raise mistake("unfair-comparison", f"{name} is {one[name]} for one layer and {two[name]} for two")


def configs_of(student, induction):
    """The two configurations, with the values and within the limits that the handout names."""
    found = student.fetch(student.experiments.finalists())
    if type(found) not in (tuple, list) or len(found) != 2 or not all(type(config) is dict for config in found):
        raise StudentFailure("finalists does not give two configurations")
    for config, layers in zip(found, (1, 2), strict=True):
        for name, kind in KEYS.items():
            value = config[name] = plain(config.get(name))
            if type(value) not in (kind, int) or not value > 0:
                raise StudentFailure(f"{name} of the configuration with {layers} layers is {describe(value)}")
        if config["layers"] != layers:
            raise StudentFailure("finalists gives first the configuration with one layer, then that with two")
        if config["width"] > 256 or config["width"] % config["heads"]:
            raise StudentFailure(f"a width of {config['width']} with {config['heads']} heads cannot be built")
        if (count := induction.parameters(config)) > induction.MOST_PARAMETERS:
            raise StudentFailure(f"{count:,} parameters; at most {induction.MOST_PARAMETERS:,} are allowed")
        if (seen := config["batch"] * config["steps"]) > induction.MOST_ROWS:
            raise StudentFailure(f"batch times steps is {seen:,}; at most {induction.MOST_ROWS:,} are allowed")
    return found


@pytest.mark.points(12)
@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.title("two layers against one, with five paired seeds")
@pytest.mark.where("experiments.train_model")
@pytest.mark.needs("test_finalists", "test_train_model", "test_streams")
@pytest.mark.hint("At which step does the loss of two layers begin to fall, and how does that move with lr and seed?")
def test_two_layers_win(student, reference, induction, partial_credit, rng):
    configs = configs_of(student, induction)
    data, held_out = student.keep(induction.data(rng, SIZES)), induction.rows(HELD_OUT, rng)
    judge = reference if reference.computes else student
    scores = np.array(
        [
            [accuracy(student, judge, config, seed, data, held_out, induction) for config in configs]
            for seed in rng.permutation(1000)[:SEEDS].tolist()
        ]
    )
    median = np.median(scores, axis=0)
    won = int((scores[:, 1] > scores[:, 0] + CLEARLY).sum())
    reached = float(np.clip((median[1] - NOTHING) / (EVERYTHING - NOTHING), 0.0, 1.0))
    told = f"held out, median of {SEEDS} seeds: {median[0]:.0%} right with one layer, {median[1]:.0%} with two"
    credit = FOR_ACCURACY * reached + (1 - FOR_ACCURACY) * won / SEEDS
    partial_credit(credit, f"{told}; two layers are clearly better in {won} of {SEEDS} pairs")


def accuracy(student, judge, config, seed, data, held_out, induction):
    """The share of what is asked in `held_out` that a model knows which the student trained."""
    lib = student.experiments
    weights, batches = (lib.streams(seed)[i] for i in (0, 1))
    model = lib.build(config, data, weights)
    student.fetch(lib.train_model(model, config, data, batches))
    shapes = induction.shapes(config)
    trained = {
        name: student.fetch(parameter(model, name).data, shape=shape, dtype="f", name=name)
        for name, shape in shapes.items()
    }
    if not all(np.isfinite(array).all() for array in trained.values()):
        return 0.0
    copy = judge.transformer.GPT(**induction.sizes(config), rng=judge.generator(0))
    judge.write(copy, trained)
    x, y = held_out
    logits = np.asarray(judge.fetch(copy(x), shape=(*y.shape, induction.SYMBOLS + 1), dtype="f"))
    return float((logits.argmax(axis=-1) == y)[y > 0].mean())


def plain(value):
    """A numpy number as Python's."""
    return value.item() if isinstance(value, np.generic | np.ndarray) and np.ndim(value) == 0 else value


def parameter(model, name):
    for part in name.split("."):
        model = model[int(part)] if part.isdigit() else getattr(model, part)
    return model
