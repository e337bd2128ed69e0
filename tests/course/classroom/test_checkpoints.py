"""A checkpoint is a file that somebody may have made to do harm."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest

from tinygrade import UsageError


@pytest.fixture
def size(room):
    return room.models.Size()


@pytest.fixture
def weights(room, reference, size):
    return room.models.weights_of(reference.build(size, np.random.default_rng(0)))


@pytest.fixture
def about():
    return np.array([1, 1, 16, 2])


def npz(file, **arrays):
    np.savez(file, **arrays)
    return file


def test_round_trip_is_exact_and_repeatable(room, size, weights, tmp_path):
    for name in ("a.npz", "b.npz"):
        room.checkpoints.save(tmp_path / name, size, weights)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found, loaded = room.checkpoints.load(tmp_path / "a.npz")
    assert found == size
    assert all(np.array_equal(loaded[name], weights[name]) for name in weights)


def test_the_shipped_model_is_what_it_says(room, reference):
    size, weights = room.checkpoints.load(room.pretrain.FILE)
    assert size == room.pretrain.SIZE
    assert 15_000 <= size.parameters <= 30_000
    assert room.pretrain.FILE.stat().st_size < 120_000
    exam = room.exam.Exam(room.corpus.strings())
    loss = exam.judge(0, 0.0, np.asarray(reference.loaded(size, weights)(exam.x).data)).loss
    assert exam.floor < loss < exam.floor + 0.02


def test_the_shipped_model_can_be_made_again(room, course_here, tmp_path):
    for name in ("a.npz", "b.npz"):
        room.pretrain.make(course_here, tmp_path / name, steps=3)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def refused(room, file, message):
    with pytest.raises(UsageError, match=message) as raised:
        room.checkpoints.load(file)
    assert str(raised.value).startswith(str(file))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04", pickle.dumps({"a": 1})])
def test_no_archive(room, tmp_path, content):
    file = tmp_path / "x.npz"
    file.write_bytes(content)
    refused(room, file, "is no checkpoint of this course")


def test_missing_files_and_folders(room, tmp_path):
    refused(room, tmp_path / "nowhere.npz", "cannot be read: No such file")
    refused(room, tmp_path, "cannot be read: Is a directory")


def test_damaged_anywhere(room, size, weights, tmp_path):
    room.checkpoints.save(tmp_path / "good.npz", size, weights)
    good = (tmp_path / "good.npz").read_bytes()
    rng = np.random.default_rng(0)
    file = tmp_path / "bad.npz"
    for place in [*rng.integers(0, len(good), 60), *range(len(good) - 40, len(good))]:
        bad = bytearray(good)
        bad[place] ^= 0xFF
        file.write_bytes(bad)
        try:
            room.checkpoints.load(file)  # a byte that nothing depends on, such as a date
        except UsageError as error:
            assert str(file) in str(error)
    for length in rng.integers(0, len(good), 20):
        file.write_bytes(good[:length])
        refused(room, file, "is no checkpoint")


class Harm:
    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def test_pickles_are_not_read(room, weights, about, tmp_path):
    evil = np.array([Harm()], dtype=object)
    refused(room, npz(tmp_path / "x.npz", about=about, **{**weights, "ln_f.bias": evil}), "'ln_f.bias' as object")
    refused(room, npz(tmp_path / "x.npz", about=evil, **weights), "'about' as object")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"about": np.array([1, 1, 16])}, "expected shape"),
        ({"about": np.array([9, 1, 16, 2])}, "has format 9"),
        ({"about": np.array([1, 10**9, 16, 2])}, "no model that can be built"),
        ({"about": np.array([1, 1, 16, 3])}, "no model that can be built"),
        ({"about": np.array([1, 1, 16, 0])}, "no model that can be built"),
        ({"about": np.array([1, 2, 16, 2])}, "does not hold the parameters"),
        ({"about": np.array([1, 1, 20, 2])}, "expected shape"),
        ({"ln_f.bias": np.zeros((4, 4))}, "expected shape"),
        ({"ln_f.bias": np.zeros(16, dtype=int)}, "expected shape"),
        ({"ln_f.bias": np.full(16, np.nan)}, "no numbers"),
        ({"extra": np.zeros(3)}, "does not hold the parameters"),
    ],
)
def test_another_model_or_none(room, weights, about, tmp_path, change, message):
    refused(room, npz(tmp_path / "x.npz", **{"about": about, **weights, **change}), message)


def test_a_header_that_promises_too_much(room, size, weights, about, tmp_path):
    """Nothing is allocated for what a header says."""
    file = npz(tmp_path / "x.npz", about=about, **weights)
    lying = io.BytesIO()
    np.lib.format.write_array_header_1_0(lying, {"descr": "<f8", "fortran_order": False, "shape": (1 << 45,)})
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(tmp_path / "y.npz", "w") as new:
        for name in old.namelist():
            new.writestr(name, lying.getvalue() if name == "ln_f.bias.npy" else old.read(name))
    refused(room, tmp_path / "y.npz", "expected shape")


def test_a_bomb_is_not_unpacked(room, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", b"\0" * (40 << 20))
    refused(room, tmp_path / "x.npz", "is too large")
