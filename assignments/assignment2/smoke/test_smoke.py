"""Can later assignments be built on these layers, losses and optimisers? A second, not a grade."""

import numpy as np
import pytest

STRINGS = ["AAAA", "AB", "1234", "12", "QRST"]


@pytest.mark.title("batched matmul, concat and take_rows")
@pytest.mark.task("A2.7")
def test_more_ops(gradcheck, rng):
    a, b, w = (rng.standard_normal(shape) for shape in ((2, 3, 4), (2, 4, 5), (6, 3)))
    gradcheck(lambda lib: lib.ops.matmul, [a, b], wrt=(0, 1), name="matmul of batches")
    ids = np.array([[0, 2, 2], [5, 2, 0]])
    gradcheck(lambda lib: lib.ops.take_rows, [w, ids], name="take_rows")
    joined = lambda lib: lambda x, y: lib.ops.concat([x, y], axis=1)  # noqa: E731
    gradcheck(joined, [a, a[:, :1]], wrt=(0, 1), name="concat", allow=["gradient-aliased"])


@pytest.mark.title("softmax, log_softmax, gelu")
@pytest.mark.task("A2.1")
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "gelu"])
def test_functional(gradcheck, parity, rng, name):
    x = 2.0 * rng.standard_normal((2, 3, 5))
    gradcheck(lambda lib: getattr(lib.functional, name), [x], name=name)
    if name != "gelu":
        extreme = np.array([[1000.0, 1001.0, 999.0], [0.0, -1000.0, 3.0]])
        parity(lambda lib: getattr(lib.functional, name)(lib.tensor.Tensor(extreme)), f"{name} of large numbers")


@pytest.mark.title("cross_entropy")
@pytest.mark.task("A2.1")
@pytest.mark.parametrize("ignore", [None, 0])
def test_cross_entropy(gradcheck, rng, ignore):
    logits, targets = rng.standard_normal((2, 4, 5)), np.array([[0, 1, 2, 0], [4, 0, 3, 3]])
    gradcheck(
        lambda lib: lib.functional.cross_entropy, [logits, targets], name="cross_entropy", ignore_index=ignore
    )


@pytest.mark.title("layer_norm")
@pytest.mark.task("A2.1")
def test_layer_norm(gradcheck, rng):
    x, weight, bias = rng.standard_normal((2, 3, 6)), 1 + 0.3 * rng.standard_normal(6), rng.standard_normal(6)
    gradcheck(
        lambda lib: lib.functional.layer_norm,
        [x, weight, bias],
        wrt=(0, 1, 2),
        name="layer_norm",
        arguments=("x", "weight", "bias"),
    )


@pytest.mark.title("Linear, Embedding, LayerNorm and their parameters")
@pytest.mark.task("A2.3")
def test_modules(parity, rng):
    x, g = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 5))
    ids, table = np.array([[0, 2, 2], [5, 2, 0]]), rng.standard_normal((6, 4))
    linear = {"weight": rng.standard_normal((5, 4)), "bias": rng.standard_normal(5)}
    norm = {"weight": 1 + 0.3 * rng.standard_normal(4), "bias": rng.standard_normal(4)}

    def forward_and_backward(lib):
        embedding, layer, head = (
            lib.nn.Embedding(6, 4, rng=lib.generator(0)),
            lib.nn.LayerNorm(4),
            lib.nn.Linear(4, 5, rng=lib.generator(0)),
        )
        lib.write(embedding, {"weight": table})
        lib.write(layer, norm)
        lib.write(head, linear)
        out = head(layer(embedding(ids) + lib.tensor.Tensor(x)))
        out.backward(g)
        parameters = [embedding.weight, layer.weight, layer.bias, head.weight, head.bias]
        return [out, *(parameter.grad for parameter in parameters)]

    parity(forward_and_backward, "modules: output and gradient")


def trajectory(lib, make, starts, gradients):
    """Parameters after each step; the first one is frozen (it never gets a gradient)."""
    parameters = [lib.nn.Parameter(start) for start in starts]
    optimizer = make(lib, parameters)
    for step in gradients:
        for parameter, gradient in zip(parameters[1:], step, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return [parameter.data for parameter in parameters]


OPTIMIZERS = {
    "SGD": lambda lib, parameters: lib.optim.SGD(parameters, lr=0.1),
    "SGD with momentum": lambda lib, parameters: lib.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "AdamW": lambda lib, parameters: lib.optim.AdamW(parameters, lr=0.1, eps=1e-3),
    "AdamW with decay": lambda lib, parameters: lib.optim.AdamW(parameters, lr=0.1, eps=1e-3, weight_decay=0.1),
}


@pytest.mark.title("five steps of each optimiser")
@pytest.mark.task("A2.4")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(parity, rng, name):
    starts = [rng.standard_normal((2, 3)) for _ in range(3)]
    gradients = [[rng.standard_normal((2, 3)) for _ in range(2)] for _ in range(5)]
    parity(lambda lib: trajectory(lib, OPTIMIZERS[name], starts, gradients), f"{name}: parameter")


@pytest.mark.title("gradients are cleared between steps")
@pytest.mark.task("A2.3")
def test_zero_grad(parity, rng):
    x = rng.standard_normal((2, 4))

    def second_gradient(lib):
        layer = lib.nn.Linear(4, 3, rng=lib.generator(0))
        lib.write(layer, {"weight": np.ones((3, 4)), "bias": np.zeros(3)})
        for _ in range(2):
            layer.zero_grad()
            layer(lib.tensor.Tensor(x)).backward(np.ones((2, 3)))
        return layer.weight.grad

    parity(second_gradient, "gradient after zero_grad")


@pytest.mark.title("clip_grad_norm and lr_at")
@pytest.mark.task("A2.5")
def test_clip_and_schedule(parity, rng):
    gradients = [rng.standard_normal((2, 3)), rng.standard_normal(4)]

    def clipped(lib):
        parameters = [lib.nn.Parameter(np.zeros_like(gradient)) for gradient in gradients]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.copy()
        norm = lib.optim.clip_grad_norm(parameters, 0.5)
        return [norm, *(parameter.grad for parameter in parameters)]

    parity(clipped, "clip_grad_norm")
    steps = (1, 2, 5, 6, 20, 50)
    parity(lambda lib: [lib.optim.lr_at(step, peak=0.1, warmup=5, total=50) for step in steps], "lr_at")


@pytest.mark.title("tokenizer and batches")
@pytest.mark.task("A2.6")
def test_data(parity):
    def encoded(lib):
        tokenizer = lib.data.CharTokenizer.from_strings(STRINGS)
        batch = lib.data.make_batch(STRINGS, tokenizer)
        return [batch, *(tokenizer.encode(string) for string in STRINGS), tokenizer.decode(tokenizer.encode("AB"))]

    parity(encoded, "make_batch, encode, decode")
