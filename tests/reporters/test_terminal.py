"""The terminal view of a report: order, words and amount, whatever the report and however narrow the window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinygrade.model import STATUSES, Adjustment, Diagnosis, Isolation, Swap
from tinygrade.reporters.advice import Commands, advice
from tinygrade.reporters.terminal import TerminalReporter, render, terminal_width
from tinygrade.reporters.words import WORDS, group_status, number
from tinygrade.text import cells

FULL = """\
assignment3: The ultra-tiny transformer   seed 41
isolation strong | Python 3.11.7, numpy 2.4.6
ok       1 census    4,464 parameters                                        5/5
ok       2 parity    masks, block, logits                                  25/25
ok       3 training  loss 3.43 -> 0.046                                    10/10
        170 steps; 0.2 s of the 300 s budget
SCORE 40/40   2.9 s
repeat this run: tinygrade check assignment3 --seed 41
"""

MIXED = """\
assignment3: The ultra-tiny transformer   seed 41
isolation strong | Python 3.11.7, numpy 2.4.6
swap: assignment2 -> released solution (your softmax fails its smoke check)
PARTIAL  1 parity      1 of 2 passed                                       15/25
        FAILED causal mask: Output 0 changed when only token 1 changed.
FAILED   2 training    training budget                                      0/10
        own loss 0.0009 < floor 0.044
TODO     3 generation  not implemented yet                                  0/10
SCORE 15/45   1 root cause   1 not implemented yet   2.9 s

START HERE
1. transformer.py:14 causal_mask (task A3.1)                           20 points
   Output 0 changed when only token 1 changed.
   Print your 4x4 mask. What may row 0 see?
   follows from this: training budget
   your code printed (last 1 line):
   | hello
   again: tinygrade check assignment3 -k test_mask --seed 41
   debug: tinygrade repro test_mask --seed 41

next: A3.6: append the most probable token
   check it: tinygrade check assignment3 -k test_stub --seed 41

