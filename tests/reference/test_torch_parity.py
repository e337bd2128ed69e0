"""The reference against PyTorch: values, gradients and trajectories, in float64."""

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch",
    reason="NOT COMPARED WITH PYTORCH: it is not installed. The extra `torch` has it: pip install -e '.[torch]'",
)
TF = torch.nn.functional

OPS = {
    "add": (torch.add, [(2, 3), (3,)]),
    "sub": (torch.sub, [(2, 1), (4, 1, 3)]),
    "mul": (torch.mul, [(2, 3), ()]),
    "div": (torch.div, [(3,), (2, 3)]),
    "neg": (torch.neg, [(2, 3)]),
    "power": (torch.pow, [(2, 3), (2, 1)]),
    "exp": (torch.exp, [(2, 3)]),
    "log": (torch.log, [(2, 3)]),
    "tanh": (torch.tanh, [(2, 3)]),
    "relu": (torch.relu, [(2, 3)]),
    "maximum": (torch.maximum, [(2, 3), (3,)]),
    "matmul": (torch.matmul, [(2, 3), (3, 4)]),
}
WITH_ARGUMENTS = {
    "where": (
        lambda ops, a, b: ops.where(np.array([True, False, True]), a, b),
        lambda a, b: torch.where(torch.tensor([True, False, True]), a, b),
        [(2, 3), (3,)],
    ),
    "batched matmul": (lambda ops, a, b: ops.matmul(a, b), torch.matmul, [(2, 1, 3, 4), (5, 4, 2)]),
    "sum": (lambda ops, x: ops.reduce_sum(x, (0, -1)), lambda x: x.sum((0, -1)), [(2, 3, 4)]),
    "mean": (lambda ops, x: ops.mean(x, 1, True), lambda x: x.mean(1, keepdim=True), [(2, 3, 4)]),
    "reshape": (lambda ops, x: ops.reshape(x, (4, -1)), lambda x: x.reshape(4, -1), [(2, 3, 4)]),
    "transpose": (lambda ops, x: ops.transpose(x, (1, 2, 0)), lambda x: x.permute(1, 2, 0), [(2, 3, 4)]),
    "negative axes": (lambda ops, x: ops.transpose(x, (-1, 0, -2)), lambda x: x.permute(-1, 0, -2), [(2, 3, 4)]),
    "repeated index": (lambda ops, x: ops.getitem(x, [0, 0, 2]), lambda x: x[[0, 0, 2]], [(3, 4)]),
    "slices": (lambda ops, x: ops.getitem(x, (slice(1, None), 0)), lambda x: x[1:, 0], [(3, 4)]),
    "concat": (lambda ops, a, b: ops.concat([a, b, a], 1), lambda a, b: torch.cat([a, b, a], 1), [(2, 3), (2, 1)]),
    "take_rows": (
        lambda ops, w: ops.take_rows(w, np.array([[1, 1], [0, 4]])),
        lambda w: TF.embedding(torch.tensor([[1, 1], [0, 4]]), w),
        [(5, 3)],
    ),
    "diamond": (lambda ops, a, b: ops.add(a * b, a * b * b), lambda a, b: a * b + a * b * b, [(2, 3), (2, 3)]),
    "reuse": (lambda ops, a, b: (a + b) + a / (a + b), lambda a, b: (a + b) + a / (a + b), [(2, 3), (3,)]),
}
TARGETS = np.array([[0, 1, 4], [2, 2, 0]])
LAYERS = {
    "softmax": ("softmax", (), lambda x: TF.softmax(x, -1), [(2, 3, 5)]),
    "softmax axis 0": ("softmax", (0,), lambda x: TF.softmax(x, 0), [(2, 3, 5)]),
    "log_softmax": ("log_softmax", (1,), lambda x: TF.log_softmax(x, 1), [(2, 3, 5)]),
    "gelu": ("gelu", (), lambda x: TF.gelu(x, approximate="tanh"), [(2, 3, 5)]),
    "cross_entropy": (
        "cross_entropy",
        (TARGETS,),
        lambda x: TF.cross_entropy(x.flatten(0, 1), torch.tensor(TARGETS).flatten()),
        [(2, 3, 5)],
    ),
    "masked cross_entropy": (
        "cross_entropy",
        (TARGETS, 0),
        lambda x: TF.cross_entropy(x.flatten(0, 1), torch.tensor(TARGETS).flatten(), ignore_index=0),
        [(2, 3, 5)],
    ),
    "layer_norm": ("layer_norm", (1e-3,), lambda x, w, b: TF.layer_norm(x, (5,), w, b, 1e-3), [(2, 3, 5), (5,), (5,)]),
    "linear": ("linear", (), TF.linear, [(2, 3, 5), (4, 5), (4,)]),
    "linear without bias": ("linear", (), TF.linear, [(5,), (4, 5)]),
}


