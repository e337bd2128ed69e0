"""Calls with random inputs, as observations in which the student's numbers are still to be filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrade.diagnosis.observations import GradientMismatch, TrajectoryMismatch, ValueMismatch

Observation = GradientMismatch | ValueMismatch | TrajectoryMismatch


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    return np.array(value) if isinstance(value, np.ndarray) else value


def number(reference: Any, handle: Any) -> float:
    return float(np.asarray(reference.fetch(handle)))


def function(reference: Any, path: str) -> Any:
    module, name = path.split(".")
    return getattr(getattr(reference, module), name)


def value(reference: Any, about: str, inputs: dict[str, Any]) -> ValueMismatch:
    expected = plain(reference.fetch(function(reference, about)(**inputs)))
    return ValueMismatch(about, None, expected, inputs, reference=reference)


def gradients(
    reference: Any, rng: Any, about: str, inputs: list[Any], wrt: tuple[int, ...], **kwargs: Any
) -> Iterator[GradientMismatch]:
    output = plain(reference.fetch(function(reference, about)(*inputs, **kwargs)))
    g = rng.standard_normal(np.shape(output))
    expected = plain(reference.vjp(function(reference, about), inputs, g, wrt, **kwargs)["grads"])
    for position, right in zip(wrt, expected, strict=True):
        yield GradientMismatch(
            about, f"argument {position}", position, None, right, inputs, kwargs, g, wrt, reference=reference
        )


def elementwise(reference: Any, rng: Any) -> Iterator[Observation]:
    x = np.array([[0.3, 0.7, 1.9], [2.2, 0.4, 1.1]])
    signed, kinked = np.array([[0.3, -0.7, 1.9], [-2.2, 0.6, 1.1]]), np.array([[0.3, -0.7, 1.9], [-2.2, 0.0, 1.1]])
    for name in ("exp", "log", "tanh", "relu", "neg"):
        inputs = x if name == "log" else kinked if name == "relu" else signed
        yield value(reference, f"ops.{name}", {"x": inputs})
        yield from gradients(reference, rng, f"ops.{name}", [inputs], (0,))
    for name in ("add", "sub", "mul", "div", "power", "maximum"):
        a, b = rng.uniform(0.5, 2.0, (2, 3, 4))
        b[0, 0] = a[0, 0]
        yield value(reference, f"ops.{name}", {"a": a, "b": b})
        yield from gradients(reference, rng, f"ops.{name}", [a, b], (0, 1))
        yield from gradients(reference, rng, f"ops.{name}", [a, rng.uniform(0.5, 2.0, (3, 1))], (0, 1))
    condition = np.array([[True, False, True, False], [False] * 4, [True] * 4])
    a, b = rng.standard_normal((2, 3, 4))
    yield value(reference, "ops.where", {"condition": condition, "a": a, "b": b})
    yield from gradients(reference, rng, "ops.where", [condition, a, b], (1, 2))


def shapes(reference: Any, rng: Any) -> Iterator[Observation]:
    for shape in ((2, 1), (1, 3), (3,), (1, 1)):
        yield value(reference, "ops.unbroadcast", {"g": rng.standard_normal((2, 3)), "shape": shape})
    yield value(reference, "ops.unbroadcast", {"g": rng.standard_normal((3, 3)), "shape": (3, 1)})
    square = rng.standard_normal((3, 3))
    yield value(reference, "ops.matmul", {"a": square, "b": rng.standard_normal((3, 3))})
    yield from gradients(reference, rng, "ops.matmul", [square, rng.standard_normal((3, 3))], (0, 1))
    cubes = [rng.standard_normal((3, 3, 3)), rng.standard_normal((3, 3, 3))]
    yield from gradients(reference, rng, "ops.matmul", cubes, (0, 1))
    for name in ("reduce_sum", "mean"):
        yield value(reference, f"ops.{name}", {"x": square, "axis": 1, "keepdims": False})
        yield from gradients(reference, rng, f"ops.{name}", [square], (0,), axis=1)
    x = rng.standard_normal((2, 3, 4))
    yield value(reference, "ops.transpose", {"x": x, "axes": (1, 2, 0)})
    yield value(reference, "ops.transpose", {"x": rng.standard_normal((3, 3, 3)), "axes": (1, 2, 0)})
    yield from gradients(reference, rng, "ops.transpose", [x, (1, 2, 0)], (0,))
    yield value(reference, "ops.reshape", {"x": x, "shape": (4, 6)})
    yield from gradients(reference, rng, "ops.reshape", [x, (4, 6)], (0,))
    yield value(reference, "ops.concat", {"tensors": [square, square + 1.0], "axis": 0})
    table, ids = rng.standard_normal((5, 3)), np.array([[0, 2, 2], [4, 0, 1]])
    yield value(reference, "ops.take_rows", {"weight": table, "ids": ids})
    yield value(reference, "ops.take_rows", {"weight": table[:3], "ids": np.array([[0, 2, 2]])})
    yield from gradients(reference, rng, "ops.take_rows", [table, ids], (0,))


def layers(reference: Any, rng: Any) -> Iterator[Observation]:
    for name in ("softmax", "log_softmax"):
        for x, axis in ((rng.standard_normal((3, 3)), -1), (rng.standard_normal((2, 3, 4)), 1)):
            yield value(reference, f"functional.{name}", {"x": x, "axis": axis})
            yield from gradients(reference, rng, f"functional.{name}", [x], (0,), axis=axis)
        extreme = np.array([[1000.0, 1001.0, 999.0], [3.0, -2.0, 0.5], [-1000.0, -1001.0, -999.0]])
        yield value(reference, f"functional.{name}", {"x": extreme, "axis": -1})
    y = plain(reference.fetch(reference.functional.softmax(rng.standard_normal((3, 3)))))
    yield value(reference, "functional.softmax_vjp", {"g": rng.standard_normal((3, 3)), "y": y})
    x, weight, bias = rng.standard_normal((2, 3, 4)) + 0.5, rng.uniform(0.5, 2.0, 4), rng.standard_normal(4)
    for eps in (1e-5, 0.5):
        yield value(reference, "functional.layer_norm", {"x": x, "weight": weight, "bias": bias, "eps": eps})
        rule = {"g": rng.standard_normal(x.shape), "x": x, "weight": weight, "eps": eps}
        yield value(reference, "functional.layer_norm_vjp", rule)
        yield from gradients(reference, rng, "functional.layer_norm", [x, weight, bias], (0, 1, 2), eps=eps)
    far = {"x": 1e3 + rng.standard_normal((3, 4)), "weight": weight, "bias": bias}
    yield value(reference, "functional.layer_norm", far)
    square = [rng.standard_normal((4, 4)), weight, bias]
    yield from gradients(reference, rng, "functional.layer_norm", square, (0, 1, 2))
    yield value(reference, "functional.gelu", {"x": np.linspace(-3.0, 3.0, 12)})
    yield from gradients(reference, rng, "functional.gelu", [np.linspace(-3.0, 3.0, 12)], (0,))
    for out in (3, 4):
        weight, bias = rng.standard_normal((out, 4)), rng.standard_normal(out)
        x = rng.standard_normal((4, 4))
        yield value(reference, "functional.linear", {"x": x, "weight": weight, "bias": bias})
        yield from gradients(reference, rng, "functional.linear", [x, weight, bias], (0, 1, 2))
    yield from losses(reference, rng)


def losses(reference: Any, rng: Any) -> Iterator[Observation]:
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(1, 5, (3, 4))
    targets[0, 1:], targets[1, 0] = 0, 0
    for ignored in (None, 0, 3):
        call = {"logits": logits, "targets": targets, "ignore_index": ignored}
        yield value(reference, "functional.cross_entropy", call)
        yield value(reference, "functional.cross_entropy_vjp", {"g": -1.7, **call})
        yield from gradients(reference, rng, "functional.cross_entropy", [logits, targets], (0,), ignore_index=ignored)
    extreme = np.array([[1000.0, 1001.0, 999.0], [-1000.0, 1000.0, 0.0]])
    yield value(reference, "functional.cross_entropy", {"logits": extreme, "targets": np.array([1, 0])})


def optimisers(reference: Any, rng: Any) -> Iterator[Observation]:
    starts = [rng.standard_normal(shape) for shape in ((2, 3), (2, 3), (4,))]
    for frozen in (False, True):
        sizes = [[10.0 ** rng.uniform(-3, 0, p.shape) for p in starts] for _ in range(5)]
        gradients = [[rng.standard_normal(size.shape) * size for size in now] for now in sizes]
        if frozen:
            gradients = [[None, *now[1:]] if i in (0, 3) else now for i, now in enumerate(gradients)]
        for name, settings in (
            ("SGD", {"lr": 0.1}),
            ("SGD", {"lr": 0.1, "momentum": 0.9}),
            ("AdamW", {"lr": 0.1, "eps": 1e-3, "betas": (0.8, 0.95)}),
            ("AdamW", {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1}),
        ):
            yield path(reference, f"optim.{name}", starts, gradients, settings)


def resuming(reference: Any, rng: Any) -> Iterator[Observation]:
    """Steps after an optimiser was saved and loaded: the right ones are those without a break."""
    starts = [rng.standard_normal(4) for _ in range(2)]
    gradients = [[rng.standard_normal(4) for _ in range(2)] for _ in range(6)]
    for name, settings in (
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("AdamW", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    ):
        whole = path(reference, f"optim.{name}", starts, gradients, settings).expected
        told = {"optimizer": name, "saved_after": 3, **settings}
        yield TrajectoryMismatch("checkpoint.load_checkpoint", told, starts, gradients, None, whole[3:], reference)


def path(reference: Any, about: str, starts: Any, gradients: Any, settings: Any) -> TrajectoryMismatch:
    parameters = [reference.tensor.Tensor(start.copy(), requires_grad=True) for start in starts]
    optimizer = getattr(reference.optim, about.split(".")[1])([p for p in parameters], **settings)
    expected = []
    for now in gradients:
        for parameter, g in zip(parameters, now, strict=True):
            parameter.grad = None if g is None else g.copy()
        optimizer.step()
        expected.append([plain(reference.fetch(parameter)) for parameter in parameters])
    return TrajectoryMismatch(about, settings, starts, gradients, None, expected, reference)


def clipping(reference: Any, rng: Any) -> Iterator[Observation]:
    drawn = [rng.standard_normal((2, 3)), 3.0 * rng.standard_normal(4)]
    for norm, most in ((10.0, 2.0), (0.5, 1.0), (1.0, 0.3)):
        length = np.sqrt(sum((g * g).sum() for g in drawn))
        before = [g * (norm / length) for g in drawn]
        inputs = {"gradients": before, "max_norm": most}
        after = [g * min(1.0, most / norm) for g in before]
        yield ValueMismatch("optim.clip_grad_norm", None, after, inputs)
        yield ValueMismatch("optim.clip_grad_norm.result", None, norm, inputs)
    for plan in ({"peak": 0.1, "warmup": 5, "total": 20}, {"peak": 1.0, "warmup": 2, "total": 7, "floor": 0.1}):
        steps = np.arange(1, plan["total"] + 4)
        table = np.array([number(reference, reference.optim.lr_at(int(step), **plan)) for step in steps])
        yield ValueMismatch("optim.lr_at", None, table, {"steps": steps, **plan})


def data(reference: Any, rng: Any) -> Iterator[Observation]:
    strings = ["BCA", "A", "DDBA", "CAB"]
    tokenizer = reference.data.CharTokenizer.from_strings(strings)
    batch = plain(reference.fetch(reference.data.make_batch(strings, tokenizer, max_len=7)))
    yield ValueMismatch("data.make_batch", None, batch, {"strings": strings})
    encoded = [plain(reference.fetch(tokenizer.encode(text))) for text in strings]
    encoded = [[int(i) for i in ids] for ids in encoded]
    yield ValueMismatch("data.CharTokenizer.encode", None, encoded, {"strings": strings})


# ---- the transformer -------------------------------------------------------------------------------

WIDTH, HEADS, HIDDEN, VOCABULARY, LENGTH = 16, 2, 64, 31, 10


def weights(rng: Any) -> dict[str, np.ndarray]:
    """Weights as after long training, by the names of the handout."""
    shapes = {"tok_emb.weight": (VOCABULARY, WIDTH), "pos_emb.weight": (LENGTH, WIDTH)}
    for norm in ("ln1", "ln2"):
        shapes |= {f"blocks.0.{norm}.weight": (WIDTH,), f"blocks.0.{norm}.bias": (WIDTH,)}
    for name in "qkvo":
        shapes |= {f"blocks.0.attn.{name}.weight": (WIDTH, WIDTH), f"blocks.0.attn.{name}.bias": (WIDTH,)}
    shapes |= {"blocks.0.mlp.fc1.weight": (HIDDEN, WIDTH), "blocks.0.mlp.fc1.bias": (HIDDEN,)}
    shapes |= {"blocks.0.mlp.fc2.weight": (WIDTH, HIDDEN), "blocks.0.mlp.fc2.bias": (WIDTH,)}
    shapes |= {"ln_f.weight": (WIDTH,), "ln_f.bias": (WIDTH,), "head.weight": (VOCABULARY, WIDTH)}
    return {name: 0.3 * rng.standard_normal(shape) for name, shape in shapes.items()}


def below(drawn: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}."): w for key, w in drawn.items() if key.startswith(f"{name}.")}


def transformer(reference: Any, rng: Any) -> Iterator[Observation]:
    for sizes in ((4, None), (2, 5)):
        yield value(reference, "transformer.causal_mask", {"t_q": sizes[0], "t_k": sizes[1]})
    for t_q in (4, 2):
        q, k, v = (2.0 * rng.standard_normal((3, 2, t, 8)) for t in (t_q, 4, 4))
        mask = np.arange(4) <= np.arange(4 - t_q, 4)[:, None]
        tensors = [reference.tensor.Tensor(a) for a in (q, k, v)]
        right = plain(reference.fetch(reference.transformer.scaled_dot_product_attention(*tensors, mask)))
        inputs = {"q": q, "k": k, "v": v, "mask": mask}
        about = "transformer.scaled_dot_product_attention"
        yield ValueMismatch(about, None, right, inputs, reference=reference)
        g = rng.standard_normal(right.shape)
        function = reference.transformer.scaled_dot_product_attention
        grads = reference.vjp(function, [q, k, v, mask], g, (0, 1, 2))["grads"]
        for i in range(3):
            yield GradientMismatch(
                about, "qkv"[i], i, None, plain(grads[i]), [q, k, v, mask], {}, g, (0, 1, 2), reference=reference
            )
    yield from modules(reference, rng)


def modules(reference: Any, rng: Any) -> Iterator[Observation]:
    drawn, x = weights(rng), rng.standard_normal((3, 5, WIDTH))
    lib = reference
    for name, prefix, sizes in (
        ("CausalSelfAttention", "blocks.0.attn", (WIDTH, HEADS)),
        ("Block", "blocks.0", (WIDTH, HEADS, HIDDEN)),
    ):
        module = getattr(lib.transformer, name)(*sizes, rng=lib.generator(0))
        lib.write(module, below(drawn, prefix))
        expected = plain(lib.fetch(module(lib.tensor.Tensor(x))))
        inputs = {"x": x, "weights": below(drawn, prefix), "heads": HEADS}
        yield ValueMismatch(f"transformer.{name}", None, expected, inputs, reference=reference)
    model = lib.transformer.GPT(rng=lib.generator(0))
    lib.write(model, drawn)
    ids = rng.integers(0, VOCABULARY, (3, 7))
    given = {"weights": drawn, "heads": HEADS}
    logits = plain(lib.fetch(model(ids)))
    yield ValueMismatch("transformer.GPT", None, logits, {"ids": ids, **given}, reference=reference)
    tokens = rng.integers(0, VOCABULARY, (4, 8))
    x, y = tokens[:, :-1], np.where(rng.random((4, 7)) < 0.3, 0, tokens[:, 1:])
    loss = number(lib, lib.train.evaluate(model, x, y))
    yield ValueMismatch("train.evaluate", None, loss, {"x": x, "y": y, **given}, reference=reference)
    prompts = [tokens[0, :3], tokens[1, :5]]
    answers = [plain(lib.fetch(lib.train.predict_next(model, prompt))) for prompt in prompts]
    yield ValueMismatch("train.predict_next", None, answers, {"prompts": prompts, **given}, reference=reference)
    yield from steps(reference, rng, drawn)


def steps(reference: Any, rng: Any, drawn: dict[str, np.ndarray]) -> Iterator[Observation]:
    lib = reference
    batches = [(t[:, :-1], t[:, 1:]) for t in (rng.integers(0, VOCABULARY, (4, 8)) % 5 for _ in range(4))]
    for name, settings in (("SGD", {"lr": 0.05}), ("AdamW", {"lr": 1e-3, "eps": 1e-3})):
        model = lib.transformer.GPT(rng=lib.generator(0))
        lib.write(model, drawn)
        optimizer = getattr(lib.optim, name)(model.parameters(), **settings)
        losses = [number(lib, lib.train.train_step(model, optimizer, x, y)) for x, y in batches]
        inputs = {"weights": drawn, "batches": batches, "optimizer": name, "settings": settings}
        yield ValueMismatch("train.train_step", None, losses, inputs, reference=reference)


# ---- generation ------------------------------------------------------------------------------------


def generation(reference: Any, rng: Any) -> Iterator[Observation]:
    z, tied = 2.0 * rng.standard_normal(9), np.array([0.3, 1.7, 2.6, 1.7, 1.7, -1.0])
    for inputs in (
        *({"z": z, "temperature": t} for t in (0.5, 2.0)),
        *({"z": a, "temperature": 0.0} for a in (z, tied)),
        {"z": tied, "top_k": 2},
        {"z": -2.0 - np.abs(z), "top_k": 4},
        {"z": z / 3, "top_p": 0.8},
        {"z": z / 3, "temperature": 2.0, "top_p": 0.75},
        {"z": z / 3, "temperature": 1.5, "top_k": 4, "top_p": 0.7},
    ):
        yield value(reference, "generate.filter_logits", inputs)
    for p, u in (([0.25, 0.25, 0.5], 0.25), ([0.0, 0.5, 0.5], 0.0), ([0.1] * 10 + [0.0], 1 - 2**-53)):
        yield value(reference, "generate.sample", {"p": np.array(p), "u": u})
    yield from reading(reference, rng)
    yield from fused(reference, rng)


def reading(reference: Any, rng: Any) -> Iterator[Observation]:
    given = {"weights": {name: 1.5 * w for name, w in weights(rng).items()}, "heads": HEADS, "layers": 1}
    model = reference.transformer.GPT(rng=reference.generator(0))
    reference.write(model, given["weights"])
    ids = rng.integers(1, VOCABULARY, 9)
    chunks = [ids[:4], ids[4:5], ids[5:8]]
    cache = reference.generate.KVCache(1, HEADS, LENGTH, WIDTH // HEADS)
    expected = [plain(reference.fetch(reference.generate.forward_cached(model, chunk, cache))) for chunk in chunks]
    yield ValueMismatch("generate.forward_cached", None, expected, {"chunks": chunks, **given})
    asked = [
        {"prompt": [3, 4, 5], "max_new": 5, "seed": 1, "temperature": 4.0, "top_k": 7},
        {"prompt": [6, 7], "max_new": 6, "seed": 2, "temperature": 4.0, "top_p": 0.7, "never": [1, *range(8, 20)]},
    ]
    texts = []
    for call in asked:
        options = {"stop": None, **{k: v for k, v in call.items() if k not in ("prompt", "max_new", "seed")}}
        generator = reference.generator(call["seed"])
        text = reference.generate.generate(model, call["prompt"], call["max_new"], rng=generator, **options)
        texts.append(np.array([int(np.asarray(token)) for token in reference.fetch(text)]))
    yield ValueMismatch("generate.generate", None, texts, {"calls": asked, **given})


def fused(reference: Any, rng: Any) -> Iterator[Observation]:
    drawn = weights(rng)
    attention = reference.transformer.CausalSelfAttention(WIDTH, HEADS, rng=reference.generator(0))
    reference.write(attention, below(drawn, "blocks.0.attn"))
    x, g = rng.standard_normal((2, 5, WIDTH)), rng.standard_normal((2, 5, 3 * WIDTH))
    inputs = {"x": x, "g": g, "weights": drawn}
    together = plain(reference.fetch(reference.fast.fused_qkv(x, attention)))
    yield ValueMismatch("fast.fused_qkv", None, together, inputs)
    rule = plain(reference.fetch(reference.fast.fused_qkv_vjp(g, x, attention)))
    yield ValueMismatch("fast.fused_qkv_vjp", None, rule, inputs)
    for shape in ((2, 3, 7), (5, 4)):
        logits, targets = rng.standard_normal(shape), rng.integers(0, shape[-1], shape[:-1])
        yield value(reference, "fast.fused_cross_entropy", {"logits": logits, "targets": targets})
