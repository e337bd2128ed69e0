"""Group 3: gradients under a random cotangent, for every parameter of the whole model and entry by entry."""

import numpy as np
import pytest

from tinygrade import StudentFailure

PARTS = ("test_causal_mask", "test_attention", "test_self_attention", "test_block")


@pytest.mark.points(5)
@pytest.mark.title("attention, entry by entry")
@pytest.mark.task("A3.2")
@pytest.mark.where("transformer.scaled_dot_product_attention")
@pytest.mark.needs("test_attention")
@pytest.mark.hint("When one score of a row rises, what happens to the other weights of that row?")
def test_attention_gradient(gradcheck, rng):
    q, k, v = (rng.standard_normal((2, 1, t, 3)) for t in (3, 4, 4))
    mask = np.arange(4)[None, :] <= np.arange(3)[:, None] + 1
    gradcheck(
        lambda lib: lib.transformer.scaled_dot_product_attention,
        [q, k, v, mask],
        wrt=(0, 1, 2),
        name="scaled_dot_product_attention",
        arguments=("q", "k", "v"),
    )


def gradients_of(lib, gpt, ids, cotangent):
    model = gpt.build(lib)
    model(ids).backward(cotangent)
    return lib.gradients(model)


def reaches(gradient, shape):
    if type(gradient) is not np.ndarray or gradient.shape != tuple(shape):
        return False
    return bool(np.isfinite(gradient).all() and gradient.any())


@pytest.mark.points(8)
@pytest.mark.title("whole model, every parameter")
@pytest.mark.task("A3.5")
@pytest.mark.given(*PARTS)
@pytest.mark.needs("test_logits")
@pytest.mark.hint("Which operation do the wrong parameters have behind them that the right ones have not?")
def test_model_gradients(gradcheck, student, reference, gpt, rng):
    ids = rng.integers(0, 31, (3, 7))
    cotangent = rng.standard_normal((3, 7, 31))
    expected = gradients_of(reference, gpt, ids, cotangent)
    gradcheck.gradients(gradients_of(student, gpt, ids, cotangent), expected, "the whole model")


@pytest.mark.points(2)
@pytest.mark.title("every parameter gets a gradient")
@pytest.mark.task("A3.5")
@pytest.mark.given(*PARTS)
@pytest.mark.hint("Which line makes a tensor that has forgotten where it came from?")
def test_every_parameter_gets_a_gradient(student, gpt, rng, note):
    got = gradients_of(student, gpt, rng.integers(0, 31, (3, 10)), rng.standard_normal((3, 10, 31)))
    # The key bias shifts all scores of a row alike: its true gradient is 0.
    wanted = [name for name in gpt.shapes if not name.endswith("attn.k.bias")]
    missing = [name for name in wanted if not reaches(got.get(name), gpt.shapes[name])]
    if missing:
        raise StudentFailure(f"no gradient reaches {', '.join(missing[:4])}" + (" ..." if len(missing) > 4 else ""))
    note(f"{len(gpt.shapes)} tensors")