def compare(lib, rng, ours, theirs, shapes, positive=False):
    """Forward, and gradients with a random cotangent, to 1e-12."""
    arrays = [rng.uniform(0.5, 2.0, shape) if positive else rng.normal(size=shape) for shape in shapes]
    leaves = [lib.tensor.Tensor(a.copy(), requires_grad=True) for a in arrays]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    out, expected = ours(*leaves), theirs(*tensors)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-12, atol=1e-13)
    cotangent = rng.normal(size=out.shape)
    out.backward(cotangent)
    expected.backward(torch.tensor(cotangent))
    for leaf, tensor in zip(leaves, tensors, strict=True):
        assert leaf.grad.shape == leaf.shape
        np.testing.assert_allclose(leaf.grad, tensor.grad.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", OPS)
def test_ops(lib, rng, name):
    theirs, shapes = OPS[name]
    compare(lib, rng, getattr(lib.ops, name), theirs, shapes, positive=name in ("log", "power", "div"))


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_ops_with_arguments(lib, rng, name):
    ours, theirs, shapes = WITH_ARGUMENTS[name]
    compare(lib, rng, lambda *xs: ours(lib.ops, *xs), theirs, shapes, positive=name == "reuse")


@pytest.mark.parametrize("name", LAYERS)
def test_layers(lib, rng, name):
    function, further, theirs, shapes = LAYERS[name]
    compare(lib, rng, lambda *xs: getattr(lib.functional, function)(*xs, *further), theirs, shapes)


@pytest.mark.parametrize(("t_q", "t_k"), [(4, 4), (4, 6), (1, 5)])
def test_attention(lib, rng, t_q, t_k):
    mask = lib.transformer.causal_mask(t_q, t_k)
    compare(
        lib,
        rng,
        lambda q, k, v: lib.transformer.scaled_dot_product_attention(q, k, v, mask),
        lambda q, k, v: TF.scaled_dot_product_attention(q, k, v, attn_mask=torch.tensor(mask)),
        [(3, 2, t_q, 8), (3, 2, t_k, 8), (3, 2, t_k, 8)],
    )


# The whole model.


def torch_gpt(p, ids, layers, heads):
    """The same transformer written with torch's own functions; `p` maps names to parameters."""

    def linear(name, x):
        return TF.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])

    def norm(name, x):
        return TF.layer_norm(x, x.shape[-1:], p[f"{name}.weight"], p[f"{name}.bias"])

    def attention(name, x):
        batch, time, width = x.shape
        q, k, v = (linear(f"{name}.{n}", x).view(batch, time, heads, -1).transpose(1, 2) for n in "qkv")
        y = TF.scaled_dot_product_attention(q, k, v, is_causal=True)
        return linear(f"{name}.o", y.transpose(1, 2).reshape(batch, time, width))

    x = p["tok_emb.weight"][ids] + p["pos_emb.weight"][: ids.shape[1]]
    for i in range(layers):
        x = x + attention(f"blocks.{i}.attn", norm(f"blocks.{i}.ln1", x))
        hidden = TF.gelu(linear(f"blocks.{i}.mlp.fc1", norm(f"blocks.{i}.ln2", x)), approximate="tanh")
        x = x + linear(f"blocks.{i}.mlp.fc2", hidden)
    return TF.linear(norm("ln_f", x), p["head.weight"])


