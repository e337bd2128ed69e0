"""course.toml and assignment.toml: what is right is read, what is wrong is named by file and key."""

import os
import re
import shutil

import pluggy
import pytest

from tinygrade import hookimpl, hookspecs
from tinygrade.config import load_assignment, load_course
from tinygrade.errors import CourseError, UsageError
from tinygrade.finding import find_course
from tinygrade.model import Limits

COURSE = """
name = "tiny"
package = "tinytorch"
reference = "../reference"
template = "../template"
assignments = ["assignment1"]
"""
GROUP = '[[groups]]\nfile = "test_1.py"\ntitle = "one"\npoints = 10\n'
HEAD = 'title = "First"\npoints = 10\nfiles = ["tensor.py"]\n'


@pytest.fixture
def manager():
    manager = pluggy.PluginManager("tinygrade")
    manager.add_hookspecs(hookspecs)
    return manager


@pytest.fixture
def assignment(make_course):
    """Load an assignment.toml of this text."""
    return lambda text: load_assignment(load_course(make_course(assignment=text)), "assignment1")


# ---- the course of this repository -----------------------------------------------------------------


def test_every_assignment_of_the_repository_loads(repository):
    course = load_course(repository / "assignments")
    assert course.name == course.package == "tinytorch"
    assert course.reference == repository / "reference"
    for name in course.assignments:
        assert load_assignment(course, name).id == name


def test_assignment3_describes_4464_parameters(repository):
    assignment = load_assignment(load_course(repository / "assignments"), "assignment3")
    shapes = assignment.surface.parameters
    assert sum(len(shape) == 2 and shape[0] * shape[1] or shape[0] for shape in shapes.values()) == 4464
    assert list(shapes)[:2] == ["tok_emb.weight", "pos_emb.weight"]
    assert assignment.extra["training"]["budget_seconds"] == 300
    assert assignment.predecessors() == ("assignment1", "assignment2")
    assert assignment.points == sum(group.points for group in assignment.groups) == 100


# ---- finding it ------------------------------------------------------------------------------------


def test_a_course_is_found_from_any_folder_below(make_course, manager):
    root = make_course()
    for start in (root, root / "assignment1", root.parent):
        assert find_course(None, start, manager).root == root


def test_an_explicit_folder_wins(make_course, manager, tmp_path, repository):
    root = make_course()
    assert find_course(root, repository, manager).root == root
    assert find_course(root.parent, repository, manager).root == root


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_an_explicit_folder_without_a_course_is_told(make_course, manager, tmp_path, name):
    make_course()
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match=r"holds no course\.toml"):
        find_course(tmp_path / name, tmp_path, manager)


def test_plugins_offer_a_course(make_course, manager, tmp_path_factory):
    root = make_course()

    class Offer:
        @hookimpl
        def tinygrade_assignment_paths(self):
            return [root]

    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(CourseError, match="--course"):
        find_course(None, elsewhere, manager)
    manager.register(Offer())
    assert find_course(None, elsewhere, manager).root == root


def test_several_offered_courses_are_not_guessed_between(make_course, manager, tmp_path_factory):
    class Offer:
        @hookimpl
        def tinygrade_assignment_paths(self):
            return [make_course(), tmp_path_factory.mktemp("other")]

    manager.register(Offer())
    with pytest.raises(CourseError, match="choose one with --course"):
        find_course(None, tmp_path_factory.mktemp("elsewhere"), manager)


