"""The attacks that come with tinygrade, against this machine: what `tinygrade doctor --attacks` runs.

And the other way round: the runner must notice when an attack comes through.
"""

import dataclasses
import os
import tomllib
from pathlib import Path

import pytest

from tinygrade import config, plugins
from tinygrade.attacks import attack as attacks
from tinygrade.attacks import runner
from tinygrade.attacks.attack import Attack
from tinygrade.attacks.plant import plant
from tinygrade.attacks.table import Table
from tinygrade.errors import CourseError, UsageError
from tinygrade.model import Limits

CORPUS = {attack.name: attack for attack in attacks.corpus()}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def manager():
    made = plugins.make_plugin_manager()
    plugins.load_course_plugin(made, config.load_course(ROOT / "assignments"))
    return made


@pytest.fixture(scope="session")
def assignment():
    return config.load_assignment(config.load_course(ROOT / "assignments"), runner.ASSIGNMENT)


@pytest.fixture(scope="session")
def level(manager):
    """The isolation that this machine has."""
    sandbox = plugins.sandboxes(manager).get("local")(limits=Limits())
    try:
        return sandbox.isolation().level
    finally:
        sandbox.close()


@pytest.fixture
def attempt(assignment, forkserver):
    """Forked, as a class is graded: that a grading in a fresh process holds as well is tried by a few."""
    return lambda attack, **more: runner.run(attack, assignment, **{"server": forkserver, **more})


def skip_below(attack, level):
    if attack.needs == "strong" and level != "strong":
        pytest.skip(f"SKIPPED: the isolation is {level} here")


@pytest.mark.parametrize("name", CORPUS)
def test_an_attack_is_held_back(name, attempt, level):
    attack = CORPUS[name]
    skip_below(attack, level)
    verdict = attempt(attack)
    assert verdict.held, verdict.broken


#: One that goes for each: files, the network, other processes, the messages, the verdicts.
FRESH = ("read_hidden_tests", "network", "signal_the_grader", "forged_frames", "values_that_agree")


@pytest.mark.parametrize("name", FRESH)
def test_an_attack_is_held_back_by_a_grading_of_its_own(name, attempt, level):
    attack = CORPUS[name]
    skip_below(attack, level)
    verdict = attempt(attack, server=None)
    assert verdict.held, verdict.broken


def test_the_corpus_is_large_and_says_what_it_does():
    assert len(CORPUS) >= 80
    for attack in CORPUS.values():
        assert attack.what[0].islower()
        assert not attack.what.endswith(".")
        assert attack.attacked or attack.refused


def test_the_corpus_is_part_of_what_is_installed():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["tinygrade"]
    installed = {file for pattern in patterns for file in (ROOT / "tinygrade").glob(pattern)}
    assert set(attacks.CORPUS.iterdir()) <= installed


def test_attacks_are_chosen_by_words_of_their_names():
    assert {a.name for a in attacks.chosen("network giant")} == {"network", "giant_prints", "giant_results"}
    assert attacks.chosen("") == attacks.corpus()
    with pytest.raises(UsageError, match="no attack is called 'netwrok'; did you mean 'network'"):
        attacks.chosen("netwrok")


# ---- the runner notices what comes through -----------------------------------------------------------

WRONG = "return np.zeros((t_q, t_q if t_k is None else t_k), dtype=bool)"


def made(payload, **changes):
    """An attack on the mask of which nothing is expected."""
    values = {"name": "made", "what": "is made for a test", "payload": payload, "place": "transformer.causal_mask"}
    values |= {"select": "test_causal_mask", "attacked": {"test_causal_mask": ("passed",)}, "seconds": 120}
    return Attack(**(values | changes))