def random_gpt(lib, rng, **sizes):
    """Our model with random parameters, and the same numbers as torch leaves."""
    model = lib.transformer.GPT(rng=rng, **sizes)
    for p in model.parameters():
        p.data[...] = rng.normal(0.0, 0.5, p.shape)
    return model, {name: torch.tensor(p.data.copy(), requires_grad=True) for name, p in model.named_parameters()}


@pytest.mark.parametrize("time", [1, 4, 10])
@pytest.mark.parametrize("sizes", [{}, {"width": 12, "heads": 3, "mlp": 20, "layers": 2}], ids=["1x16", "2x12"])
def test_gpt(lib, rng, time, sizes):
    model, p = random_gpt(lib, rng, **sizes)
    ids = rng.integers(0, 31, (3, time))
    targets = rng.integers(0, 31, (3, time))
    logits = model(ids)
    expected = torch_gpt(p, torch.tensor(ids), sizes.get("layers", 1), sizes.get("heads", 2))
    np.testing.assert_allclose(logits.data, expected.detach().numpy(), rtol=1e-11, atol=1e-11)
    lib.functional.cross_entropy(logits, targets).backward()
    TF.cross_entropy(expected.flatten(0, 1), torch.tensor(targets).flatten()).backward()
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(parameter.grad, p[name].grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_losses_of_ten_training_steps(lib, rng, seed_batch, kind):
    x, y = seed_batch
    model, p = random_gpt(lib, rng)
    optimizer = getattr(lib.optim, kind)(model.parameters(), lr=1e-2)
    theirs = {"SGD": torch.optim.SGD, "AdamW": lambda *a, **k: torch.optim.AdamW(*a, weight_decay=0.0, **k)}[kind](
        list(p.values()), lr=1e-2
    )
    for _ in range(10):
        loss = TF.cross_entropy(torch_gpt(p, torch.tensor(x), 1, 2).flatten(0, 1), torch.tensor(y.copy()).flatten())
        theirs.zero_grad()
        loss.backward()
        # Adam turns the rounding noise in the key bias, whose gradient is 0, into whole steps; they change no logit.
        assert lib.train.train_step(model, optimizer, x, y) == pytest.approx(loss.item(), rel=1e-9)
        theirs.step()


# Optimisers.

OPTIMIZERS = {
    "SGD": ("SGD", {"lr": 0.1}, {}),
    "momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}, {}),
    "AdamW": ("AdamW", {"lr": 0.1}, {"weight_decay": 0.0}),
    "large eps": ("AdamW", {"lr": 0.1, "eps": 1e-3, "betas": (0.8, 0.95)}, {"weight_decay": 0.0}),
    "decay": ("AdamW", {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1}, {}),
}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_trajectories(lib, rng, name, frozen):
    kind, options, theirs_only = OPTIMIZERS[name]
    starts = [rng.normal(size=shape) for shape in [(2, 3), (3,), (), (2, 3)]]
    ours = [lib.nn.Parameter(a.copy()) for a in starts]
    theirs = [torch.tensor(a, requires_grad=True) for a in starts]
    optimizer = getattr(lib.optim, kind)(ours, **options)
    expected = getattr(torch.optim, kind)(theirs, **options, **theirs_only)
    for _ in range(7):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            g = rng.normal(size=p.shape) * 0.01
            p.grad, q.grad = (None, None) if frozen and i == 1 else (np.array(g), torch.tensor(g))
        optimizer.step()
        expected.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip(lib, rng, max_norm):
    gradients = [rng.normal(size=shape) for shape in [(2, 3), (3,)]]
    ours = [lib.nn.Parameter(np.zeros(g.shape)) for g in gradients]
    theirs = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in gradients]
    for p, q, g in zip(ours, theirs, gradients, strict=True):
        p.grad, q.grad = g.copy(), torch.tensor(g)
    norm = lib.optim.clip_grad_norm(ours, max_norm)
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, max_norm).item())
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-5)  # torch divides by norm + 1e-6
