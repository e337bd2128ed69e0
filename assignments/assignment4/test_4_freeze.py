"""Group 4: what is frozen keeps every bit; what is not moves on."""

import fnmatch

import numpy as np
import pytest

from tinygrade import StudentFailure

STEPS = 50
LR, DECAY = 0.01, 0.1
PATTERNS = ["tok_emb.weight", "blocks.0.*", "*.fc2.bias"]


def matching(shapes, patterns):
    return [name for name in shapes if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


def require_frozen(before, after, names, mistake, *, steps):
    """Raise unless these weights are what they were; known ways to move them are named."""
    for name in names:
        if np.array_equal(before[name], after[name]):
            continue
        decayed = before[name] * (1.0 - LR * DECAY) ** steps
        if np.allclose(after[name], decayed, rtol=1e-9, atol=0.0):
            message = f"{name} is frozen, and has become smaller in every step by the weight decay"
            raise mistake("frozen-decays", message, name=name)
        raise mistake("frozen-moves", f"{name} is frozen, and has moved", name=name)


def require_moved(before, after, names, mistake):
    if still := [name for name in names if np.array_equal(before[name], after[name])]:
        raise mistake("frozen-too-much", f"{still[0]} is not frozen, and has not moved", names=still[:5])


def train(student, small, model, optimizer, steps):
    for _ in range(steps):
        student.train.train_step(model, optimizer, *small.batch)
    return small.read(student, model)


@pytest.mark.points(6)
@pytest.mark.title("50 steps with weight decay")
@pytest.mark.task("A4.3")
@pytest.mark.where("finetune.freeze")
@pytest.mark.hint("Which lines of your optimiser still run for a parameter whose gradient is 0, and which for None?")
def test_frozen(student, small, mistake):
    model = small.build(student)
    optimizer = student.optim.AdamW(model.parameters(), lr=LR, weight_decay=DECAY)
    student.finetune.freeze(model, PATTERNS)
    after = train(student, small, model, optimizer, STEPS)
    frozen = matching(small.shapes, PATTERNS)
    require_frozen(small.weights, after, frozen, mistake, steps=STEPS)
    require_moved(small.weights, after, [name for name in small.shapes if name not in frozen], mistake)


@pytest.mark.points(2)
@pytest.mark.title("frozen in the middle of training")
@pytest.mark.task("A4.3")
@pytest.mark.where("finetune.freeze")
@pytest.mark.needs("test_frozen")
@pytest.mark.hint("The last gradient, and the optimiser's memory of all before, are still there. Who uses them?")
@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_frozen_later(student, small, mistake, name):
    settings = {"AdamW": {"weight_decay": DECAY}, "SGD": {"momentum": 0.9}}[name]
    model = small.build(student)
    optimizer = getattr(student.optim, name)(model.parameters(), lr=LR, **settings)
    before = train(student, small, model, optimizer, 3)
    student.finetune.freeze(model, PATTERNS)
    optimizer.step()  # with whatever gradients are left over
    after = train(student, small, model, optimizer, 3)
    require_frozen(before, after, matching(small.shapes, PATTERNS), mistake, steps=4)


@pytest.mark.points(2)
@pytest.mark.title("which parameters a pattern means")
@pytest.mark.task("A4.3")
@pytest.mark.where("finetune.freeze")
@pytest.mark.needs("test_frozen")
@pytest.mark.hint("What is frozen after freeze(model, ['head.*']) and then freeze(model, ['*.bias'])?")
@pytest.mark.parametrize("case", ["again", "none", "unknown"])
def test_patterns(student, small, mistake, case):
    model = small.build(student)
    freeze = student.finetune.freeze
    freeze(model, ["head.weight"])
    if case == "unknown":
        student.raises(ValueError, lambda: freeze(model, ["head.weigth"]), valid=lambda: freeze(model, ["head.*"]))
        return
    patterns = ["*.ln2.*", "pos_emb.weight"] if case == "again" else []
    freeze(model, patterns)
    optimizer = student.optim.AdamW(model.parameters(), lr=LR, weight_decay=DECAY)
    after = train(student, small, model, optimizer, 2)
    frozen = matching(small.shapes, patterns)
    if not any(np.array_equal(small.weights[n], after[n]) for n in small.shapes) and frozen:
        raise StudentFailure(f"freeze(model, {patterns}) freezes nothing")
    require_frozen(small.weights, after, frozen, mistake, steps=2)
    require_moved(small.weights, after, [name for name in small.shapes if name not in frozen], mistake)
