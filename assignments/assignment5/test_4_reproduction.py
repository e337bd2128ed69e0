"""Group 4: a run that can be made again: its random numbers, its training, its measures.

Losses are compared with the reference's at weights that the grader writes, because first weights are the student's own.
Whether a run is put together from its parts is judged against the student's own parts.
"""

import itertools

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe, require
from tinygrade.checks.loops import attributes

#: Sizes of a model that trains in milliseconds.
CONFIG = {"layers": 2, "width": 8, "heads": 2, "lr": 0.02, "batch": 5, "steps": 6}
DRAWS = 16


@pytest.mark.points(5)
@pytest.mark.title("streams: two generators that share nothing")
@pytest.mark.task("A5.5")
@pytest.mark.where("experiments.streams")
@pytest.mark.hint("Print three numbers of each generator, for the seeds 1 and 2. Does any of them come twice?")
def test_streams(student, mistake, rng):
    first = int(rng.integers(1, 1 << 30))
    seeds = [0, 1, 2, first, first + 1, first + 2]
    drawn = {(seed, i): numbers(student, seed, i) for seed in seeds for i in (0, 1)}
    for seed in seeds[:2]:
        if any(not np.array_equal(numbers(student, seed, i), drawn[seed, i]) for i in (0, 1)):
            raise mistake("seed-ignored", f"streams({seed}) gives other numbers the second time")
    if all(np.array_equal(drawn[seed, 0], drawn[0, 0]) for seed in seeds):
        raise mistake("seed-ignored", "every seed gives the same numbers")
    for (seed, i), (other, j) in itertools.combinations(drawn, 2):
        if set(drawn[seed, i]) & set(drawn[other, j]):
            told = f"generator {i + 1} of seed {seed} and generator {j + 1} of seed {other} give the same numbers"
            raise mistake("streams-shared", told)
    both = student.experiments.streams(first)
    student.fetch(both[0].random(DRAWS))
    if not np.array_equal(student.fetch(both[1].random(DRAWS)), drawn[first, 1]):
        raise mistake("streams-shared", "what the first generator draws changes what the second one draws")


def numbers(student, seed, i):
    """What a new generator number `i` of the seed draws first."""
    return student.fetch(student.experiments.streams(seed)[i].random(DRAWS), shape=(DRAWS,), dtype="f")


@pytest.fixture
def data(induction, rng):
    """A few rows of each split: no two splits have equal sizes."""
    return induction.data(rng, (24, 10, 14))


@pytest.fixture
def built(reference, data, rng):
    """`built(lib)`: the model of CONFIG, with weights drawn for this check."""
    seed = int(rng.integers(1 << 62))

    def build(lib):
        return lib.experiments.build(CONFIG, data, lib.generator(seed))

    weights = {name: 0.4 * rng.standard_normal(shape) for name, shape in reference.census(build(reference)).items()}

    def written(lib):
        model = build(lib)
        lib.write(model, weights)
        return model

    written.weights, written.seed = weights, seed
    return written


@pytest.mark.points(6)
@pytest.mark.title("train_model: the losses of six steps")
@pytest.mark.task("A5.6")
@pytest.mark.where("experiments.train_model")
@pytest.mark.hint("Which rows are drawn for each step, and which of their targets count in the loss?")
def test_train_model(parity, data, built, rng):
    seed = int(rng.integers(1 << 62))
    inputs = {"data": data, "config": CONFIG, "weights": built.weights, "seed": seed}
    parity(
        lambda lib: lib.experiments.train_model(built(lib), CONFIG, data, lib.generator(seed)),
        "losses of train_model",
        about="experiments.train_model",
        inputs=inputs,
    )


@pytest.mark.points(3)
@pytest.mark.title("measure: the loss of a split")
@pytest.mark.task("A5.6")
@pytest.mark.where("experiments.measure")
@pytest.mark.hint("Which targets count? Is the model the same afterwards?")
def test_measure(student, parity, mistake, data, built):
    for split in ("validation", "train"):
        parity(
            lambda lib, split=split: lib.experiments.measure(built(lib), data[split]),
            f"measure of {len(data[split][0])} rows",
            about="experiments.measure",
            inputs={"data": data, "config": CONFIG, "weights": built.weights, "split": split},
        )
    model = built(student)
    student.fetch(student.experiments.measure(model, data["test"]))
    if student.fetch(model.training) is not True:
        raise mistake("measure-changes-model", "a model in training mode is in evaluation mode after measure")
    name = next(iter(built.weights))
    if not np.array_equal(student.fetch(find(model, name).data), built.weights[name]):
        raise mistake("measure-changes-model", f"{name} is another after measure")


