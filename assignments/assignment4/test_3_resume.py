"""Group 3: train 5 steps, save, load, train 5 more: the same, to the last bit, as 10 steps without a break."""

import numpy as np
import pytest

from tinygrade import StudentFailure

FILE = "run.npz"
HALF = 5
SETTINGS = {"AdamW": {"lr": 0.02, "weight_decay": 0.1}, "SGD": {"lr": 0.2, "momentum": 0.9}}


class Run:
    """A training run as a loop would have it: each batch is drawn by the generator, the rate follows the step."""

    def __init__(self, student, start, name, seed, data):
        self._student, self._start, self._data, self._peak = student, start, data, SETTINGS[name]["lr"]
        self.model = start.build(student)
        self.optimizer = getattr(student.optim, name)(self.model.parameters(), **SETTINGS[name])
        self.rng, self.step = student.generator(seed), 0
        #: Of each step: which rows of the data it saw, its loss, the weights after it.
        self.seen = []

    def train(self):
        x, y = self._data
        for _ in range(HALF):
            self.step += 1
            self.optimizer.lr = self._peak * (1.0 - self.step / (4.0 * HALF))
            rows = np.array(self._student.fetch(self.rng.integers(len(x), size=4), shape=(4,), dtype="i"))
            rows %= len(x)  # whatever came back, it is no index from outside
            loss = self._student.fetch(self._student.train.train_step(self.model, self.optimizer, x[rows], y[rows]))
            self.seen.append((rows, np.array(loss), self._start.read(self._student, self.model)))
        return self.seen[-HALF:]

    def save(self):
        self._student.checkpoint.save_checkpoint(FILE, self.model, self.optimizer, self.step, self.rng)

    def load(self):
        self._student.checkpoint.load_checkpoint(FILE, self.model, self.optimizer, self.rng)
        self.step = HALF  # that it gives the step is asked elsewhere


def compare(got, right, mistake):
    """Which part of the state it was that did not come back is seen by what differs first."""
    for number, ((rows, loss, weights), (own_rows, own_loss, own)) in enumerate(zip(got, right, strict=True), HALF + 1):
        if not np.array_equal(rows, own_rows):
            raise mistake("rng-not-restored", f"step {number} sees another batch than without a break", step=number)
        if not np.array_equal(loss, own_loss):
            losses = f"{float(loss):.6g} instead of {float(own_loss):.6g}"
            message = f"step {number} sees the same batch, and its loss is {losses}"
            raise mistake("resume-weights", message, step=number) if number == HALF + 1 else StudentFailure(message)
        if name := next((name for name in own if not np.array_equal(weights[name], own[name])), ""):
            message = f"step {number} has the right batch and loss, and moves {name} elsewhere than without a break"
            raise mistake("optimizer-state-lost", message, step=number, name=name)


@pytest.fixture
def begin(student, small, grading, strings_as_batch):
    """`begin(name, drawn)`: a new run with the optimiser of this name, its generator from the number `drawn`."""
    return lambda name, drawn: Run(student, small, name, grading.draw("resume", drawn), strings_as_batch)


@pytest.fixture
def interrupted(begin):
    """`interrupted(name)`: a run that was saved half-way, and its second half without a break."""

    def make(name):
        run = begin(name, name)
        run.train()
        run.save()
        return run, run.train()

    return make


@pytest.mark.points(10)
@pytest.mark.title("5 steps, a new process, 5 steps: as 10 without a break")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.load_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("Which batch comes sixth in each run? Which numbers does the sixth step use that are no weights?")
@pytest.mark.parametrize("name", SETTINGS)
def test_new_process(student, begin, interrupted, mistake, name):
    _, right = interrupted(name)
    student.folder.renew()
    again = begin(name, "another")
    again.load()
    compare(again.train(), right, mistake)


@pytest.mark.points(5)
@pytest.mark.title("back to an earlier moment, with the same objects")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.load_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("The optimiser has gone on since the file was written. What do you add to, and what do you replace?")
@pytest.mark.parametrize("name", SETTINGS)
def test_going_back(interrupted, mistake, name):
    run, right = interrupted(name)
    run.load()
    compare(run.train(), right, mistake)
