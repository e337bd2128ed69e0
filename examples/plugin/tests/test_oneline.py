"""The reporter: what it says, and that nothing which a student wrote steers whatever shows it."""

import tinygrade_example


def test_a_report_in_one_line(render, make_report, make_result):
    failed = make_result(title="the mean", status="failed", points=0.0)
    report = make_report(make_result(), failed)
    assert render("oneline", report, tinygrade_example) == "s001   assignment1   1/2   first: the mean\n"


def test_a_score_that_is_missing_is_no_zero(render, make_report):
    assert "no score" in render("oneline", make_report(score=None), tinygrade_example)


def test_hostile_text_stays_text(render, hostile_report):
    line = render("oneline", hostile_report, tinygrade_example)
    assert line.count("\n") == 1
    assert line.strip("\n").isprintable()
