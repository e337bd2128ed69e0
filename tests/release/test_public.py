"""assignment.toml for students: no hidden group, no table of the instructor's, and a refusal where that is not sure."""

import tomllib

import pytest

from tinygrade.config import load_assignment, load_course
from tinygrade.errors import CourseError
from tinygrade.release import public


@pytest.fixture
def table(tiny):
    def made(id="two"):
        return public.table(load_assignment(load_course(tiny), id))

    return made


def test_hidden_groups_and_their_points_are_gone_and_the_rest_stays(table):
    text = table()
    assert tomllib.loads(text) == {
        "title": "Two",
        "points": 6,
        "files": ["second.py"],
        "minimum_isolation": "weak",
        "groups": [{"file": "test_second.py", "title": "second", "points": 6}],
        "limits": {"memory_mib": 512},
    }
    assert "Nobody may know" not in text


def test_tables_of_the_instructor_are_gone(table):
    assert not {"platform", "release"} & tomllib.loads(table("one")).keys()


def test_a_table_that_cannot_be_cut_is_refused(tiny, table, edit):
    file = tiny / "two/assignment.toml"
    inline = 'groups = [{file = "test_second.py", title = "a", points = 6},'
    inline += ' {file = "hidden/test_secret.py", title = "b", points = 4}]\n'
    file.write_text(f'title = "Two"\npoints = 10\nfiles = ["second.py"]\n{inline}')
    with pytest.raises(CourseError, match=r"assignment\.toml: hidden groups cannot be taken out"):
        table()


def test_a_hidden_check_in_a_public_file_is_refused(tiny, edit):
    edit(tiny / "one/test_first.py", "@pytest.mark.points(5)", "@pytest.mark.points(5)\n@pytest.mark.hidden")
    with pytest.raises(CourseError, match=r"test_first\.py: test_doubled is marked hidden"):
        public.files(load_assignment(load_course(tiny), "one"))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("data/*.npz", "there is no such file"), ("hidden/*.py", "would give hidden/test_secret.py away")],
)
def test_further_files_that_are_not_there_or_hidden(tiny, pattern, message):
    file = tiny / "two/assignment.toml"
    file.write_text(file.read_text() + f'\n[release]\nfiles = ["{pattern}"]\n')
    with pytest.raises(CourseError, match=message):
        public.files(load_assignment(load_course(tiny), "two"))


def test_further_files(tiny):
    (tiny / "two/data.csv").write_text("1,2\n")
    file = tiny / "two/assignment.toml"
    file.write_text(file.read_text() + '\n[release]\nfiles = ["*.csv"]\n')
    assert public.files(load_assignment(load_course(tiny), "two"))["data.csv"] == b"1,2\n"
