"""Group 2: a run in a file: weights, the optimiser's memory, the step and the generator, bit for bit, without pickle.

What an optimiser remembers has no names here: it is seen by what the optimiser does next.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.diagnosing import diagnosed
from tinygrade.diagnosis.observations import TrajectoryMismatch

FILE = "run.npz"
OPTIMIZERS = {
    "AdamW": {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
    "SGD": {"lr": 0.1, "momentum": 0.9},
}
#: Steps before the file is written, and steps that are compared afterwards.
BEFORE, AFTER = 3, 3


def optimizer_of(student, name, model):
    return getattr(student.optim, name)(model.parameters(), **OPTIMIZERS[name])


def require_file(student, name):
    found = sorted(student.folder.files())
    if name not in found:
        other = f"; it wrote {', '.join(found[:3])}" if found else ""
        raise StudentFailure(f"save_checkpoint({name!r}, ...) wrote no file of this name{other}")


@pytest.mark.points(5)
@pytest.mark.title("weights and step come back in another process")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.save_checkpoint")
@pytest.mark.needs("test_state_dict", "test_load")
@pytest.mark.hint("Compare one weight before and after with ==. If it is only nearly the same, where did the rest go?")
def test_weights(student, small, rng, mistake):
    model = small.build(student)
    student.checkpoint.save_checkpoint(FILE, model, optimizer_of(student, "AdamW", model), 17, student.generator(1))
    if any(not np.array_equal(a, small.weights[name]) for name, a in small.read(student, model).items()):
        raise StudentFailure("saving has changed the model")
    require_file(student, FILE)
    student.folder.renew()
    other = small.random(rng)
    model = small.build(student, other)
    optimizer = optimizer_of(student, "AdamW", model)
    step = student.fetch(student.checkpoint.load_checkpoint(FILE, model, optimizer, student.generator(2)))
    for name, array in small.read(student, model).items():
        right = small.weights[name]
        if np.array_equal(array, right):
            continue
        if np.array_equal(array, right.astype(np.float32)) or np.array_equal(array, right.astype(np.float16)):
            raise mistake("checkpoint-precision", f"{name} has lost digits on its way through the file", name=name)
        if np.array_equal(array, other[name]):
            raise mistake("weights-not-loaded", f"loading has left {name} as it was before", name=name)
        raise StudentFailure(f"{name} has other numbers after loading than it was saved with")
    if step is None or np.shape(step) != () or step != 17:
        raise mistake("step-not-returned", "load_checkpoint does not give the step that was saved, 17")


@pytest.mark.points(6)
@pytest.mark.title("the optimiser remembers")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.save_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("After loading, print everything in vars(optimizer). What is not what it was before?")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(student, grading, rng, name):
    # Two parameters of one shape, so that nothing but their order tells their memories apart.
    starts = [rng.standard_normal(4) for _ in range(2)]
    gradients = [[rng.standard_normal(4) for _ in range(2)] for _ in range(BEFORE + AFTER)]

    def make():
        model = student.nn.LayerNorm(4)
        student.write(model, dict(zip(("weight", "bias"), starts, strict=True)))
        return model, optimizer_of(student, name, model)

    def path(model, optimizer, steps):
        found = []
        for g_weight, g_bias in steps:
            model.weight.grad, model.bias.grad = student.keep(g_weight), student.keep(g_bias)
            optimizer.step()
            found.append([np.array(a) for a in student.fetch([model.weight.data, model.bias.data])])
        return found

    model, optimizer = make()
    path(model, optimizer, gradients[:BEFORE])
    student.checkpoint.save_checkpoint(FILE, model, optimizer, BEFORE, student.generator(1))
    right = path(model, optimizer, gradients[BEFORE:])
    student.folder.renew()
    model, optimizer = make()
    student.checkpoint.load_checkpoint(FILE, model, optimizer, student.generator(2))
    got = path(model, optimizer, gradients[BEFORE:])

    def seen(got):
        settings = {"optimizer": name, "saved_after": BEFORE, **OPTIMIZERS[name]}
        return TrajectoryMismatch("checkpoint.load_checkpoint", settings, starts, gradients, got, right)

    grading.catalogue.foresee(lambda: iter([seen(right)]))
    for step, (mine, own) in enumerate(zip(got, right, strict=True), 1):
        if not all(map(np.array_equal, mine, own)):
            message = f"{name}: step {step} after loading differs from the same step without a break"
            raise diagnosed(StudentFailure(message), grading.catalogue, seen(got), {"step": step})


@pytest.mark.points(3)
@pytest.mark.title("the generator goes on where it was")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.save_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("Draw three numbers after saving, and three after loading. Are they the same ones?")
def test_generator(student, grading, mistake):
    def drawn(rng):
        numbers = [rng.integers(1 << 31, dtype="uint32"), rng.standard_normal(3), rng.permutation(7)]
        return [np.array(a) for a in student.fetch(numbers)]

    def run(rng):
        model = student.nn.LayerNorm(4)
        return FILE, model, optimizer_of(student, "AdamW", model), *rng

    seed = grading.draw("test_generator", "seed")
    rng, same = student.generator(seed), student.generator(seed)
    # One number of 32 bits: the generator makes 64 at a time and keeps the other half.
    for generator in (rng, same):
        generator.integers(1 << 31, dtype="uint32")
    student.checkpoint.save_checkpoint(*run((1, rng)))
    right = drawn(same)
    if not all(map(np.array_equal, drawn(rng), right)):
        raise mistake("saving-draws", "after saving, the generator draws other numbers than without saving")
    student.folder.renew()
    rng, unused = student.generator(seed + 1), student.generator(seed + 1)
    student.checkpoint.load_checkpoint(*run((rng,)))
    got = drawn(rng)
    if not all(map(np.array_equal, got, right)):
        if all(map(np.array_equal, got, drawn(unused))):
            raise mistake("rng-not-restored", "after loading, the generator draws what it would have drawn anyway")
        raise mistake("rng-half-restored", "after loading, the generator draws other numbers than after saving")


@pytest.mark.points(4)
@pytest.mark.title("no pickle is written, and none is run")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.load_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("Who may have written the file that you load? What is the most that it may do?")
def test_no_pickle(student, small, archives, mistake):
    model = small.build(student)
    optimizer, rng = optimizer_of(student, "AdamW", model), student.generator(1)
    student.train.train_step(model, optimizer, *small.batch)
    student.checkpoint.save_checkpoint(FILE, model, optimizer, 1, rng)
    require_file(student, FILE)
    content = student.folder.files()[FILE]
    if problem := archives.problem(content):
        raise mistake("checkpoint-pickled", f"the file is no archive of plain arrays: {problem}", problem=problem)
    student.folder.put({"strange.npz": archives.hostile(content)})
    load = student.checkpoint.load_checkpoint
    try:
        student.raises(
            ValueError,
            lambda: load("strange.npz", model, optimizer, rng),
            valid=lambda: load(FILE, model, optimizer, rng),
        )
    except StudentFailure:
        if archives.TRACE in student.folder.files():
            raise mistake("checkpoint-runs-programs", "loading a file has run a program that was in it") from None
        raise
    if archives.TRACE in student.folder.files():
        raise mistake("checkpoint-runs-programs", "loading a file has run a program that was in it")


@pytest.mark.points(2)
@pytest.mark.title("the file has the name that was asked for; a wrong model is refused")
@pytest.mark.task("A4.2")
@pytest.mark.where("checkpoint.save_checkpoint")
@pytest.mark.needs("test_weights")
@pytest.mark.hint("List the folder after saving. Is there exactly the file that you asked for?")
@pytest.mark.parametrize("case", ["name", "model"])
def test_file(student, small, mistake, case):
    model = small.build(student)
    optimizer, rng, name = optimizer_of(student, "SGD", model), student.generator(1), "run.checkpoint"
    student.checkpoint.save_checkpoint(name if case == "name" else FILE, model, optimizer, 3, rng)
    if case == "name":
        found = sorted(student.folder.files())
        if found == [f"{name}.npz"]:
            raise mistake("checkpoint-renamed", f"asked for {name}, it wrote {found[0]}", found=found[0])
        require_file(student, name)
        student.checkpoint.load_checkpoint(name, model, optimizer, rng)
        return
    wide = student.transformer.GPT(width=12, heads=2, mlp=32, layers=2, rng=student.generator(0))
    before = np.array(student.fetch(wide.head.weight.data))
    other = optimizer_of(student, "SGD", wide)
    student.raises(
        ValueError,
        lambda: student.checkpoint.load_checkpoint(FILE, wide, other, rng),
        valid=lambda: student.checkpoint.load_checkpoint(FILE, model, optimizer, rng),
    )
    if not np.array_equal(student.fetch(wide.head.weight.data), before):
        message = "the file was refused, and the model has changed all the same"
        raise mistake("load-halfway", message, name="head.weight")
