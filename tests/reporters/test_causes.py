"""Root causes: what to mend first, what it costs in all, and what is no mistake at all."""

from __future__ import annotations

from dataclasses import replace

from tinygrade.reporters.causes import next_task, root_causes


def test_followers_count_for_their_root_however_far_away(make_check, make_report) -> None:
    mask = make_check("mask", "failed", most=10)
    block = make_check("block", "partial", points=2, most=5, follows_from=(mask.id,))
    loss = make_check("loss", "failed", most=7, follows_from=(block.id,))
    other = make_check("other", "crashed", most=1)
    causes = root_causes(make_report(mask, block, loss, other))
    assert [cause.check.title for cause in causes] == ["mask", "other"]
    assert [c.title for c in causes[0].followers] == ["block", "loss"]
    assert [cause.points for cause in causes] == [20, 1]


def test_stubs_passed_checks_and_faults_of_ours_are_no_causes(make_check, make_report) -> None:
    statuses = ("passed", "not_implemented", "blocked", "grader_error")
    assert root_causes(make_report(*(make_check(s, s) for s in statuses))) == []


def test_a_hidden_check_is_neither_named_nor_hides_a_visible_one(make_check, make_report) -> None:
    hidden = make_check("fresh", "failed", visibility="hidden")
    seen = make_check("seen", "failed", follows_from=(hidden.id,))
    assert [cause.check.title for cause in root_causes(make_report(hidden, seen))] == ["seen"]


def test_what_was_not_run_is_no_root(make_check, make_report) -> None:
    check = make_check("loss", "failed", follows_from=("test_a.py::test_not_selected",))
    assert [cause.check for cause in root_causes(make_report(check))] == [check]


def test_a_circle_has_one_root(make_check, make_report) -> None:
    one, two = make_check("one", "failed"), make_check("two", "failed")
    one, two = replace(one, follows_from=(two.id,)), replace(two, follows_from=(one.id,))
    three = make_check("three", "failed", follows_from=(two.id,))
    causes = root_causes(make_report(one, two, three))
    assert [cause.check.title for cause in causes] == ["one"]
    assert len(causes[0].followers) == 2


def test_next_task_is_the_first_stub(make_check, make_report) -> None:
    checks = [
        make_check("a"),
        make_check("b", "blocked"),
        make_check("c", "not_implemented"),
        make_check("d", "not_implemented"),
    ]
    found = next_task(make_report(*checks))
    assert found is not None
    assert found.title == "c"
    assert next_task(make_report(make_check("a"))) is None
