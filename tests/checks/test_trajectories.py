"""The fixture `trajectory`, tried with optimisers that are wrong in one step, one parameter, one rule."""

import numpy as np
import pytest

from tinygrade.checks import loops
from tinygrade.checks.trajectories import Trajectory, described
from tinygrade.diagnosis.catalogue import Catalogue, Page, Rule
from tinygrade.diagnosis.observations import TrajectoryMismatch
from tinygrade.failures import StudentFailure
from tinygrade.worker.loops import LOOPS
from tinygrade.worker.surface import Surface

RNG = np.random.default_rng(3)
STARTS = [RNG.standard_normal((2, 3)), RNG.standard_normal((2, 3))]
GRADIENTS = [[RNG.standard_normal((2, 3)) for _ in STARTS] for _ in range(5)]


class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data, self.grad = data, None


class Momentum:
    """u = mu u + g; p -= lr u."""

    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum, self.t = params, lr, momentum, 0
        self.u = [np.zeros_like(p.data) for p in params]

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            if p.grad is not None:
                self.move(i, p)

    def move(self, i, p):
        self.u[i] = self.momentum * self.u[i] + p.grad
        p.data -= self.lr * self.u[i]


class Damped(Momentum):
    def move(self, i, p):
        self.u[i] = self.momentum * self.u[i] + (1 - self.momentum) * p.grad
        p.data -= self.lr * self.u[i]


class Shared(Momentum):
    """All parameters use the first one's velocity."""

    def move(self, i, p):
        super().move(0, p)


class LateSlip(Momentum):
    """Right until the fourth step, then one entry of the second parameter is off."""

    def move(self, i, p):
        super().move(i, p)
        if self.t == 4 and i == 1:
            p.data[1, 2] += 1e-5


class Frozen(Momentum):
    def move(self, i, p):
        pass


class Grows(Momentum):
    def move(self, i, p):
        p.data = np.zeros((2, 3, 1))


class Vanishes(Momentum):
    def move(self, i, p):
        p.data = np.full((2, 3), np.nan)


class Package:
    """A library whose optimiser is at hand."""

    def __init__(self, optimizer, answer=None):
        self.optim = type("optim", (), {"SGD": optimizer})
        self._answer = answer

    def loop(self, name, *args):
        return self._answer if self._answer is not None else LOOPS[name](Surface(lambda: Tensor, []), *args)


def compared(optimizer, catalogue=None, **settings):
    fixture = Trajectory(Package(optimizer), Package(Momentum), catalogue)
    fixture("optim.SGD", STARTS, GRADIENTS, **({"lr": 0.1, "momentum": 0.9} | settings))


def test_the_right_one_passes():
    compared(Momentum)


def test_another_order_of_rounding_passes():
    class Rearranged(Momentum):
        def move(self, i, p):
            self.u[i] = p.grad + self.u[i] * self.momentum
            p.data = p.data + (-self.u[i]) * self.lr

    compared(Rearranged)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (Damped, "SGD(lr=0.1, momentum=0.9) after step 1 of 5: parameter 1["),
        (Shared, "after step 1 of 5: parameter 2["),
        (LateSlip, "after step 4 of 5: parameter 2[1, 2]: yours "),
        (Frozen, "after step 1 of 5: parameter 1["),
        (Grows, "parameter 1 has shape (2, 3, 1), expected (2, 3)"),
        (Vanishes, "parameter 1 holds NaN"),
    ],
)
def test_wrong_ones_are_told_where_they_leave_the_path(fails, optimizer, words):
    with fails(words):
        compared(optimizer)


def test_both_values_are_told(fails):
    with fails() as told:
        compared(LateSlip)
    yours, expected = told.failure.message.partition("yours ")[2].split(" (")[0].split(", expected ")
    assert float(yours) != float(expected)
    assert abs(float(yours) - float(expected)) < 1e-4


def test_without_momentum_a_damped_velocity_is_no_mistake():
    compared(Damped, momentum=0.0)


def test_the_catalogue_is_asked_with_all_there_is_to_see(fails):
    asked, catalogue = [], Catalogue()
    page = Page("a-mistake", "A mistake", "Which one?", "")
    catalogue.register(page, Rule("a-mistake", TrajectoryMismatch, lambda seen: asked.append(seen) or {"found": True}))
    with fails() as told:
        compared(LateSlip, catalogue)
    (seen,) = asked
    assert seen.about == "optim.SGD"
    assert seen.settings == {"lr": 0.1, "momentum": 0.9}
    assert len(seen.got) == len(seen.expected) == len(seen.gradients) == 5
    assert all(type(value) is np.ndarray for step in seen.expected for value in step)
    assert told.failure.hint == "Which one?"
    assert told.failure.diagnosis.code == "a-mistake"
    evidence = told.failure.diagnosis.evidence
    assert (evidence["step"], evidence["parameter"], evidence["index"]) == (4, 2, [1, 2])


def test_a_failed_property_is_diagnosed_by_its_path():
    catalogue = Catalogue()
    page = Page("a-mistake", "A mistake", "Which one?", "")
    catalogue.register(page, Rule("a-mistake", TrajectoryMismatch, lambda seen: {"steps": len(seen.got)}))
    fixture = Trajectory(Package(Damped), Package(Momentum), catalogue)
    got = fixture.own("optim.SGD", STARTS, GRADIENTS, lr=0.1)
    failure = fixture.failure("it is so", "optim.SGD", STARTS, GRADIENTS, got, lr=0.1)
    assert failure.message == "it is so"
    assert failure.diagnosis.evidence["steps"] == 5


@pytest.mark.parametrize("optimizer", [Grows, Vanishes])
def test_own_paths_are_finite_arrays_of_their_shapes(fails, optimizer):
    fixture = Trajectory(Package(optimizer), Package(Momentum))
    with fails("after step 1: parameter 1"):
        fixture.own("optim.SGD", STARTS, GRADIENTS, lr=0.1)


@pytest.mark.parametrize("answer", ["text", [], [[]] * 5, {"value": 1}, [[1, 2, 3]] * 5, [None] * 5])
def test_what_is_no_path_is_the_students_failure(fails, answer):
    fixture = Trajectory(Package(Momentum, answer), Package(Momentum))
    with fails(loops.NO_ANSWER):
        fixture("optim.SGD", STARTS, GRADIENTS, lr=0.1)


@pytest.mark.parametrize("answer", ["text", {"a": 1}, [1, 2, 3, 4]])
def test_other_loops_believe_no_form_either(answer):
    lib = Package(Momentum, answer)
    for call in (
        lambda: loops.listed(lib, None, 3),
        lambda: loops.called(lib, None, [([], {})] * 3),
        lambda: loops.fit(lib, None, None, None, np.zeros(1), np.zeros(1), 3),
    ):
        with pytest.raises(StudentFailure):
            call()


def test_described():
    assert described("optim.AdamW", {"lr": 0.1, "eps": 1e-3}) == "AdamW(lr=0.1, eps=0.001)"
