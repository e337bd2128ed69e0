"""A class through the real command: each result on its own, exactly once, and nothing published by accident."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import kill_grade
import pytest
from tiny_class import OPS, POINTS, write_class, write_course

from tests.classroom import Class
from tinygrade import cli
from tinygrade.hookspecs import hookimpl
from tinygrade.model import Report
from tinygrade.plugins import make_plugin_manager

MIXED = {"s1": "right", "s2": "wrong", "s3": "crash", "s4": "memory", "s5": "syntax", "s6": "hang"}


@pytest.fixture
def class_(tmp_path: Path, capsys: pytest.CaptureFixture[str], kept_forkserver: None) -> Class:
    return Class(tmp_path, capsys)


def test_a_mixed_class(class_, left_behind):
    """No crash, hang or poison touches another; a second run grades only what has no grade."""
    class_.hand_in(MIXED)
    (class_.handed / "s7/tinypkg").mkdir(parents=True)
    done = class_.grade("--jobs", "2")
    assert done.code == 4, done
    assert done.scores() == {student: POINTS[kind] for student, kind in MIXED.items()}
    assert "holds no .py file, so there is nothing to grade" in done.out
    assert "6 of 7 graded" in done.out
    again = class_.grade()
    assert again.scores() == {}
    told = class_("report", "--class", "alpha").out
    assert "6 graded: 0 to 10 of 10" in told
    assert "s7" in told[told.index("look at these yourself") :]
    with closing(sqlite3.connect(class_.root / "gradebook.db")) as connection:
        assert connection.execute("SELECT count(*) FROM prints").fetchone() == (6,), "one for each content"
    assert "7 submissions, 6 of them graded already" in again.out
    write_class(class_.handed, {"s7": "wrong"})
    healed = class_.grade()
    assert healed.code == 0
    assert healed.scores() == {"s7": 6}
    assert not left_behind()


def test_scores_do_not_depend_on_who_grades_beside(class_):
    class_.hand_in({f"s{i}": kind for i, kind in enumerate(["right", "wrong", "crash", "syntax"])})
    one = class_.grade("--jobs", "1").scores()
    four = class_.grade("--jobs", "4", "--again").scores()
    assert one == four
    assert len(one) == 4


def test_regrade_tells_the_difference_and_publishes_when_asked(class_):
    class_.hand_in({"s1": "right", "s2": "wrong"})
    first = class_.grade("--publish")
    assert "2 first grades: 6 to 10, median 8" in first.out
    assert "2 grades are published" in first.out
    assert "nothing to publish" in class_.gradebook("diff").out
    check = class_.course / "alpha/test_ops.py"
    check.write_text(check.read_text().replace("double(4)) == 8", "double(4)) == 4"))
    second = class_.grade()
    assert second.scores() == {"s1": 6, "s2": 10}
    assert "2 grades change: 1 up, 1 down" in second.out
    assert "the assignment was changed" in second.out
    assert "double: 4/4 -> 0/4" in second.out
    assert ",6,10" in class_.gradebook("export").out, "not published yet"
    assert "2 grades are published" in class_.gradebook("publish").out
    rows = class_.gradebook("export").out.splitlines()
    assert [row.split(",")[3] for row in rows] == ["score", "6", "10"]


def test_an_incomplete_class_is_not_published_in_passing(class_):
    class_.hand_in({"s1": "right"})
    (class_.handed / "s2/tinypkg").mkdir(parents=True)
    done = class_.grade("--publish")
    assert done.code == 4
    assert "nothing is published" in done.out
    assert "1 grade is published" in class_.gradebook("publish").out


def test_reports_for_students(class_):
    class_.hand_in({"s1": "wrong", "a b@c": "right"})
    class_.grade()
    done = class_.gradebook("reports", "--out", str(class_.root / "out"))
    assert "2 written" in done.out
    names = {path.name for path in (class_.root / "out").iterdir()}
    assert names == {"s1.json", "a b@c.json"}
    report = Report.from_json(json.loads((class_.root / "out/s1.json").read_text()))
    assert (report.score, report.secret) == (6, None)
    class_.gradebook("reports", "--out", str(class_.root / "all"), "--student", "s1", "--instructor")
    (only,) = (class_.root / "all").iterdir()
    assert Report.from_json(json.loads(only.read_text())).secret
    nobody = class_.gradebook("reports", "--out", str(only.parent), "--student", "s9")
    assert "no report of a student 's9'" in nobody.err


def test_fault_of_the_grader_is_no_zero(class_):
    check = class_.course / "alpha/test_ops.py"
    check.write_text(check.read_text().replace("def test_add(student):", "def test_add(student):\n    1 / 0"))
    class_.hand_in({"s1": "right"})
    done = class_.grade()
    assert done.code == 4
    assert "INCOMPLETE: not graded, not zero: a fault of the grader in add" in done.out
    assert "0 of 1 graded" in done.out


def test_a_submission_that_takes_too_long(class_):
    class_.hand_in({"s1": "sleep", "s2": "right"})
    done = class_.grade("--deadline", "3")
    assert done.code == 4
    assert "STOPPED: not graded, not zero: it took longer than 3 s in all" in done.out
    assert done.scores() == {"s2": 10}


def test_a_broken_course_stops_at_once(class_):
    class_.hand_in({"s1": "right", "s2": "right"})
    (class_.course / "alpha/test_ops.py").write_text("def def")
    done = class_.grade()
    assert done.code == 2
    assert "test_ops.py cannot be loaded" in done.err


def test_a_course_inside_a_submission_is_not_taken(class_, monkeypatch):
    """A student may hand in a course, in a folder with the right name: neither its checks nor its plugin are run."""
    class_.hand_in({"s1": "wrong"})
    cheat = write_course(class_.handed / "assignments").rename(class_.handed / "assignments/assignments")
    (cheat / "course.toml").write_text((cheat / "course.toml").read_text() + 'plugin = "plugin"\n')
    (cheat / "plugin").mkdir()
    (cheat / "plugin/__init__.py").write_text("raise SystemExit('code of a student ran')")
    for folder in (class_.handed / "assignments", cheat):
        monkeypatch.chdir(folder)
        code = cli.run(["grade", "alpha", str(class_.handed), "--gradebook", str(class_.root / "gradebook.db")])
        assert code == 2
        assert "which is to be graded: name it with --course" in class_._capsys.readouterr().err
    monkeypatch.chdir(class_.root)
    shutil.rmtree(class_.handed / "assignments")
    assert class_.grade().scores() == {"s1": 6}


def test_a_machine_that_isolates_too_little_grades_nobody(class_, monkeypatch):
    from tinygrade.isolation import Isolation
    from tinygrade.sandboxes.local import LocalSandbox

    monkeypatch.setattr(LocalSandbox, "isolation", lambda self: Isolation("weak", ("network",)))
    class_.hand_in({"s1": "right"})
    done = class_.grade()
    assert done.code == 4
    assert "not graded, not zero: isolation strong is asked for" in done.err
    assert "tinygrade doctor" in done.err
    assert kill_grade.stored(str(class_.root / "gradebook.db"))[0] == {}
    monkeypatch.undo()
    assert class_.grade().scores() == {"s1": 10}


class Hears:
    def __init__(self) -> None:
        self.scores: list[float | None] = []

    @hookimpl
    def tinygrade_report_ready(self, report: Report) -> None:
        self.scores.append(report.score)


class Breaks:
    @hookimpl
    def tinygrade_report_ready(self, report: Report) -> None:
        raise RuntimeError("it does not work")


def test_plugins_hear_of_every_report_and_a_broken_one_stops_nobody(class_):
    manager = make_plugin_manager()
    manager.register(hears := Hears(), "hears")
    manager.register(Breaks(), "breaks")
    class_.hand_in({"s1": "right", "s2": "wrong"})
    words = ["grade", "alpha", str(class_.handed), "--course", str(class_.course)]
    assert cli.run([*words, "--gradebook", str(class_.root / "gradebook.db")], manager) == 0
    assert sorted(hears.scores) == [6, 10]
    told = class_._capsys.readouterr().err
    assert told.count("plugin 'breaks' failed in tinygrade_report_ready: RuntimeError: it does not work") == 1


def test_the_commands_of_the_guide_run(class_, repository, monkeypatch):
    """On a class of three, which takes no time; `s017` has an extension there."""
    class_.handed = class_.root / "submissions"
    class_.hand_in({"s1": "right", "s2": "wrong", "s017": "right"})
    (class_.root / "students.csv").write_text("student,submitted\ns1,2026-10-02T12:00+02:00\ns2,\ns017,\n")
    monkeypatch.chdir(class_.root)
    guide = (repository / "docs/grading.md").read_text("utf-8")
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", guide, re.M | re.S) for line in block.splitlines()]
    lines += re.findall(r"`(tinygrade [a-z]+ [a-z]+ assignment3[^`]*)`", guide)
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.replace("assignment3", "alpha"))[1:]
        done = class_(*words)
        assert done.code == 0, f"{line}\n{done}"
    assert (class_.root / "grades.csv").exists()
    assert len(list((class_.root / "feedback").iterdir())) == 3


# ---- who handed in what ----------------------------------------------------------------------------


def test_roster_names_work_times_and_the_missing(class_):
    class_.hand_in({"s1": "right", "s2": "right", "s3": "right"})
    roster = class_.root / "roster.csv"
    roster.write_text(
        "student,name,source,submitted\n"
        "s1,Ann,class/s1,2026-10-03T12:00+00:00\ns2,=1+1,class/s2,2026-10-01T12:00+00:00\ns9,Nobody,,\n"
    )
    done = class_("grade", "alpha", "--roster", str(roster), "--publish")
    assert done.code == 0, done
    assert "on the roster, nothing handed in: s9" in done.out
    moved = class_.gradebook("due", "2026-10-02T12:00+00:00")
    assert "1 grade changes: 0 up, 1 down" in moved.out
    assert "1 day late: 10 % of the points" in moved.out
    class_.gradebook("publish")
    rows = class_.gradebook("export", "--format", "canvas").out.splitlines()
    assert rows == [
        "Student,ID,SIS User ID,SIS Login ID,Section,First steps",
        "Points Possible,,,,,10",
        "Ann,s1,,,,9",
        "'=1+1,s2,,,,10",
        "Nobody,s9,,,,",
    ]
    assert "1 grade changes: 1 up" in class_.gradebook("due", "2026-10-09T12:00+00:00", "--student", "s1").out
    assert "no student 's7'" in class_.gradebook("due", "none", "--student", "s7").err
    assert "is no time" in class_.gradebook("due", "tomorrow").err


def test_a_roster_may_come_first(class_):
    roster = class_.root / "roster.csv"
    roster.write_text("student,name\ns1,Ann\ns2,Bob\n")
    assert "2 new, 0 known" in class_.gradebook("roster", str(roster)).out
    class_.hand_in({"s1": "right"})
    class_.grade("--publish")
    assert class_.gradebook("export").out.splitlines()[1:] == ["s1,Ann,,10,10,,,,", "s2,Bob,,,10,,,,"]


def test_two_submissions_of_one_student_are_refused(class_):
    class_.hand_in({"s1": "right"})
    shutil.copytree(class_.handed / "s1", class_.root / "late/s1")
    done = class_.grade(str(class_.root / "late"))
    assert done.code == 2
    assert "'s1' has 2 submissions" in done.err
    assert str(class_.root / "late/s1") in done.err


def test_a_stranger_is_told(class_):
    class_.hand_in({"s1": "right", "s2": "right"})
    roster = class_.root / "roster.csv"
    roster.write_text("student\ns1\n")
    assert "not on the roster, graded all the same: s2" in class_.grade("--roster", str(roster)).out


def test_hostile_names_steer_nothing(class_):
    class_.hand_in({"\x1b[31mred": "right", "\u202eevil": "right", "\x1b]0;title\x07line\nSCORE": "right"})
    done = class_.grade()
    assert set(done.scores()) == {"red", "evil"}
    assert "line SCORE" in done.out
    text = done.out + class_.gradebook("export").out
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_a_name_that_is_no_text_stops_nobody(class_):
    class_.hand_in({"s1": "right", "s2": "wrong"})
    os.rename(os.fsencode(class_.handed / "s2"), os.fsencode(class_.handed) + b"/s2\xff\xfe")
    done = class_.grade()
    assert done.code == 0, done
    assert "2 of 2 graded" in done.out


def test_names_that_are_one_when_they_are_cleaned(class_):
    class_.hand_in({"\x1b[31ms1": "right", "s1": "wrong"})
    assert "'s1' has 2 submissions" in class_.grade().err


def test_nothing_to_grade(class_):
    assert "no submissions: name their folder" in class_("grade", "alpha").err
    assert class_("grade", "alpha", str(class_.root / "nowhere")).code == 2


WITHOUT = """
import sys
sys.modules["sqlalchemy"] = None
from tinygrade.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("words", [("grade", "alpha", "class"), ("gradebook", "diff", "alpha")])
def test_without_the_extra(class_, words):
    class_.hand_in({"s1": "right"})
    command = [sys.executable, "-P", "-c", WITHOUT, *words, "--course", str(class_.course)]
    run = subprocess.run(command, cwd=class_.root, capture_output=True, text=True)
    assert run.returncode == 2, run.stderr
    assert run.stderr == 'tinygrade: the gradebook needs SQLAlchemy: pip install sqlalchemy\n'


# ---- pulled plugs ----------------------------------------------------------------------------------


@pytest.fixture
def command(class_: Class) -> Callable[[], subprocess.Popen[str]]:
    words = [sys.executable, "-P", "-m", "tinygrade", "grade", "alpha", str(class_.handed), "--course"]
    words += [str(class_.course), "--gradebook", str(class_.root / "gradebook.db"), "--jobs", "2"]
    return lambda: subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_keeps_what_was_graded(class_, command, left_behind, number, code):
    class_.hand_in({"s1": "right", "s2": "hang", "s3": "sleep", "s4": "sleep"})
    with command() as run:
        assert run.stdout is not None
        while "s2" not in run.stdout.readline():
            pass
        run.send_signal(number)
        start = time.monotonic()
        text, _ = run.communicate(timeout=30)
    assert run.returncode == code, text
    assert time.monotonic() - start < 5
    assert "what was graded is stored; run the same command again to go on" in text
    assert "Traceback" not in text
    assert not left_behind()
    assert kill_grade.stored(str(class_.root / "gradebook.db"))[0] == {"s1": 1, "s2": 1}


def test_the_kinds_of_the_class_are_all_worth_something():
    assert set(POINTS) == set(OPS)
