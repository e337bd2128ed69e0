"""A roster is read as it is meant, or refused with its line."""

from __future__ import annotations

import pytest

from tinygrade.errors import UsageError
from tinygrade.gradebook.roster import read, utc


@pytest.fixture
def roster(tmp_path):
    file = tmp_path / "roster.csv"

    def make(content):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return make


def refused(file) -> str:
    with pytest.raises(UsageError) as caught:
        read(file)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    return message


def test_our_own(roster):
    (ann, bob) = read(roster("student,name,email,source,submitted\ns1,Ann,a@b,w/s1,2026-10-01T12:00+02:00\ns2,,,,\n"))
    assert (ann.key, ann.name, ann.email, ann.source) == ("s1", "Ann", "a@b", "w/s1")
    assert ann.submitted == "2026-10-01T10:00:00+00:00"
    assert (bob.key, bob.submitted) == ("s2", "")


@pytest.mark.parametrize(
    ("text", "key", "name"),
    [
        ("Student,ID,SIS User ID,SIS Login ID,Section\nPoints Possible,,,,\nZoë X,77,u1,zx,A\n", "77", "Zoë X"),
        ("Identifier,Full name,Email address,Grade\nParticipant 12,Zoë X,z@x,-\n", "12", "Zoë X"),
        ("First Name,Last Name,SID,Email,Role\nZoë,X,9,z@x,Student\n", "9", "Zoë X"),
        ("Name,SID,Email\nZoë X,,z@x\n", "z@x", "Zoë X"),
    ],
    ids=["canvas", "moodle", "gradescope", "gradescope without ids"],
)
def test_what_platforms_export(roster, text, key, name):
    (student,) = read(roster(text))
    assert (student.key, student.name) == (key, name)


def test_marks_of_spreadsheets(roster):
    (student,) = read(roster(b"\xef\xbb\xbfstudent;name\r\ns1;Ann\r\n\r\n"))
    assert student.key == "s1"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no student"),
        ("student\n", "holds no student"),
        ("name\nAnn\n", "must name a column `student`"),
        ("student,name\n,Ann\n", "line 2: the column `student` is empty"),
        ("student\ns1\ns2\ns1\n", "line 4: 's1' is in line 2, too"),
        ("student,name\ns1,Ann,x\n", "line 2: has more cells"),
        ('student\n"s1\n', "is not CSV"),
        ("student,submitted\ns1,yesterday\n", "'yesterday' is no time"),
        ("student\n" + "x" * 300 + "\n", "is longer than 200 characters"),
        ("student\na\x1b[31mb\n", "cannot be printed"),
        ("\x1b[31mred\nx\n", "must name a column"),
        (b"student\n\xff\xfe\n", ":2: is not UTF-8 text (byte 8): save it as UTF-8"),
    ],
)
def test_what_is_wrong_is_told(roster, content, told):
    assert told in refused(roster(content))


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot be read: No such file" in refused(tmp_path / "none.csv")


def test_names_lose_what_steers_a_terminal(roster):
    (student,) = read(roster("student,name\ns1,\x1b[31mred\x07\n"))
    assert student.name == "red"


def test_times_without_a_zone_are_local():
    assert utc("2026-10-01T12:00:00+02:00") == "2026-10-01T10:00:00+00:00"
    assert utc("2026-10-01 12:00") is not None
    assert utc("soon") is None