repeat this run: tinygrade check assignment3 --seed 41
"""


@pytest.fixture
def mixed_report(make_check, make_report):
    mask = make_check(
        "mask",
        "failed",
        most=10,
        title="causal mask",
        group="parity",
        task="A3.1",
        message="Output 0 changed when only token 1 changed.",
        hint="Print your 4x4 mask. What may row 0 see?",
        where="transformer.py:14 causal_mask",
        output="hello\n",
    )
    training = {"title": "training budget", "group": "training", "follows_from": (mask.id,)}
    stub = {"group": "generation", "task": "A3.6", "message": "A3.6: append the most probable token"}
    return make_report(
        mask,
        make_check("logits", most=15, group="parity", message="right with a correct mask"),
        make_check("budget", "failed", most=10, message="own loss 0.0009 < floor 0.044", **training),
        make_check("stub", "not_implemented", **stub),
        make_check("stub2", "blocked", group="generation", message="needs generate"),
        swaps=(Swap("assignment1", "own"), Swap("assignment2", "released", "your softmax fails its smoke check")),
    )


def test_full_marks(make_check, make_report) -> None:
    report = make_report(
        make_check("census", group="census", message="4,464 parameters"),
        make_check("mask", most=10, group="parity", message="exact"),
        make_check("logits", most=15, group="parity", message="masks, block, logits"),
        make_check(
            "run", most=10, group="training", message="loss 3.43 -> 0.046\n170 steps; 0.2 s of the 300 s budget"
        ),
    )
    assert render(report) == FULL


def test_mixed(mixed_report) -> None:
    assert render(mixed_report) == MIXED


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_only_commands_are_wider_than_the_window(mixed_report, width: int) -> None:
    lines = render(mixed_report, width).splitlines()
    too_wide = [line for line in lines if cells(line) > width and "tinygrade " not in line]
    assert too_wide == []


def test_a_group_with_nothing_to_tell_says_what_it_looked_at(make_check, make_report) -> None:
    few = [make_check("mask", group="g"), make_check("logits", group="g")]
    assert "g  mask, logits" in render(make_report(*few))
    many = [make_check(f"a rather long title {i}", group="g") for i in range(9)]
    assert "g  9 checks" in render(make_report(*many))


def test_a_long_group_title_stays_on_its_line(make_check, make_report) -> None:
    shown = render(make_report(make_check("a", group="a title " * 30, message="fine")), 60)
    assert all(cells(line) <= 60 for line in shown.splitlines())
    assert shown.splitlines()[3] == "        fine"


def test_only_stubs_say_what_is_next_and_nothing_is_broken(make_check, make_report) -> None:
    stubs = [
        make_check(f"t{i}", "not_implemented", task=f"A3.{i}", message=f"A3.{i}: write it", group=f"g{i}")
        for i in range(1, 5)
    ]
    shown = render(make_report(*stubs))
    assert "next: A3.1: write it" in shown
    assert "A3.2" not in shown
    assert not any(word in shown for word in ("FAILED", "START HERE", "root cause"))


def test_at_most_three_causes_are_told(make_check, make_report) -> None:
    shown = render(make_report(*(make_check(f"t{i}", "failed") for i in range(6))))
    assert "3. t2" in shown
    assert "4. t3" not in shown
    assert "and 3 more root causes" in shown


def test_hidden_checks_show_title_status_and_points_only(make_check, make_report) -> None:
    hidden = make_check("fresh", "failed", visibility="hidden", message="TELLTALE", hint="TELLTALE", output="TELLTALE")
    for others in ([], [make_check("seen", "failed")]):
        shown = render(make_report(hidden, *others))
        assert "fresh" in shown
        assert "hidden" in shown
        assert "0/5" in shown
        assert "TELLTALE" not in shown


def test_a_fault_of_ours_is_no_score_and_not_zero(make_check, make_report) -> None:
    shown = render(make_report(make_check("a"), make_check("b", "grader_error", message="worker lost"), score=None))
    assert "NO SCORE" in shown
    assert "not zero" in shown
    assert "b: worker lost" in shown
    assert "SCORE 5" not in shown
    assert "START HERE" not in shown


def test_a_selected_run_is_not_a_grade(make_check, make_report) -> None:
    shown = render(make_report(make_check("a"), selected=True, score=None))
    assert "partial run, not a grade: 5/5" in shown
    assert "NOT GRADED" not in shown


def test_adjustments_and_missing_isolation_are_told(make_check, make_report) -> None:
    report = make_report(
        make_check("a"),
        adjustments=(Adjustment(-2.5, "one day late"),),
        isolation=Isolation("weak", ("landlock", "seccomp")),
    )
    shown = render(report)
    assert "adjusted -2.5: one day late" in shown
    assert "isolation weak (missing: landlock, seccomp)" in shown


def test_sections_are_shown_by_whoever_knows_them(make_check, make_report) -> None:
    reporter = TerminalReporter()
    reporter.use_sections(lambda name, data: [f"{name}: {data} steps"] if name == "training" else None)
    shown = reporter.render(make_report(make_check("a"), sections={"training": 170, "unknown": 3}))
    assert "\n\ntraining: 170 steps\n\nSCORE" in shown
    assert "unknown" not in shown


def test_hostile_text_is_inert_everywhere(make_check, make_report, hostile_texts: list[str]) -> None:
    for text in hostile_texts:
        everywhere = dict.fromkeys(("title", "group", "task", "message", "hint", "where", "output"), text)
        checks = [make_check("a", **everywhere), make_check("b", "failed", **everywhere)]
        shown = render(
            make_report(
                *checks,
                title=text,
                environment={"python": text},
                swaps=(Swap("a", "released", text),),
                adjustments=(Adjustment(1, text),),
            )
        )
        assert all(char.isprintable() or char == "\n" for char in shown)
        assert not any(line.startswith("SCORE 100") for line in shown.splitlines())
        assert len(shown) < 100_000


def test_the_function_is_what_again_selects(make_check, make_report) -> None:
    check = make_check("mask[x y]; rm -rf", "failed")
    assert "-k test_mask --seed 41" in render(make_report(check))


def test_a_diagnosis_leads_to_its_page_unless_hints_are_fewer(make_check, make_report) -> None:
    report = make_report(make_check("mask", "failed", diagnosis=Diagnosis("mask-sees-ahead", {})))
    commands = Commands.of(report)
    for explains, expected in ((True, ["more:", "again:", "debug:"]), (False, ["again:", "debug:"])):
        shown = advice(report, replace(commands, explains=explains, course=" --course c"), 60)
        leads = [line.text.split() for line in shown if line.text.startswith("   ") and "tinygrade" in line.text]
        assert [words[0] for words in leads] == expected
        assert not explains or leads[0] == ["more:", "tinygrade", "explain", "mask-sees-ahead", "--course", "c"]


def test_what_leads_on_says_where_things_are_and_is_not_ambiguous(make_check, make_report) -> None:
    report = make_report(make_check("mask", "failed"))
    commands = replace(Commands.of(report), places=" --submission s", shared=frozenset({"test_mask"}))
    shown = [line.text for line in advice(report, commands, 80)]
    assert "   debug: tinygrade repro assignment3/test_mask --submission s --seed 41" in shown


def test_a_file_that_cannot_be_imported_needs_no_debugger(make_check, make_report) -> None:
    shown = render(make_report(make_check("a", "blocked", where="ops.py:3", message="ops.py cannot be imported")))
    assert "START HERE" in shown
    assert "debug:" not in shown


def test_a_cause_in_an_earlier_assignment_leads_to_the_check_that_saw_it(make_check, make_report) -> None:
    evidence = {"assignment": "assignment2", "file": "functional.py", "check": "test_b.py::test_logits"}
    shown = render(make_report(make_check("own_stack", "failed", diagnosis=Diagnosis("upstream", evidence))))
    assert "-k 'test_own_stack or test_logits' --seed 41" in shown
    assert "debug: tinygrade repro test_logits --seed 41" in shown


def test_who_selects_a_check_sees_its_prints_though_it_passed(make_check, make_report) -> None:
    checks = [make_check("mask", output="hello\n"), make_check("quiet")]
    assert "your code printed" not in render(make_report(*checks))
    shown = render(make_report(*checks, selected=True, score=None))
    assert "your code printed in mask (last 1 line):\n   | hello\n" in shown
    assert "printed in quiet" not in shown
    many = [make_check(f"t{i}", output="hello\n") for i in range(9)]
    assert "your code printed" not in render(make_report(*many, selected=True, score=None))
    hidden = make_check("fresh", visibility="hidden", output="TELLTALE")
    assert "TELLTALE" not in render(make_report(hidden, selected=True, score=None))


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_word(make_check, make_report, status: str) -> None:
    check = make_check("a", status)
    assert group_status([check]) == status
    assert WORDS[status] in render(make_report(check))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("passed", "failed"), "partial"),
        (("passed", "not_implemented"), "not_implemented"),
        (("blocked", "not_implemented"), "not_implemented"),
        (("passed", "grader_error"), "grader_error"),
        (("failed", "crashed"), "crashed"),
        (("failed", "not_implemented"), "failed"),
    ],
)
def test_group_status(make_check, statuses: tuple[str, ...], expected: str) -> None:
    assert group_status([make_check(f"t{i}", status) for i, status in enumerate(statuses)]) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(5.0, "5"), (2.5, "2.5"), (10 / 3, "3.33"), (0, "0"), (100, "100"), (1e-9, "0")]
)
def test_numbers_are_short(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(("columns", "width"), [("200", 100), ("60", 60), ("10", 40)])
def test_terminal_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == width
