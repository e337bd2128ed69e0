"""Checkpoints of students as bytes: what is a pickle is found, and nothing is ever unpickled on this side."""

import io
import pickle
import zipfile

import numpy as np
import pytest


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


PLAIN = saved(a=np.zeros((2, 3)), text=np.array("words"), t=np.array(3))
BAD = {
    "an object": (saved(a=np.zeros(2), b=np.array({"t": 3}, dtype=object)), "'b.npy' in it is a pickle"),
    "one pickle": (pickle.dumps({"a": 1}), "cannot be read"),
    "nothing": (b"", "cannot be read"),
    "half": (PLAIN[: len(PLAIN) // 2], "cannot be read"),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "it is empty"),
    "no array": (zipped("evil.py", b"import os"), "'evil.py' in it is no array"),
    "a name that steers": (zipped("\x1b[2J", b""), r"'\x1b[2J' in it is no array"),
    "a header of nonsense": (zipped("a.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 70_000), "cannot be read"),
    "no magic": (zipped("a.npy", b"nothing"), "cannot be read"),
}


def test_plain_arrays_are_no_problem(course):
    assert course.archives.problem(PLAIN) == ""


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_archive_of_plain_arrays_is_told(course, name):
    content, words = BAD[name]
    assert words in course.archives.problem(content)


def test_the_hostile_one_has_the_same_names_and_runs_when_it_is_unpickled(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = course.archives.hostile(PLAIN)
    assert "pickle" in course.archives.problem(content)
    assert list(tmp_path.iterdir()) == []
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        assert archive.files == ["a", "text", "t"]
        with pytest.raises(ValueError, match="allow_pickle=False"):
            archive["a"]
    with np.load(io.BytesIO(content), allow_pickle=True) as archive:
        assert archive["a"] is None
    assert [file.name for file in tmp_path.iterdir()] == [course.archives.TRACE]
