"""Group 5: five steps of each optimiser, on gradients that the check draws. eps is large, because 1e-8 would hide it.

Formulas are compared with the reference's; everything else is a property of the student's own steps, so that a wrong
formula is not held against the student again.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure

STEPS = 5
#: Rounding of another order of the same operations.
CLOSE = 1e-10
ADAMW = {"lr": 0.1, "eps": 1e-3}
MOMENTUM = {"lr": 0.1, "momentum": 0.9}


@pytest.fixture
def starts(rng):
    """Two parameters of the same shape, so that state which is shared between them shows, and another one."""
    return [rng.standard_normal(shape) for shape in ((2, 3), (2, 3), (4,))]


@pytest.fixture
def gradients(rng, starts):
    """Per step one gradient per parameter, with entries of very different size: eps matters for the small ones."""
    return [[rng.standard_normal(p.shape) * 10.0 ** rng.uniform(-3, 0, p.shape) for p in starts] for _ in range(STEPS)]


@pytest.mark.points(3)
@pytest.mark.title("SGD")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.SGD")
@pytest.mark.hint("One parameter, gradient 1, twice: where is it after each step, by hand and by your code?")
def test_sgd(trajectory, starts, gradients):
    trajectory("optim.SGD", starts, gradients, lr=0.1)


@pytest.mark.points(3)
@pytest.mark.title("SGD with momentum")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.SGD")
@pytest.mark.needs("test_sgd")
@pytest.mark.hint("With a gradient of 1 at every step, what is the velocity after one, two and three steps?")
def test_momentum(trajectory, starts, gradients):
    trajectory("optim.SGD", starts, gradients, **MOMENTUM)


@pytest.mark.points(6)
@pytest.mark.title("AdamW")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.AdamW")
@pytest.mark.hint("How far does an entry move in the very first step, and which entries differ from there on?")
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.8, 0.95)], ids=["usual betas", "other betas"])
def test_adamw(trajectory, starts, gradients, betas):
    trajectory("optim.AdamW", starts, gradients, **ADAMW, betas=betas)


@pytest.mark.points(3)
@pytest.mark.title("weight decay beside the step, not inside the gradient")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.AdamW")
@pytest.mark.needs("test_adamw")
@pytest.mark.hint("With a gradient of zero, what should one step do to a weight of 1? Do the moments know of it?")
def test_weight_decay(trajectory, starts, gradients):
    keep = 1.0 - ADAMW["lr"] * 0.1
    decaying = {**ADAMW, "weight_decay": 0.1}
    nothing = [[np.zeros_like(p) for p in starts] for _ in range(STEPS)]
    shrunk = trajectory.own("optim.AdamW", starts, nothing, **decaying)
    for step, after in enumerate(shrunk, 1):
        for number, (start, value) in enumerate(zip(starts, after, strict=True)):
            if np.abs(value - start * keep**step).max() > CLOSE:
                told = (
                    f"gradient 0, lr 0.1, weight_decay 0.1: after step {step} parameter {number + 1} is "
                    f"{_ratio(value, start):.6g} times what it was, expected {keep**step:.6g}"
                )
                raise trajectory.failure(told, "optim.AdamW", starts, nothing, shrunk, **decaying)
    # On given gradients the decay changes no move: what is left of the parameter is, and then the move comes.
    plain = trajectory.own("optim.AdamW", starts, gradients, **ADAMW)
    decayed = trajectory.own("optim.AdamW", starts, gradients, **decaying)
    for step, (after, plain_after) in enumerate(zip(decayed, plain, strict=True)):
        before, plain_before = (decayed[step - 1], plain[step - 1]) if step else (starts, starts)
        for number in range(len(starts)):
            expected = before[number] * keep + (plain_after[number] - plain_before[number])
            if np.abs(after[number] - expected).max() > CLOSE:
                told = (
                    f"step {step + 1}, parameter {number + 1}: with weight_decay 0.1 the step is not the decay "
                    "followed by the move of your own AdamW without decay"
                )
                raise trajectory.failure(told, "optim.AdamW", starts, gradients, decayed, **decaying)


@pytest.mark.points(2)
@pytest.mark.title("a parameter without gradient stays, and its neighbours do not notice")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.Optimizer")
@pytest.mark.needs("test_sgd", "test_adamw")
@pytest.mark.hint("Freeze the first of two parameters. Whose state does the second one use now?")
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_without_gradient(trajectory, mistake, starts, gradients, name):
    optimizer = f"optim.{name}"
    settings = MOMENTUM if name == "SGD" else {**ADAMW, "weight_decay": 0.1}
    frozen, others = starts[0], starts[1:]
    alone = trajectory.own(optimizer, others, [step[1:] for step in gradients], **settings)
    given = [[None, *step[1:]] for step in gradients]
    beside = trajectory.own(optimizer, starts, given, **settings)
    for step, (after, expected) in enumerate(zip(beside, alone, strict=True), 1):
        if not np.array_equal(after[0], frozen):
            raise mistake("frozen-parameter-moved", f"{name}: a parameter whose grad is None moved in step {step}")
        if any(np.abs(a - b).max() > CLOSE for a, b in zip(after[1:], expected, strict=True)):
            told = f"{name}: in step {step} a parameter moves otherwise when the one before it is frozen"
            raise trajectory.failure(told, optimizer, starts, given, beside, **settings)
    # Where the first one always rests, state by position stays its neighbour's; a pause of one step shows it.
    pause = [step[:2] if number != 2 else [None, step[1]] for number, step in enumerate(gradients)]
    paused = trajectory.own(optimizer, starts[:2], pause, **settings)
    if not np.array_equal(paused[2][0], paused[1][0]):
        raise mistake("frozen-parameter-moved", f"{name}: a parameter whose grad is None in step 3 moved in that step")
    for step, (after, expected) in enumerate(zip(paused, alone, strict=True), 1):
        if np.abs(after[1] - expected[0]).max() > CLOSE:
            told = f"{name}: in step {step} a parameter moves otherwise because the one before it rested in step 3"
            raise trajectory.failure(told, optimizer, starts[:2], pause, paused, **settings)
    if np.array_equal(paused[3][0], paused[2][0]):
        raise StudentFailure(f"{name}: a parameter without gradient in step 3 does not move any more in step 4")


@pytest.mark.points(1)
@pytest.mark.title("the learning rate may change between steps")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.Optimizer")
@pytest.mark.needs("test_sgd", "test_adamw")
@pytest.mark.hint("Which learning rate does your step use: the one of now or the one of the beginning?")
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_changing_rate(trajectory, starts, gradients, name):
    rates = [0.1, 0.05, 0.2, 0.01, 0.1]
    settings = {"lr": 0.1} if name == "SGD" else ADAMW
    constant = trajectory.own(f"optim.{name}", starts, gradients, **settings)
    changes = [{"lr": rate} for rate in rates]
    changed = trajectory.own(f"optim.{name}", starts, gradients, changes=changes, **settings)
    for step, rate in enumerate(rates):
        for now, usual in zip(_moves(changed, starts, step), _moves(constant, starts, step), strict=True):
            if np.abs(now - usual * (rate / 0.1)).max() > CLOSE:
                told = f"step {step + 1} with lr = {rate} is not {rate / 0.1:g} times the one with 0.1"
                raise StudentFailure(f"{name}: {told}")


@pytest.mark.points(1)
@pytest.mark.title("a step writes into the array that is there")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.Optimizer")
@pytest.mark.needs("test_sgd", "test_adamw")
@pytest.mark.hint("A model holds the array as well as the optimiser does. What does it see after the step?")
def test_in_place(student, mistake, rng):
    for name in ("SGD", "AdamW"):
        parameter = student.tensor.Tensor(rng.standard_normal((2, 3)), requires_grad=True)
        held, parameter.grad = parameter.data, rng.standard_normal((2, 3))
        getattr(student.optim, name)([parameter], lr=0.1).step()
        now, then = (student.fetch(v, shape=(2, 3), dtype="f", name="a parameter") for v in (parameter.data, held))
        if not np.array_equal(now, then):
            raise mistake("parameter-array-replaced", f"{name}: after the step the parameter has another array")


def _moves(path, starts, step):
    before = path[step - 1] if step else starts
    return [after - earlier for after, earlier in zip(path[step], before, strict=True)]


def _ratio(value, start):
    largest = np.argmax(np.abs(start))
    return value.flat[largest] / start.flat[largest]
