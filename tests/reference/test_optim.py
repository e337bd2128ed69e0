"""Optimisers, clipping and schedule, without PyTorch."""

import math

import numpy as np
import pytest


def with_gradients(lib, *gradients):
    params = [lib.nn.Parameter(np.ones(np.shape(g))) for g in gradients]
    for p, g in zip(params, gradients, strict=True):
        p.grad = np.array(g, dtype=float)
    return params


def test_sgd_with_momentum(lib):
    (p,) = with_gradients(lib, [1.0])
    optimizer = lib.optim.SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    assert p.data[0] == pytest.approx(0.9)
    optimizer.step()
    assert p.data[0] == pytest.approx(0.9 - 0.19)


def test_the_first_adam_step_is_lr_times_sign(lib):
    (p,) = with_gradients(lib, [3.0, -0.01])
    lib.optim.AdamW([p], lr=0.1).step()
    np.testing.assert_allclose(p.data, [0.9, 1.1], rtol=1e-6)


def test_decay_alone(lib):
    (p,) = with_gradients(lib, [0.0])
    lib.optim.AdamW([p], lr=0.1, weight_decay=0.5).step()
    assert p.data[0] == pytest.approx(1 - 0.1 * 0.5)


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_steps_work_in_place_and_leave_gradients_alone(lib, name):
    p, q = with_gradients(lib, [[1.0, 2.0]], 3.0)
    arrays, gradients = [p.data, q.data], [p.grad.copy(), q.grad.copy()]
    optimizer = getattr(lib.optim, name)(iter([p, q]), lr=0.1)
    for _ in range(3):
        optimizer.step()
    assert p.data is arrays[0]
    assert q.data is arrays[1]
    np.testing.assert_array_equal(p.grad, gradients[0])
    np.testing.assert_array_equal(q.grad, gradients[1])


def test_values_written_between_steps_count(lib):
    """The checks write `p.data[...] = value`, also after the optimiser was made."""
    (p,) = with_gradients(lib, [1.0])
    optimizer = lib.optim.AdamW([p], lr=0.1)
    p.data[...] = 5.0
    optimizer.step()
    assert p.data[0] == pytest.approx(4.9)


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_a_parameter_without_gradient_is_skipped(lib, name):
    frozen, p = with_gradients(lib, [1.0], [1.0])
    _, alone = with_gradients(lib, [1.0], [1.0])
    make = getattr(lib.optim, name)
    both, single = make([frozen, p], lr=0.1), make([alone], lr=0.1)
    both.step()
    single.step()
    after_one = frozen.data.copy()
    frozen.grad = None
    for _ in range(3):
        both.step()
        single.step()
    np.testing.assert_array_equal(frozen.data, after_one)
    np.testing.assert_array_equal(p.data, alone.data)


def test_no_parameters(lib):
    with pytest.raises(ValueError):
        lib.optim.SGD([], lr=0.1)


def test_optimizer_zero_grad(lib):
    params = with_gradients(lib, [1.0], [2.0])
    lib.optim.SGD(params, lr=0.1).zero_grad()
    assert [p.grad for p in params] == [None, None]


@pytest.mark.parametrize(("max_norm", "factor"), [(1.0, 0.2), (5.0, 1.0), (7.0, 1.0)])
def test_clip_grad_norm(lib, max_norm, factor):
    p, q = with_gradients(lib, [3.0, 0.0], [[4.0]])
    kept = p.grad
    unused = lib.nn.Parameter(1.0)
    norm = lib.optim.clip_grad_norm(iter([p, unused, q]), max_norm)
    assert norm == 5.0
    assert isinstance(norm, float)
    assert p.grad is kept
    np.testing.assert_allclose(p.grad, [3.0 * factor, 0.0])
    np.testing.assert_allclose(q.grad, [[4.0 * factor]])
    assert unused.grad is None


def test_clip_of_nothing(lib):
    assert lib.optim.clip_grad_norm([], 1.0) == 0.0
    (p,) = with_gradients(lib, [0.0])
    assert lib.optim.clip_grad_norm([p], 1.0) == 0.0
    assert p.grad[0] == 0.0


def test_schedule(lib):
    def lr(step, **changes):
        return lib.optim.lr_at(step, **{"peak": 1.0, "warmup": 4, "total": 12, "floor": 0.1, **changes})

    assert [lr(step) for step in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0]
    assert lr(8) == pytest.approx(0.55)
    assert lr(12) == lr(13) == lr(1000) == 0.1
    assert lr(5) == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 8)))
    assert lr(1, warmup=0) < 1.0
    assert lr(1, warmup=1) == 1.0
    with pytest.raises(ValueError):
        lr(0)