# ---- wrong files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("# only a comment", "is empty"),
        ("name = ", "not valid TOML"),
        ("name = 'a'\nname = 'b'", "not valid TOML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("x = " + "[" * 100_000, "not valid TOML"),
        ("x = " + "9" * 10_000, "not valid TOML"),
        ("#" * 2_000_000, "larger than 1 MiB"),
        ("[name]\n", "`name` must be a text"),
        (COURSE + "plugn = 'x'", "`plugn` is not a known key; did you mean 'plugin'?"),
        (COURSE.replace("tinytorch", "tiny torch"), "`package` must be a Python name"),
        (COURSE.replace('["assignment1"]', '"assignment1"'), "`assignments` must be a list"),
        (COURSE.replace('["assignment1"]', '["../x"]'), "`assignments` must be a list"),
        (COURSE.replace('["assignment1"]', '["a", "a"]'), "different"),
        (COURSE.replace("template", "#"), "`template` is missing"),
        (COURSE.replace('"tiny"', "true"), "`name` must be a text in quotes that is not empty, not True"),
    ],
)
def test_a_wrong_course_file_is_told_by_file_and_key(make_course, text, problem):
    root = make_course(course=text)
    with pytest.raises(CourseError, match=re.escape(problem)) as caught:
        load_course(root)
    assert str(caught.value).startswith(f"{root / 'course.toml'}: ")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD, "`points` is 10, but the groups add up to 0"),
        (HEAD + GROUP + GROUP, "`groups 2.file` names 'test_1.py' a second time"),
        (HEAD + GROUP.replace("10", "9.5"), "`points` is 10, but the groups add up to 9.5"),
        (HEAD + GROUP.replace("10", "0"), "`groups 1.points` must be a number above 0"),
        (HEAD + GROUP.replace("10", "-10"), "`groups 1.points` must be a number above 0"),
        (HEAD + GROUP.replace("10", "nan"), "`groups 1.points` must be a number above 0"),
        (HEAD + GROUP.replace("10", "9" * 400), "`groups 1.points` must be a number above 0"),
        (HEAD + GROUP.replace("file", "fiel"), "`groups 1.fiel` is not a known key; did you mean 'file'?"),
        (HEAD + GROUP.replace("test_1", "tset_1"), "names 'tset_1.py', which does not exist; did you mean 'test_1"),
        (HEAD + GROUP.replace("test_1.py", "../test_1.py"), "`groups 1.file` must be a .py file"),
        (HEAD + '[groups]\nfile = "x"\n', "`groups` must be tables: write [[groups]]"),
        (HEAD.replace("10", "-1") + GROUP, "`points` must be a number that is not negative"),
        (HEAD.replace("10", "true") + GROUP, "`points` must be"),
        (HEAD.replace("points = 10", "") + GROUP, "`points` is missing"),
        (HEAD.replace("tensor.py", "/etc/passwd.py") + GROUP, "`files` must be"),
        (HEAD + GROUP + "[limts]\ncpu_seconds = 1\n", "`limts` is not a known key; did you mean 'limits'?"),
        (HEAD + GROUP + "[limits]\ncpu_second = 1\n", "`limits.cpu_second` is not a known key; did you mean"),
        (HEAD + GROUP + "[limits]\ncpu_seconds = inf\n", "`limits.cpu_seconds` must be a number of seconds"),
        (HEAD + GROUP + "[limits]\nmemory_mib = 0.5\n", "`limits.memory_mib` must be a whole number above 0"),
        (HEAD + GROUP + "[surface.parameters]\nln_f.weight = [16]\n", 'needs quotes: "ln_f.weight" = [16]'),
        (HEAD + GROUP + "[surface.parameters]\nw = [0]\n", "`surface.parameters.w` must be a list of sizes"),
        (HEAD + 'earlier = "ours"\n' + GROUP, '`earlier` must be one of "own", "released", "auto", not \'ours\''),
        (HEAD + "rests_on = 'assignment1'\n" + GROUP, "`rests_on` must be a list of different names"),
        (HEAD + "rests_on = ['assignment9']\n" + GROUP, "names 'assignment9', which the course does not have before"),
        (HEAD + "rests_on = ['assignment1']\n" + GROUP, "names 'assignment1', which the course does not have before"),
        (HEAD + GROUP + "[training]\nbudget = 1\n", "`training` is not a known key"),
        (HEAD + 'course_tables = ["training"]\n' + GROUP, "has no table [training]"),
        (HEAD + 'course_tables = ["limits"]\n' + GROUP, "belongs to tinygrade"),
        (HEAD + "course_tables = [[1]]\n" + GROUP, "`course_tables` must be a list"),
    ],
)
def test_a_wrong_assignment_file_is_told_by_key(assignment, text, problem):
    with pytest.raises(CourseError, match=re.escape(problem)):
        assignment(text)


def test_what_is_left_out_has_a_default(assignment):
    loaded = assignment(HEAD + GROUP)
    assert (loaded.earlier, loaded.hints, loaded.minimum_isolation) == ("auto", "full", "strong")
    assert loaded.limits == Limits()
    assert loaded.extra == {}


def test_tables_of_the_course_are_kept_when_declared(assignment):
    loaded = assignment(HEAD + 'course_tables = ["training"]\n' + GROUP + "[training]\nbudget_seconds = 300\n")
    assert loaded.extra == {"training": {"budget_seconds": 300}}


def test_an_assignment_rests_on_all_before_it_unless_it_says_otherwise(make_course):
    root = make_course(course=COURSE.replace('["assignment1"]', '["one", "two", "three"]'))
    before = {"one": (), "two": ("one",), "three": ("one", "two")}
    texts = {"": before["three"], "rests_on = []\n": (), 'rests_on = ["two", "one"]\n': ("one", "two")}
    for name in before:
        shutil.copytree(root / "assignment1", root / name)
        assert load_assignment(load_course(root), name).predecessors() == before[name]
    for text, expected in texts.items():
        (root / "three" / "assignment.toml").write_text(HEAD + text + GROUP)
        assert load_assignment(load_course(root), "three").predecessors() == expected


def test_an_assignment_without_checks_is_worth_nothing(assignment):
    assert assignment(HEAD.replace("10", "0")).groups == ()


def test_an_editor_from_windows_is_no_mistake(make_course):
    text = b"\xef\xbb\xbf" + COURSE.replace("\n", "\r\n").encode()
    assert load_course(make_course(course=text)).name == "tiny"


def test_an_unknown_assignment_is_answered_with_the_list(make_course):
    course = load_course(make_course())
    with pytest.raises(UsageError, match=r"'asignment1'; did you mean 'assignment1'\? It has: assignment1"):
        load_assignment(course, "asignment1")


def test_a_listed_assignment_without_its_file_is_told(make_course):
    root = make_course()
    (root / "assignment1/assignment.toml").unlink()
    with pytest.raises(CourseError, match="does not exist, but"):
        load_assignment(load_course(root), "assignment1")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_the_file_does_not_block(make_course):
    root = make_course()
    (root / "course.toml").unlink()
    os.mkfifo(root / "course.toml")
    with pytest.raises(CourseError, match=r"holds no course\.toml"):
        load_course(root)
