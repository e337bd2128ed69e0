"""Can later assignments be built on this transformer? A second, not a grade."""

import numpy as np
import pytest

#: Two layers and other sizes than the assignment's: what comes later uses them.
SIZES = {"vocab": 31, "width": 12, "heads": 3, "mlp": 20, "layers": 2, "max_len": 8}


def model_of(lib, **sizes):
    return lib.transformer.GPT(**{**SIZES, **sizes}, rng=lib.generator(0))


def drawn(lib, model, rng):
    """Weights for every parameter of the reference's model, by name."""
    return {name: 0.5 * rng.standard_normal(shape) for name, shape in lib.census(model).items()}


@pytest.mark.title("causal_mask")
@pytest.mark.task("A3.1")
def test_mask(parity):
    parity(lambda lib: [lib.transformer.causal_mask(4), lib.transformer.causal_mask(2, 5)], "causal_mask")


@pytest.mark.title("attention and its gradient")
@pytest.mark.task("A3.2")
def test_attention(gradcheck, rng):
    q, k, v = (rng.standard_normal((2, 3, t, 4)) for t in (2, 5, 5))
    mask = np.arange(5)[None, :] <= np.arange(2)[:, None] + 3
    gradcheck(
        lambda lib: lib.transformer.scaled_dot_product_attention,
        [q, k, v, mask],
        wrt=(0, 1, 2),
        name="scaled_dot_product_attention",
        allow=["gradient-aliased"],
    )


@pytest.mark.title("a step of a model with two layers, and what it says next")
@pytest.mark.task("A3.6")
def test_model(parity, reference, rng):
    weights = drawn(reference, model_of(reference), rng)
    tokens = rng.integers(0, 31, (3, 7))

    def step(lib):
        model = model_of(lib)
        lib.write(model, weights)
        optimizer = lib.optim.SGD(model.parameters(), lr=0.05)
        losses = [lib.train.train_step(model, optimizer, tokens[:, :-1], tokens[:, 1:]) for _ in range(2)]
        return [model(tokens), *losses, lib.train.evaluate(model, tokens[:, :-1], tokens[:, 1:])]

    parity(step, "two steps: logits, losses")
