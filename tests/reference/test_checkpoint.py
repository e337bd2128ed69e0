"""Checkpoints of the reference: everything comes back, whatever an optimiser keeps its memory in."""

import numpy as np
import pytest


class Hoarder:
    """An optimiser with a memory of every kind."""

    def __init__(self, params):
        self.params = list(params)
        self.t, self.rate, self.name, self.nothing = 3, 0.1, "h", None
        self.vectors = [np.arange(3.0), np.arange(2)]
        self.by_place = {0: (np.ones(2), 0.5), 7: (np.zeros((2, 2)), -1.0)}
        self.scalar = np.float64(0.25)
        self.part = slice(0, 3)


@pytest.fixture
def layer(lib):
    return lib.nn.LayerNorm(4)


def test_any_memory_comes_back(lib, layer, tmp_path, rng):
    saved, fresh = Hoarder(layer.parameters()), Hoarder(layer.parameters())
    fresh.t, fresh.by_place, fresh.scalar, fresh.vectors[0][:] = 0, {}, 0.0, -1.0
    kept = fresh.vectors[0]
    lib.checkpoint.save_checkpoint(tmp_path / "a", layer, saved, 12, rng)
    assert lib.checkpoint.load_checkpoint(tmp_path / "a", layer, fresh, np.random.default_rng(0)) == 12
    assert fresh.t == 3
    assert fresh.nothing is None
    assert fresh.vectors[0] is kept
    assert kept.tolist() == [0.0, 1.0, 2.0]
    assert fresh.vectors[1].dtype == np.arange(2).dtype
    assert list(fresh.by_place) == [0, 7]
    assert isinstance(fresh.by_place[7], tuple)
    assert fresh.by_place[0][0].tolist() == [1.0, 1.0]
    assert fresh.scalar == 0.25
    assert fresh.part == slice(0, 3)
    assert fresh.params[0] is layer.weight


DAMAGES = [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"no archive", lambda b: b[:-90]]


@pytest.mark.parametrize("damage", DAMAGES, ids=["half", "empty", "text", "no end"])
def test_a_damaged_file_changes_nothing(lib, layer, tmp_path, rng, damage):
    opt = lib.optim.AdamW(layer.parameters(), lr=0.1)
    lib.checkpoint.save_checkpoint(tmp_path / "a", layer, opt, 1, rng)
    (tmp_path / "a").write_bytes(damage((tmp_path / "a").read_bytes()))
    layer.weight.data[...] = 7.0
    before = rng.bit_generator.state
    with pytest.raises(Exception, match="."):
        lib.checkpoint.load_checkpoint(tmp_path / "a", layer, opt, rng)
    assert (layer.weight.data == 7.0).all()
    assert rng.bit_generator.state == before


def test_single_precision_stays(lib, layer):
    layer.weight.data = np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32)
    state = lib.checkpoint.state_dict(layer)
    assert state["weight"].dtype == np.float32
    lib.checkpoint.load_state_dict(layer, {**state, "weight": state["weight"].astype(float)})
    assert layer.weight.data.dtype == np.float32


def test_names_and_shapes(lib, layer):
    state = lib.checkpoint.state_dict(layer)
    with pytest.raises(KeyError, match="extra"):
        lib.checkpoint.load_state_dict(layer, {**state, "extra": np.zeros(1)})
    with pytest.raises(ValueError, match="weight has shape"):
        lib.checkpoint.load_state_dict(layer, {**state, "weight": np.zeros(1)}, strict=False)
    assert lib.checkpoint.load_state_dict(layer, {"weight": np.full(4, 2.0), "z": np.zeros(1)}, False) == ["bias", "z"]
    assert layer.weight.data.tolist() == [2.0] * 4
