"""`tinygrade train` as a class uses it, on the real course."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinygrade.config import load_course

ROOT = Path(__file__).resolve().parents[3]
FAST = ("train", "--recipe", "fast", "--seed", "1")


@pytest.fixture
def words(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("BREAD\nMILK\nRICE\nLEMON\n")
    return str(file)


def test_a_run_in_a_pipe_shows_the_seeds_tables_and_writes_everything(tinygrade, tmp_path):
    files = ("--save", "m.npz", "--json", "r.json", "--plot", "c.svg")
    done = tinygrade(*FAST, *files)
    assert done.code == 0
    assert done.err == ""
    for title in ("Configuration", "Performance", "Learning progression", "Perfect predictions", "Order of learning"):
        assert f"\n{title}" in done.out
    for figure in ("4,464", "1 layer, 16 dims, 2 heads", "53.88 steps/s", "two strings begin alike", "ceiling 12"):
        assert figure in done.out
    assert "\x1b" not in done.out
    assert max(map(len, done.out.splitlines())) < 130
    assert done.out.splitlines()[-1].startswith("repeat this run: tinygrade train --recipe fast")
    tree = json.loads((tmp_path / "r.json").read_text())
    assert (tree["parameters"], tree["learned"], tree["training"]["stopped"]) == (4464, 15, "converged")
    assert 0.0569 < tree["training"]["best_loss"] < 0.0769
    assert (tmp_path / "c.svg").read_text().count("<svg") == 1


def test_the_same_seed_gives_the_same_run(tinygrade):
    first, second = (tinygrade(*FAST, "--json", "-") for _ in range(2))
    assert [run.json["training"]["curve"] for run in (first, second)] == [first.json["training"]["curve"]] * 2
    assert "Performance" in first.err  # what people read goes where no program reads


def test_it_ends_where_it_is_told_to(tinygrade):
    done = tinygrade("train", "--seed", "1", "--steps", "20", "--keep-going", "--json", "-", "--model", "2x20")
    assert (done.json["training"]["steps"], done.json["training"]["stopped"]) == (20, "steps")
    done = tinygrade("train", "--seed", "1", "--minutes", "0.0005", "--json", "-")
    assert done.json["training"]["stopped"] == "budget"


def test_a_rate_that_is_too_high_is_told(tinygrade):
    done = tinygrade("train", "--seed", "1", "--steps", "300", "--lr", "10", "--recipe", "seed", "--json", "-")
    assert done.code == 0
    assert done.json["training"]["stopped"] in ("steps", "not a number")
    assert "Traceback" not in done.err


def test_own_strings(tinygrade, words):
    done = tinygrade(*FAST, "--data", words, "--json", "-")
    assert [row["input"] for row in done.json["predictions"]] == ["BREAD", "MILK", "RICE", "LEMON"]
    assert done.json["learned"] == 4
    assert "the seed's" not in done.err


def test_fine_tuning_from_the_shipped_model_and_from_a_saved_one(tinygrade, words):
    done = tinygrade("train", "--from", "pretrained", "--data", words, "--seed", "1", "--save", "tuned.npz")
    assert done.code == 0
    after = done.out[done.out.index("Before and after") :]
    assert len(re.findall(r"one of the strings$", after, re.M)) == 4
    assert re.search(r"on what it was trained on before: loss 0\.3\d+ -> \d", after)
    again = tinygrade("train", "--from", "tuned.npz", "--data", words, "--seed", "1", "--steps", "30", "--json", "-")
    assert again.code == 0
    assert again.json["training"]["curve"][0][1] < 0.1  # it begins where the other ended


def test_hybrid_answers_what_is_typed(tinygrade, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("abc\n?\nEFG\n\nIJK\n"))
    done = tinygrade("train", "--hybrid", "--recipe", "fast", "--seed", "1")
    assert done.code == 0
    part3 = done.out[done.out.index("Part 3") :]
    assert "ultra-tiny 1x16: ABCD" in part3
    assert re.search(r"2x28: ABCDE", part3)
    assert "unknown: '?'" in part3
    assert "EFGH" in part3
    assert "IJKL" not in part3  # an empty line ends it


def test_a_submission_trains_by_its_own_code_in_a_worker(tinygrade):
    done = tinygrade("train", "--submission", str(ROOT / "reference"), "--seed", "1", "--json", "-", "--save", "m.npz")
    assert done.code == 0
    assert (done.json["learned"], done.json["forward"]) == (15, "the reference's")
    assert "tinytorch" not in sys.modules
    more = tinygrade("train", "--from", "m.npz", "--data", "/dev/null")
    assert "holds no string" in more.err


def test_a_submission_that_differs_is_seen_by_its_own_forward(tinygrade, variant):
    mask = "return np.arange(t_k) <= query_positions"
    leaking = variant(("transformer.py", mask, f"{mask} + 1"))
    done = tinygrade("train", "--submission", str(leaking), "--seed", "1", "--steps", "60", "--json", "-")
    assert done.code == 0
    assert "differs from the reference's" in done.json["forward"]


def test_a_submission_that_is_not_there_yet(tinygrade):
    done = tinygrade("train", "--submission", str(ROOT / "student_template"), "--seed", "1")
    assert done.code == 2
    assert "not implemented yet: A3.5" in done.err
    assert "Traceback" not in done.err


def test_a_submission_that_raises_names_file_and_line(tinygrade, variant):
    broken = variant(("train.py", "    losses: list[float] = []\n", "    losses: list[float] = [][0]\n"))
    done = tinygrade("train", "--submission", str(broken), "--seed", "1")
    assert done.code == 2
    assert re.search(r"train\.py:\d+ train: IndexError", done.err)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--model", "huge"], "--model huge: write ultra-tiny, small, or layers and width such as 2x28"),
        (["--heads", "3"], "no multiple of 3 heads"),
        (["--minutes", "0"], "nothing can be learned in that time"),
        (["--minutes", "nan"], "--minutes"),
        (["--data", "nowhere.txt"], "nowhere.txt: cannot be read"),
        (["--save", "nowhere/m.npz"], "cannot be written: No such file or directory"),
        (["--json", "nowhere/r.json"], "cannot be written"),
        (["--plot", "."], "cannot be written: it is a folder"),
        (["--plot", "c.gif"], "must end in .svg, .png or .pdf"),
        (["--from", "pretrained"], "--from needs --data FILE"),
        (["--from", "nowhere.npz", "--data", "WORDS"], "nowhere.npz: cannot be read"),
        (["--from", "WORDS", "--data", "WORDS"], "is no checkpoint of this course"),
        (["--from", "pretrained", "--data", "WORDS", "--model", "small"], "--model cannot be used with --from"),
        (["--hybrid", "--from", "pretrained"], "--from cannot be used with --hybrid"),
        (["--submission", "x", "--recipe", "seed"], "--recipe cannot be used with --submission"),
        (["--submission", "nowhere"], "nowhere"),
        (["--recipe", "slow"], "--recipe"),
        (["--steps", "0"], "--steps"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_bad_input_is_one_clear_message(tinygrade, words, args, message):
    done = tinygrade("train", *[words if arg == "WORDS" else arg for arg in args])
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_in_a_students_copy_of_the_course_their_own_package_is_trained(tmp_path):
    """The copy holds what course.toml releases of the plugin, and no solution."""
    course = tmp_path / "course"
    left_out = shutil.ignore_patterns("course", "mutants", "correct", "hidden")
    shutil.copytree(ROOT / "assignments", course, ignore=left_out)
    public = load_course(ROOT / "assignments").public_plugin
    for file in (found for pattern in public for found in (ROOT / "assignments/course").glob(pattern)):
        to = course / "course" / file.relative_to(ROOT / "assignments/course")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
    shutil.copytree(ROOT / "reference", tmp_path / "own")
    own, none, compare = (
        subprocess.run(
            [sys.executable, "-P", "-m", "tinygrade", *words, "--course", str(course)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            check=False,
        )
        for words in (["train", "--submission", "own", "--seed", "1"], ["train"], ["compare"])
    )
    assert own.returncode == 0, own.stderr
    assert "its own forward, isolation" in own.stdout
    assert "15/15 learned" in own.stdout
    for done in (none, compare):
        assert done.returncode == 2
        assert "train your own package with --submission FOLDER" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("source", [[], ["--submission", str(ROOT / "reference")]])
def test_an_interrupt_shows_the_tables_so_far_and_leaves_nothing_behind(tmp_path, source, variant):
    if source:  # one that never stops by itself
        deaf = ("train.py", "if on_step(step, losses[-1]) >= 1:", "if on_step(step, losses[-1]) >= 2:")
        source = ["--submission", str(variant(deaf, ("train.py", "range(1, MAX_STEPS + 1)", "range(1, 10**9)")))]
    command = [sys.executable, "-P", "-m", "tinygrade", "train", "--keep-going", "--text", *source]
    files = ["--course", str(ROOT), "--seed", "1", "--save", f"{tmp_path}/m.npz", "--json", f"{tmp_path}/r.json"]
    process = subprocess.Popen([*command, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = ""
    while "step      50" not in seen:
        line = process.stdout.readline()
        assert line, seen + process.stderr.read()
        seen += line
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Learning progression" in rest
    assert "ended: interrupted at step" in rest
    assert "Traceback" not in err
    assert json.loads((tmp_path / "r.json").read_text())["training"]["stopped"] == "interrupted"
    assert (tmp_path / "m.npz").exists()


def test_in_a_terminal_it_is_redrawn_and_leaves_the_tables(tmp_path):
    """A pseudo-terminal: the picture comes and goes, the tables stay."""
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    command = [sys.executable, "-P", "-m", "tinygrade", *FAST, "--course", str(ROOT)]
    process = subprocess.Popen(command, stdout=slave, stdin=subprocess.DEVNULL, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            data = os.read(master, 1 << 16)
        except OSError:
            break
        if not data:
            break
        seen += data
    os.close(master)
    assert process.wait(timeout=30) == 0
    text = seen.decode()
    assert "floor 0.057" in text
    assert "learned in this order:" in text
    assert text.index("Configuration") > text.rindex("learned in this order:")
    assert "\x1b[?25h" in text  # the cursor is back
