"""Fine-tuning of the reference: what it refuses, and that it does what the handout promises."""

import numpy as np
import pytest

NEW, OLD = ["ADGJ", "CACA", "0369"], ["AAAA", "ABCD", "1234"]


@pytest.fixture
def model(lib, rng):
    return lib.transformer.GPT(width=8, heads=2, mlp=16, layers=2, rng=rng)


def weights(model):
    return {name: p.data.copy() for name, p in model.named_parameters()}


def test_no_step_changes_nothing_and_measures(lib, model, rng):
    before = weights(model)
    report = lib.finetune.finetune(model, NEW, steps=0, lr=0.1, replay=OLD, rng=rng)
    assert report["losses"] == []
    assert report["new_before"] == report["new_after"]
    assert report["old_before"] == report["old_after"] != report["new_before"]
    assert all((before[name] == p.data).all() for name, p in model.named_parameters())


def test_bad_input(lib, model, rng):
    with pytest.raises(ValueError, match="new_strings is empty"):
        lib.finetune.finetune(model, [], steps=1, lr=0.1, rng=rng)
    with pytest.raises(ValueError, match="unknown characters"):
        lib.finetune.finetune(model, ["abc"], steps=1, lr=0.1, rng=rng)
    with pytest.raises(ValueError, match=r"no parameter has a name like 'blocks\.2\.\*'"):
        lib.finetune.finetune(model, NEW, steps=1, lr=0.1, freeze=["blocks.2.*"], rng=rng)


def test_a_wrong_pattern_leaves_everything_as_it_was(lib, model):
    lib.finetune.freeze(model, ["head.weight"])
    with pytest.raises(ValueError, match="no parameter"):
        lib.finetune.freeze(model, ["*.bias", "haed.weight"])
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["head.weight"]


def test_frozen_stay_and_the_rest_moves(lib, model, rng):
    before = weights(model)
    lib.finetune.finetune(model, NEW, steps=2, lr=0.1, freeze=["blocks.*"], replay=OLD, rng=rng)
    moved = {name for name, p in model.named_parameters() if not np.array_equal(before[name], p.data)}
    assert moved == {"tok_emb.weight", "pos_emb.weight", "ln_f.weight", "ln_f.bias", "head.weight"}
