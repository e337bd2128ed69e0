"""How much a student is told of a recognised mistake, through the real command: `hints` in assignment.toml."""

import json
import shutil

import pytest

CODE = "mask-sees-ahead"
QUESTION = "What may row 0 see?"


@pytest.fixture
def graded(repository, tmp_path, variant, forked_command):
    """`graded(hints, *options)`: the mask looks one ahead; the terminal's text and the report of that run."""
    folder = variant(("transformer.py", "<= query_positions", "<= query_positions + 1"))

    def grade(hints, *options):
        course = tmp_path / "course"
        shutil.copytree(repository / "assignments", course / "assignments", dirs_exist_ok=True)
        for name in ("reference", "student_template"):
            if not (course / name).exists():
                (course / name).symlink_to(repository / name)
        file = course / "assignments" / "assignment3" / "assignment.toml"
        file.write_text(file.read_text().replace('hints = "full"', f'hints = "{hints}"'))
        report = tmp_path / "report.json"
        command = ["check", "assignment3", "--earlier", "released", *options]
        places = ["--course", str(course / "assignments"), "--submission", str(folder)]
        chosen = ["--seed", "7", "-k", "test_causal_mask", "--report", f"json={report}"]
        done = forked_command([*command, *places, *chosen], repository)
        assert done.returncode == 1, done.stderr
        (found,) = json.loads(report.read_text())["checks"]
        return done.stdout, found

    return grade


def test_full_tells_what_was_seen_asks_and_points_to_the_page(graded):
    text, found = graded("full")
    assert "causal_mask(4)" in text
    assert QUESTION in text
    assert f"tinygrade explain {CODE}" in text
    assert found["diagnosis"]["code"] == CODE


def test_question_tells_and_asks(graded):
    text, found = graded("question")
    assert "causal_mask(4)" in text
    assert QUESTION in text
    assert "explain" not in text
    assert CODE not in text
    assert found["diagnosis"] is None
    assert QUESTION in found["hint"]


def test_none_tells_only_what_was_seen(graded):
    text, found = graded("none")
    assert "causal_mask(4)" in text
    assert QUESTION not in text
    assert "explain" not in text
    assert (found["diagnosis"], found["hint"]) == (None, "")


@pytest.mark.parametrize("hints", ["question", "none"])
def test_the_instructor_s_report_has_all_of_it(graded, hints):
    _, found = graded(hints, "--instructor")
    assert found["diagnosis"]["code"] == CODE
    assert QUESTION in found["hint"]
