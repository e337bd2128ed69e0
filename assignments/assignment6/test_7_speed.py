"""Group 7: how many times faster, on the student's own code and on whatever machine this is (see course/stopwatch.py).

Seconds are those of the nominal machine of `tinygrade.checks.calibration`, for the reference
(`python -m benchmarks.generation_speed`).
"""

import numpy as np
import pytest

from tinygrade import Diagnosis, StudentFailure
from tinygrade.checks.loops import called

#: Tokens that are there already, and tokens that are read one by one.
BEFORE, ONE_BY_ONE = 112, 16
#: Forward of 113 to 128 tokens, and a training step: CPU seconds of the reference, and up to how many times as many of
#: the student's own count. Less than what has all points for the cache, so that being slow there earns not all of them.
UNCACHED_SECONDS, STEP_SECONDS, PATIENCE = 0.024, 0.0055, 2.0
#: What has all points. The reference: about 10, 10 and 2.2 times; forward_cached by the modules of A3: 4.4.
CACHED, PROMPT, STEP = 3.0, 3.0, 1.3
CLOSE = 1e-6


def big(network):
    return network(width=64, heads=4, mlp=256, layers=2, max_len=BEFORE + ONE_BY_ONE)


def fast_enough(partial_credit, note, measure, wanted, what, code):
    """Points for a ratio: all from `wanted`, none at 1; what falls short is measured once more."""
    ratio = measure()
    if ratio < wanted:
        ratio = max(ratio, measure())
    if ratio >= wanted:
        note(f"{what}: {ratio:.1f} times")
        return
    share = max(0.0, (ratio - 1.0) / (wanted - 1.0))
    seen = Diagnosis(code, {"times": round(ratio, 2), "wanted": wanted})
    partial_credit(share, f"{what}: {ratio:.1f} times; {wanted:g} times has all points, 1 none", seen)


class Reading:
    """Ways to read 128 tokens with the student's model."""

    def __init__(self, student, net, rng):
        self.student, self.net = student, net
        self.model = net.build(student)
        self.ids = rng.integers(1, 31, BEFORE + ONE_BY_ONE)
        self.lengths = range(BEFORE + 1, BEFORE + ONE_BY_ONE + 1)
        self.logits = {}

    def prepare(self):
        """One round: the prompt at once, then one by one; and the same by the whole model, again for each token."""
        cache = self.net.cache(self.student)
        read = self.student.generate.forward_cached
        tokens = [((self.model, self.ids[t - 1 : t], cache), {}) for t in self.lengths]
        prefixes = [((self.ids[None, :t],), {}) for t in self.lengths]

        def prompt():
            read(self.model, self.ids[:BEFORE], cache)

        def cached():
            self.logits["cached"] = called(self.student, read, tokens)

        def uncached():
            self.logits["uncached"] = called(self.student, self.model, prefixes)

        return prompt, cached, uncached

    def require_same(self):
        """What is fast must also be right."""
        for t, got, own in zip(self.lengths, self.logits["cached"], self.logits["uncached"], strict=True):
            if np.shape(got) != (1, 31) or np.shape(own) != (1, t, 31) or not self._near(got[0], own[0, -1]):
                raise StudentFailure(f"the logits of token {t} with the cache are not those of the model: not timed")

    @staticmethod
    def _near(a, b):
        return a.dtype.kind == b.dtype.kind == "f" and bool(np.isfinite(a).all() and np.abs(a - b).max() <= CLOSE)


@pytest.fixture
def reading(student, network, rng):
    return Reading(student, big(network), rng)


@pytest.mark.points(5)
@pytest.mark.title("a token with the cache, compared with reading everything again")
@pytest.mark.task("A6.4")
@pytest.mark.where("generate.forward_cached")
@pytest.mark.needs("test_one_by_one")
@pytest.mark.timeout(20)
@pytest.mark.hint("Of the work for token 128, what did you do already for token 127?")
def test_cached_speed(student, reading, stopwatch, partial_credit, note):
    def measure():
        times = stopwatch(student, reading.prepare)
        reading.require_same()
        return times.ratio(2, 1, cap=PATIENCE * UNCACHED_SECONDS)

    fast_enough(partial_credit, note, measure, CACHED, "a token with the cache faster", "reads-everything-again")


@pytest.mark.points(2)
@pytest.mark.title("a prompt at once, compared with token after token")
@pytest.mark.task("A6.4")
@pytest.mark.where("generate.forward_cached")
@pytest.mark.needs("test_chunks")
@pytest.mark.timeout(20)
@pytest.mark.hint("How many products with a weight does a prompt of 112 tokens need?")
def test_prompt_speed(student, reading, stopwatch, partial_credit, note):
    def measure():
        times = stopwatch(student, lambda: reading.prepare()[:2], rounds=5)
        return times.ratio(1, 0, cap=PATIENCE * UNCACHED_SECONDS) * BEFORE / ONE_BY_ONE

    reading.prepare()[2]()
    for piece in reading.prepare()[:2]:
        piece()
    reading.require_same()
    fast_enough(partial_credit, note, measure, PROMPT, "a prompt at once faster", "prompt-token-by-token")


@pytest.mark.points(4)
@pytest.mark.title("a training step, compared with that of your assignment 3")
@pytest.mark.task("A6.10")
@pytest.mark.where("fast.train_step")
@pytest.mark.needs("test_train_step")
@pytest.mark.timeout(20)
@pytest.mark.hint("Let `profile` tell you: which operation of the step costs most, and how often does it run?")
def test_step_speed(student, network, rng, stopwatch, partial_credit, note):
    net = network(width=64, heads=4, mlp=256, layers=2, max_len=32)
    tokens = rng.integers(0, 31, (8, 33))
    x, y = tokens[:, :-1], tokens[:, 1:]
    losses = {}

    def trainer(name, module, model):
        optimizer = student.optim.AdamW(model.parameters(), lr=1e-3)
        return lambda: losses.setdefault(name, []).append(student.fetch(module.train_step(model, optimizer, x, y)))

    slow = trainer("assignment 3", student.train, net.build(student))
    fast = trainer("fast", student.fast, student.fast.to_float32(net.build(student)))

    def measure():
        times = stopwatch(student, lambda: (slow, fast))
        for step, (own, quick) in enumerate(zip(*losses.values(), strict=True), 1):
            if not (is_number(own) and is_number(quick) and abs(quick - own) <= 1e-3 * abs(own)):
                raise StudentFailure(f"the loss of step {step} is not that of train.train_step: not timed")
        return times.ratio(0, 1, cap=PATIENCE * STEP_SECONDS)

    fast_enough(partial_credit, note, measure, STEP, "a training step faster than in A3", "step-not-faster")


def is_number(value):
    return isinstance(value, float | np.floating) and bool(np.isfinite(value))