def find(model, name):
    for part in name.split("."):
        model = model[int(part)] if part.isdigit() else getattr(model, part)
    return model


@pytest.mark.points(6)
@pytest.mark.title("experiment: a run that can be made again")
@pytest.mark.task("A5.7")
@pytest.mark.where("experiments.experiment")
@pytest.mark.needs("test_streams", "test_train_model", "test_measure")
@pytest.mark.hint("Make the run by hand, from its parts. Which number differs first, and where does it come from?")
def test_experiment(student, mistake, data, rng):
    seed = int(rng.integers(1 << 30))
    run = one_run(student, seed, data)
    again = one_run(student, seed, data)
    if not alike(run["losses"], again["losses"]) or not alike(run["metric"], again["metric"]):
        raise mistake("run-not-repeatable", "experiment with the same configuration, seed and data gives another run")
    if alike(one_run(student, seed + 1, data)["losses"], run["losses"]):
        raise mistake("seed-ignored", "experiment gives the same losses for another seed")
    losses, measures = by_hand(student, seed, data, 0, 1)
    if not alike(run["losses"], losses):
        if any(alike(run["losses"], by_hand(student, seed, data, i, i)[0]) for i in (0, 1)):
            raise mistake("streams-shared", "the first weights and the batches are drawn by the same stream")
        if alike(run["losses"], by_hand(student, seed, data, 1, 0)[0]):
            raise mistake("streams-exchanged", "the second stream makes the weights, the first one draws the batches")
        told = "the losses are not those of build and train_model with the two streams of the seed"
        raise StudentFailure(f"{told}: the first one is {float(run['losses'][0]):.6g}")
    require_measures(mistake, run, measures)
    config = run["config"]
    if type(config) is not dict or not all(alike(config.get(name), CONFIG[name]) for name in CONFIG):
        raise StudentFailure(f"config of the run is not that of the call: {describe(config)}")
    if not alike(run["seed"], seed):
        raise StudentFailure(f"seed of the run is {describe(run['seed'])}, that of the call {seed}")
    if not np.isfinite(run["seconds"]) or run["seconds"] <= 0:
        raise StudentFailure("seconds of the run is not above 0")


def alike(a, b):
    """The same numbers but for rounding, which may depend on where arrays lie in memory."""
    try:
        return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-7, atol=0.0)
    except (TypeError, ValueError):  # no numbers
        return False


def one_run(student, seed, data):
    """The run as plain data."""
    run = student.experiments.experiment(CONFIG, seed, data)
    (fields,) = attributes(student, [run], ("config", "seed", "losses", "seconds", "metric", "test"), 1)
    for name in ("seed", "seconds", "metric", "test"):
        require(fields[name], shape=(), name=f"{name} of the run")
    if type(fields["losses"]) is not list or not fields["losses"]:
        raise StudentFailure(f"losses of the run is {describe(fields['losses'])}, expected a list of numbers")
    for loss in fields["losses"]:
        require(loss, shape=(), name="a loss of the run")
    return fields


def by_hand(student, seed, data, weights, batches):
    """Losses and measures by split, put together from the student's own parts and these two streams of the seed."""
    lib = student.experiments
    model = lib.build(CONFIG, data, lib.streams(seed)[weights])
    losses = student.fetch(lib.train_model(model, CONFIG, data, lib.streams(seed)[batches]))
    return losses, {name: student.fetch(lib.measure(model, data[name])) for name in ("train", "validation", "test")}


def require_measures(mistake, run, measures):
    if not alike(run["metric"], measures["validation"]):
        if alike(run["metric"], measures["test"]):
            raise mistake("metric-of-another-split", "the metric is the loss on the test split", split="test")
        if alike(run["metric"], run["losses"][-1]):
            raise mistake("metric-of-another-split", "the metric is the loss of the last batch", split="train")
        if alike(run["metric"], measures["train"]):
            raise mistake("metric-of-another-split", "the metric is the loss on the training split", split="train")
        told = f"the metric is {describe(run['metric'])}, the loss on the validation split"
        raise StudentFailure(f"{told} {describe(measures['validation'])}")
    if not alike(run["test"], measures["test"]):
        if any(alike(run["test"], measures[split]) for split in ("validation", "train")):
            raise mistake("metric-of-another-split", "test is the loss on another split than the test split")
        told = f"test is {describe(run['test'])}, the loss on the test split"
        raise StudentFailure(f"{told} {describe(measures['test'])}")
