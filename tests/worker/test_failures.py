"""Exceptions of students as plain data, whatever they are."""

import json
import linecache

import numpy as np
import pytest

from tinygrade.worker import failures
from tinygrade.worker.wire import encode


@pytest.fixture
def raised(tmp_path):
    """`raised(code)`: the exception that this code of a student raises, described."""

    def run(code, *, name="ops.py", folder=tmp_path):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        linecache.clearcache()
        try:
            exec(compile(code, str(file), "exec"), {"np": np, "json": json})
        except BaseException as error:
            described = failures.describe(error, folder)
            encode(described)  # whatever it is, it can be sent
            return described
        raise AssertionError("nothing was raised")

    return run


def test_type_text_and_place(raised):
    got = raised("def f(x):\n    return x + 'a'\n\nf(1)\n")
    assert got["type"] == "TypeError"
    assert "unsupported operand" in got["message"]
    assert got["frames"] == [["ops.py", 4, "<module>", "f(1)"], ["ops.py", 2, "f", "return x + 'a'"]]
    assert not any(got[kind] for kind in ("memory", "exit", "stub"))


def test_only_frames_of_the_own_folder(raised, tmp_path):
    got = raised("json.loads('{')\n")
    assert [frame[0] for frame in got["frames"]] == ["ops.py"]
    assert raised("1 / 0\n", folder=tmp_path / "elsewhere")["frames"] == []
    assert raised("1 / 0\n", name="sub/deep.py")["frames"] == [["sub/deep.py", 1, "<module>", "1 / 0"]]


def test_a_folder_whose_name_begins_alike_is_another_one(raised, tmp_path):
    assert raised("1 / 0\n", name="own-not/ops.py", folder=tmp_path / "own")["frames"] == []


def test_long_stacks_keep_the_innermost_frames(raised):
    got = raised("def f(n):\n    return f(n - 1) if n else 1 / 0\n\nf(100)\n")
    assert len(got["frames"]) == failures.MAX_FRAMES
    assert got["frames"][-1][2] == "f"
    endless = raised("def f():\n    return f()\n\nf()\n")
    assert endless["type"] == "RecursionError"
    assert len(endless["frames"]) == failures.MAX_FRAMES


@pytest.mark.parametrize("what", ["raise ValueError", "return 3", "raise SystemExit", "raise KeyboardInterrupt"])
def test_a_text_that_cannot_be_read(raised, what):
    got = raised(f"class Odd(Exception):\n    def __str__(self):\n        {what}\n\nraise Odd\n")
    assert got["type"] == "Odd"
    assert got["message"] == "(its text could not be read)"
    assert got["frames"][-1][1] == 5


def test_a_key_that_cannot_be_shown(raised):
    code = "class Key:\n    def __repr__(self):\n        raise ValueError\n\n{}[Key()]\n"
    assert raised(code)["message"] == "(its text could not be read)"
    assert raised("{}['a']\n")["message"] == "'a'"
    assert raised("raise KeyError\n")["message"] == ""


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("raise SystemExit(0)", "exit"),
        ("import sys; sys.exit('bye')", "exit"),
        ("raise MemoryError", "memory"),
        ("[0] * (1 << 60)", "memory"),
        ("raise NotImplementedError('Task A3.1')", "stub"),
        ("class Mine(NotImplementedError): pass\nraise Mine", "stub"),
        ("raise KeyboardInterrupt", None),
        ("raise GeneratorExit", None),
    ],
)
def test_kinds(raised, code, kind):
    got = raised(code)
    assert {name: got[name] for name in ("exit", "memory", "stub")} == {
        name: name == kind for name in ("exit", "memory", "stub")
    }


def test_texts_are_cut(raised):
    got = raised("name = 'N' * 10_000\nraise type(name, (Exception,), {})('x' * 1_000_000)\n")
    assert len(got["type"]) == 100
    assert len(got["message"]) == failures.MAX_TEXT
    line = raised("1 / 0" + " + 1" * 1000)["frames"][0][3]
    assert len(line) == 200


def test_a_syntax_error_is_placed_in_the_file_that_has_it(raised, tmp_path):
    got = raised("x = 1\ndef f(:\n    pass\n")
    assert got["type"] == "SyntaxError"
    assert got["frames"] == [["ops.py", 2, "", "def f(:"]]
    assert raised("x = (1\n", folder=tmp_path / "elsewhere")["frames"] == []


@pytest.mark.parametrize("filename", ["None", "3", "'elsewhere.py'"])
def test_a_syntax_error_that_was_made_up(raised, filename):
    got = raised(f"raise SyntaxError('odd', ({filename}, None, None, None))\n")
    assert got["frames"] == [["ops.py", 1, "<module>", f"raise SyntaxError('odd', ({filename}, None, None, None))"]]
