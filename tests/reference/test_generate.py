"""Choosing, caching and writing of the reference: what holds whatever the model, and the model itself as the judge."""

import numpy as np
import pytest

SIZES = {"width": 12, "heads": 3, "mlp": 20, "layers": 2, "max_len": 16}


@pytest.fixture
def model(lib, rng):
    made = lib.transformer.GPT(**SIZES, rng=rng)
    for p in made.parameters():
        p.data += 0.4 * rng.standard_normal(p.shape)
    return made


def test_filters_choose_what_can_be_counted_by_hand(lib):
    z = np.log([0.1, 0.4, 0.2, 0.3])
    choose = lib.generate.filter_logits
    assert choose(z, top_p=0.8) == pytest.approx([0, 4 / 9, 2 / 9, 3 / 9])
    assert choose(z, top_k=2) == pytest.approx([0, 4 / 7, 0, 3 / 7])
    assert choose(z, top_k=2, top_p=0.5).tolist() == [0, 1, 0, 0]
    assert choose(z, temperature=0).tolist() == [0, 1, 0, 0]
    assert choose(z, temperature=0.5) == pytest.approx(np.array([1, 16, 4, 9]) / 30)
    assert choose(np.zeros(5), top_k=2).tolist() == [0.5, 0.5, 0, 0, 0]


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("top_k", [None, 1, 5, 99])
@pytest.mark.parametrize("top_p", [None, 1e-9, 0.6, 1.0])
def test_whatever_is_asked_for_a_distribution_comes_back(lib, rng, temperature, top_k, top_p):
    p = lib.generate.filter_logits(50 * rng.standard_normal(31), temperature, top_k, top_p)
    assert p.sum() == pytest.approx(1)
    assert (p >= 0).all()
    assert np.count_nonzero(p) <= min(top_k or 31, 31)


def test_every_token_is_picked_by_its_share_of_numbers(lib, rng):
    p = rng.dirichlet(np.ones(7))
    p[2] = 0.0
    p /= p.sum()
    picked = np.bincount([lib.generate.sample(p, u) for u in np.linspace(0, 1, 4000, endpoint=False)], minlength=7)
    assert np.abs(picked - 4000 * p).max() <= 2
    assert picked[2] == 0


@pytest.mark.parametrize("sizes", [(16,), (1,) * 16, (5, 3, 7, 1), (2,) * 8])
def test_any_division_of_a_text_gives_the_logits_of_the_model(lib, model, rng, sizes):
    ids = rng.integers(0, 31, 16)
    cache = lib.generate.KVCache(2, 3, 16, 4)
    parts = np.split(ids, np.cumsum(sizes)[:-1])
    got = np.concatenate([lib.generate.forward_cached(model, part, cache) for part in parts])
    assert np.abs(got - model(ids[None]).data[0]).max() < 1e-12
    with pytest.raises(ValueError, match="too many"):
        lib.generate.forward_cached(model, [1], cache)
    assert cache.length == 16


def test_a_full_cache_stores_nothing(lib, rng):
    cache = lib.generate.KVCache(1, 1, 3, 2)
    k = rng.standard_normal((1, 2, 2))
    cache.append(0, k, k)
    with pytest.raises(ValueError, match="do not fit"):
        cache.append(0, k, k)
    assert cache.length == 2


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"temperature": 2.0}, {"top_k": 4, "never": [0, 3, 5]}])
def test_with_and_without_cache_the_text_is_the_same(lib, model, settings):
    texts = [
        lib.generate.generate(model, [3, 1], 20, rng=np.random.default_rng(4), cache=cache, stop=None, **settings)
        for cache in (True, False, True)
    ]
    assert texts[0] == texts[1] == texts[2]
    assert len(texts[0]) == 14  # sixteen positions
    assert not set(texts[0]) & set(settings.get("never", ()))


def test_it_ends_at_the_end_mark(lib, model):
    def write(**settings):
        return lib.generate.generate(model, [3, 1], 9, temperature=0, rng=np.random.default_rng(0), **settings)

    text = write(stop=None)
    stop = text[4]
    assert write(stop=stop) == text[: text.index(stop)]
    assert write(never=range(1, 31)) == []


def test_the_model_is_as_before(lib, model):
    before = [p.data.copy() for p in model.parameters()]
    model.train()
    lib.generate.generate(model, [3], 4, rng=np.random.default_rng(0), cache=False)
    assert model.training
    assert all(np.array_equal(p.data, data) for p, data in zip(model.parameters(), before, strict=True))
