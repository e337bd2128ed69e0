"""`tinygrade report --class` and `--student` through the real command, on the gradebook of a made-up class."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.class_book import EVIL, LEAK, write_book
from tinygrade import cli


@pytest.fixture(scope="session")
def class_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_book(tmp_path_factory.mktemp("class"))


@pytest.fixture
def report(class_book: tuple[Path, Path], capsys: pytest.CaptureFixture[str]):
    course, book = class_book

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["report", *words, "--course", str(course), "--gradebook", str(book)])
        return code, *capsys.readouterr()

    return run


def test_on_the_screen(report):
    code, out, err = report("--class", "alpha")
    assert (code, err) == (0, "")
    assert "30 graded: 5.6 to 10.6 of 15" in out
    assert "nobody passes: trap" in out
    assert "everybody passes: easy" in out
    assert "wrong-mask" in out
    assert "s00, s01, s02" in out
    assert "longest: s29 39 s, s28 38 s, s27 37 s" in out


def test_who_needs_a_person(report):
    out = report("--class", "alpha")[1]
    looked = out[out.index("look at these yourself; none of it is a verdict") :]
    rows = [line.split("  ") for line in looked.splitlines()[1:]]
    found = {row[1].strip(): row[-1].strip() for row in rows}
    assert found["s99"] == "holds no .py file"
    assert found["s04"] == LEAK
    assert found["s00, s01"] == "handed in the same files"
    assert found["s02 and s03"].startswith("alike up to names: 100% of what few others wrote")
    assert len(found) == 4, "nobody else is named"


def test_as_csv(report, tmp_path):
    file = tmp_path / "class.csv"
    assert report("--class", "alpha", "--report", f"csv={file}")[:2] == (0, "")
    rows = {row["check"]: row for row in csv.DictReader(file.read_text().splitlines())}
    assert rows["trap"]["passed"] == "0.0000"
    assert rows["easy"]["passed"] == "1.0000"
    assert float(rows["sharp"]["discrimination"]) < -0.5, "who passes it gets fewer points elsewhere"
    assert rows["trap"]["discrimination"] == ""


def test_as_a_page(report, tmp_path):
    file = tmp_path / "class.html"
    assert report("--class", "alpha", "--report", f"html={file}", "--report", "terminal")[0] == 0
    page = file.read_text()
    for text in ("30 graded", "Who passes", "wrong-mask", "s02 and s03", "s99", LEAK, "point-biserial"):
        assert text in page
    assert "<script" not in page
    assert page.count("<svg") == 4


def test_one_student(report, tmp_path):
    code, out, _ = report("--student", "s07")
    assert code == 0
    assert "wrong-mask" in out
    file = tmp_path / "s07.json"
    assert report("--student", "s07", "--class", "alpha", "--report", f"json={file}")[0] == 0
    told = json.loads(file.read_text())
    assert told["submission"]["sha256"] == f"{7:064x}"
    assert told["secret"] is None, "a student's view unless --instructor asks for more"
    assert report("--student", "s07", "--instructor", "--report", f"json={file}")[0] == 0
    assert json.loads(file.read_text())["secret"] == "00" * 32
    folder = tmp_path / "out"
    folder.mkdir()
    assert report("--student", EVIL, "--report", f"html={folder}/")[0] == 0
    assert [found.name for found in folder.iterdir()] == ["alpha.html"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a FILE, or --class ASSIGNMENT, or --student ID"),
        (("r.json", "--class", "alpha"), "name a FILE, or --class"),
        (("--class", "beta"), "beta"),
        (("--class", "alpha", "--report", "junit=x.xml"), "a class is shown as terminal, html, csv"),
        (("--class", "alpha", "--report", "html="), "names no file"),
        (("--class", "alpha", "--report", "html=/nowhere/x.html"), "cannot be written"),
        (("--class", "alpha", "--report", "csv", "--report", "html"), "standard output is already taken"),
        (("--student", "nobody"), "has no report of a student 'nobody'"),
    ],
)
def test_mistakes_are_told(report, words, message):
    code, out, err = report(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_gradebook_that_is_not_there(class_book, capsys, tmp_path):
    words = ["report", "--class", "alpha", "--course", str(class_book[0]), "--gradebook", str(tmp_path / "no.db")]
    assert cli.run(words) == 2
    assert "does not exist; `tinygrade grade` makes one" in capsys.readouterr().err
    assert not (tmp_path / "no.db").exists()


def test_looking_writes_nothing(report, class_book):
    def dump() -> list[str]:
        connection = sqlite3.connect(class_book[1])
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    before = dump()
    report("--class", "alpha")
    report("--student", "s07")
    assert dump() == before