#: Payload, changes of the attack, and what the verdict must say.
COMES_THROUGH = {
    "prints its sign": ("attack.worked('x')", {}, "printed: ATTACK-WORKED x"),
    "tells a secret": ("raise ValueError(attack.secret)", {}, "a secret is in the report"),
    "earns points": ("pass", {"attacked": {"test_causal_mask": ("failed",)}}, "test_causal_mask earned 5 points"),
    "is judged otherwise": (WRONG, {}, "test_causal_mask is failed, not passed"),
    "breaks honest code": (WRONG, {"attacked": {}, "keeps": ("test_causal_mask",)}, "and its code is honest"),
    "earns too much": ("pass", {"most": 4.0}, "it earned 5 points, and may earn 4"),
    "says something else": ("pass", {"says": "a word"}, "does not say 'a word'"),
    "takes too long": ("pass", {"seconds": 0.0}, "and may take 0"),
    "is not run": ("pass", {"keeps": ("test_nowhere",)}, "test_nowhere did not run"),
    "is accepted": ("pass", {"refused": "is a symbolic link"}, "the submission was accepted"),
    "cannot be graded": ("pass", {"files": {"tinytorch/big.py": "#" * 300_000}}, "not graded: SubmissionError"),
}


@pytest.mark.parametrize("how", COMES_THROUGH)
def test_the_runner_notices_an_attack_that(how, attempt, monkeypatch):
    payload, changes, told = COMES_THROUGH[how]
    facts = runner.Scene.facts
    monkeypatch.setattr(runner.Scene, "facts", lambda scene: facts(scene) | {"secret": scene.token})
    verdict = attempt(made(payload, **changes))
    assert not verdict.held
    assert any(told in reason for reason in verdict.broken), verdict.broken


def test_the_runner_notices_memory_of_the_grader(attempt, monkeypatch):
    monkeypatch.setattr(runner, "MEMORY_MIB", 1.0)
    verdict = attempt(made("pass"))
    assert verdict.peak_mib > 20
    assert any("the grader took" in reason for reason in verdict.broken)


@pytest.fixture
def unconfined(monkeypatch):
    """Gradings of this test run at `--isolation none`: what attacks try is possible."""
    monkeypatch.setattr(runner, "ISOLATION", "none")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="SKIPPED: Linux only")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("read_hidden_tests", "printed: ATTACK-WORKED read"),
        ("forge_results", "wrote results.json"),
        ("network", "connected over TCP"),
        ("touch_hidden_files", "changed"),
        ("fill_the_disk", "wrote"),
        ("signal_the_grader", "printed: ATTACK-WORKED signal 0"),
        ("scratch_escapes", "printed: ATTACK-WORKED a file moved out"),
    ],
)
def test_without_confinement_the_attack_comes_through_and_leaves_its_traces(name, told, attempt, unconfined):
    verdict = attempt(CORPUS[name])
    assert verdict.isolation != "strong"
    assert any(told in reason for reason in verdict.broken), verdict.broken


def test_the_scene_is_gone_afterwards(attempt, unconfined, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    attempt(CORPUS["fill_the_disk"])
    assert os.listdir(tmp_path) == []


# ---- planting and telling ----------------------------------------------------------------------------


def test_a_place_that_the_solution_lacks_is_told(assignment, tmp_path):
    for place, told in (("nowhere", "has no nowhere.py"), ("transformer.nowhere", "has no transformer.nowhere")):
        with pytest.raises(CourseError, match=told):
            plant(made("pass", place=place), assignment, {}, tmp_path / place)


def test_a_key_or_status_that_does_not_exist_is_told(tmp_path):
    file = tmp_path / "a.toml"
    for text, told in (("what = 'x'\nwaht = 1", "unknown key 'waht'"), ("[attacked]\na = ['won']", "no status 'won'")):
        file.write_text(text)
        with pytest.raises(ValueError, match=told):
            attacks.read(file)


def verdict(attack, *broken, isolation="strong"):
    return runner.Verdict(attack, broken, 1.25, 50.0, isolation)


def test_the_table_tells_what_did_not_hold():
    first, second = made("", name="first_one"), dataclasses.replace(made("", name="second"), needs="strong")
    table = Table([first, second])
    assert table.head()[0].startswith("2 attacks")
    assert table.row(verdict(first)) == ["  1/2  held    first one     1.2 s  is made for a test"]
    lines = table.row(verdict(second, "it \x1b[2J did", isolation="weak"))
    assert lines[0].startswith("  2/2  BROKEN  second")
    assert [line.strip() for line in lines[1:]] == ["- it did", "- known below strong isolation; it is weak here"]
    assert "1 of 2 attacks were held back" in table.foot()
