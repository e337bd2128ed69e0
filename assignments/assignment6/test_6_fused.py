"""Group 6: one product, one softmax, one backward by hand: the same numbers, also in float32."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import compare, require

#: float32 has 7 digits; a whole backward of two layers loses some of them.
SINGLE = 2e-4
GRADIENTS = "fast.loss_and_gradients"


def attention_of(lib, net):
    attention = lib.transformer.CausalSelfAttention(net.width, net.heads, rng=lib.generator(0))
    prefix = "blocks.0.attn."
    weights = {name.removeprefix(prefix): w for name, w in net.weights.items() if name.startswith(prefix)}
    lib.write(attention, weights)
    return attention


@pytest.mark.points(3)
@pytest.mark.title("fused_qkv and its rule")
@pytest.mark.task("A6.7")
@pytest.mark.where("fast.fused_qkv")
@pytest.mark.hint("Three products with the same x: what must lie on top of each other so that one is enough?")
@pytest.mark.parametrize("what", ["values", "rule"])
def test_fused_qkv(parity, network, rng, what):
    net = network(layers=1)
    for shape in ((2, 5, net.width), (7, net.width)):
        x, g = rng.standard_normal(shape), rng.standard_normal((*shape[:-1], 3 * net.width))
        inputs = {"x": x, "g": g, "weights": net.weights}
        if what == "values":
            piece, name = "fast.fused_qkv", f"fused_qkv(x, attention) for x {shape}"
            parity(lambda lib, x=x: lib.fast.fused_qkv(x, attention_of(lib, net)), name, about=piece, inputs=inputs)
        else:
            piece, name = "fast.fused_qkv_vjp", f"fused_qkv_vjp(g, x, attention) for x {shape}: dx, dweight, dbias"
            rule = lambda lib, x=x, g=g: lib.fast.fused_qkv_vjp(g, x, attention_of(lib, net))  # noqa: E731
            parity(rule, name, about=piece, inputs=inputs)


@pytest.mark.points(4)
@pytest.mark.title("fused_cross_entropy: loss and gradient")
@pytest.mark.task("A6.8")
@pytest.mark.part("fast.fused_cross_entropy")
@pytest.mark.hint("The loss needs the softmax, and so does its gradient. By what is the gradient divided?")
@pytest.mark.parametrize("kind", ["ordinary", "large logits"])
def test_fused_cross_entropy(parity, student, rng, mistake, kind):
    for shape in ((6, 5), (2, 3, 7)):
        logits = rng.standard_normal(shape) * (1.0 if kind == "ordinary" else 500.0)
        targets = rng.integers(0, shape[-1], shape[:-1])
        parity(
            lambda lib, logits=logits, targets=targets: lib.fast.fused_cross_entropy(logits, targets),
            f"fused_cross_entropy(logits {shape}, targets): loss, gradient",
            about="fast.fused_cross_entropy",
            inputs={"logits": logits, "targets": targets},
        )
        kept = student.keep(logits)
        student.fast.fused_cross_entropy(kept, targets)
        try:
            compare(student.fetch(kept), logits, "the logits after the call", rtol=0, atol=0)
        except StudentFailure as failure:
            raise mistake("inputs-mutated", failure.message) from None


def batch_of(rng, rows=3, steps=7):
    tokens = rng.integers(0, 31, (rows, steps + 1))
    x, y = tokens[:, :-1], tokens[:, 1:]
    return x, y


def evaluated(lib, net, x, y, single=False):
    """Loss and gradients by name; a whole is one request."""
    model = net.build(lib)
    return lib.fetch(lib.fast.loss_and_gradients(lib.fast.to_float32(model) if single else model, x, y))


def opened(value):
    if type(value) not in (tuple, list) or len(value) != 2 or not isinstance(value[1], dict):
        raise StudentFailure("loss_and_gradients did not return a loss and a dict of gradients")
    return value


@pytest.mark.points(5)
@pytest.mark.title("loss_and_gradients: every parameter")
@pytest.mark.task("A6.9")
@pytest.mark.where(GRADIENTS)
@pytest.mark.given("test_fused_cross_entropy")
@pytest.mark.hint("The wrong names have something in common: behind which step of your backward do they lie?")
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients(student, reference, parity, gradcheck, network, rng, layers):
    net = network(layers=layers)
    x, y = batch_of(rng)
    loss, gradients = opened(evaluated(student, net, x, y))
    expected_loss, expected = evaluated(reference, net, x, y)
    parity.data(loss, expected_loss, "the loss of loss_and_gradients", about=GRADIENTS)
    gradcheck.gradients(gradients, expected, "loss_and_gradients")


@pytest.mark.points(2)
@pytest.mark.title("to_float32: nothing is computed in float64 any more")
@pytest.mark.task("A6.10")
@pytest.mark.where("fast.to_float32")
@pytest.mark.given("test_fused_cross_entropy")
@pytest.mark.hint("What is float32 times an array that holds one float64?")
def test_float32(student, network, rng, mistake):
    net = network()
    x, y = batch_of(rng)
    model = student.fast.to_float32(net.build(student))
    for name in ("tok_emb.weight", "ln_f.bias", "head.weight"):
        data = student.fetch(parameter_of(model, name).data, shape=net.weights[name].shape, dtype="f", name=name)
        if data.dtype != np.float32:
            raise mistake("float64-crept-in", f"after to_float32, {name} has dtype {data.dtype}")
        compare(data.astype(np.float64), net.weights[name], f"{name} after to_float32", rtol=1e-6)
    loss, gradients = opened(evaluated(student, net, x, y, single=True))
    wide = [name for name, g in gradients.items() if not (isinstance(g, np.ndarray) and g.dtype == np.float32)]
    if wide:
        raise mistake("float64-crept-in", f"gradients of a float32 model are not float32: {', '.join(wide[:3])}")
    right, _ = opened(evaluated(student, net, x, y))
    require(right, shape=(), dtype="f", finite=True, name="the loss")
    compare(loss, right, "the loss in float32, compared with yours in float64", rtol=SINGLE, atol=SINGLE)


def parameter_of(model, name):
    for part in name.split("."):
        model = getattr(model, part)
    return model


@pytest.mark.points(3)
@pytest.mark.title("train_step: five losses, in float64 and in float32")
@pytest.mark.task("A6.10")
@pytest.mark.where("fast.train_step")
@pytest.mark.given("test_fused_cross_entropy")
@pytest.mark.hint("Compare the second loss. Which gradients had the optimiser, and did it take its step?")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_train_step(student, reference, parity, network, rng, dtype):
    net = network(width=16, heads=2, mlp=64, layers=1, max_len=10)  # the model of assignment 3
    batches = [batch_of(rng, rows=4) for _ in range(5)]
    settings = {"lr": 1e-3, "eps": 1e-3, "weight_decay": 0.1}

    def losses(lib, module, single):
        model = net.build(lib)
        model = lib.fast.to_float32(model) if single else model
        optimizer = lib.optim.AdamW(model.parameters(), **settings)
        return lib.fetch([module.train_step(model, optimizer, x, y) for x, y in batches])

    single = dtype == "float32"
    got = losses(student, student.fast, single)
    expected = losses(reference, reference.train, False)
    tolerance = {"rtol": SINGLE, "atol": SINGLE} if single else {}
    # Its mistakes are those of assignment 3, and known under that name.
    inputs = {"weights": net.weights, "batches": batches, "optimizer": "AdamW", "settings": settings}
    name = f"losses of train_step in {dtype}: step"
    parity.data(got, expected, name, about="train.train_step", inputs=inputs, **tolerance)
