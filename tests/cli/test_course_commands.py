"""Commands of a course: listed without importing its plugin, found from anywhere, and no harm when broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tinygrade import hookimpl
from tinygrade.cli.course_commands import CourseCommands, _named_course
from tinygrade.plugins import make_plugin_manager

PLUGIN = """
import click
from tinygrade import hookimpl

@hookimpl
def tinygrade_add_commands(cli):
    @cli.command("wave")
    @click.option("--course", "course_dir")
    @click.argument("name")
    def wave(name, course_dir):
        click.echo(f"waves to {name}")
        return 9
"""


@pytest.fixture
def plugin(course: Path) -> Callable[..., None]:
    """Give the small course a plugin and commands."""

    def write(source: str = PLUGIN, commands: str = 'wave = "Wave."') -> None:
        file = course / "course.toml"
        file.write_text(f'{file.read_text()}plugin = "plugin"\n[commands]\n{commands}\n')
        (course / "plugin").mkdir()
        (course / "plugin/__init__.py").write_text(source)

    return write


def test_a_command_of_the_course_runs_and_is_listed(tinygrade, plugin) -> None:
    plugin()
    done = tinygrade("wave", "you")
    assert (done.code, done.out) == (9, "waves to you\n")
    listed = tinygrade("--course", "x", "--help", in_course=False)  # the group has no such option
    assert listed.code == 2


def test_it_is_found_from_below_the_course_too(tinygrade, plugin, course, monkeypatch) -> None:
    plugin()
    monkeypatch.chdir(course / "alpha")
    assert tinygrade("wave", "you", in_course=False).code == 9
    assert "wave       Wave." in tinygrade("--help", in_course=False).out


def test_help_does_not_import_the_plugin(tinygrade, plugin, course, monkeypatch) -> None:
    plugin("raise RuntimeError('imported')")
    monkeypatch.chdir(course)
    done = tinygrade("--help", in_course=False)
    assert done.code == 0
    assert "Wave." in done.out
    assert done.err == ""


def test_no_course_no_commands(tinygrade, plugin) -> None:
    plugin()
    done = tinygrade("wave", "you", in_course=False)
    assert done.code == 2
    assert "there is no command 'wave'" in done.err
    assert tinygrade("--help", in_course=False).err == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1/0", "__init__.py:1: the course's plugin cannot be imported: ZeroDivisionError"),
        ("def f(:", "__init__.py:1: the course's plugin cannot be imported: SyntaxError"),
        ("", "`commands` names 'wave', which the plugin does not add"),
        (PLUGIN.replace("wave", "nod"), "`commands` names 'wave', which the plugin does not add"),
        (PLUGIN.replace('@cli.command("wave")', "1/0"), "__init__.py:7: the course's plugin cannot add its commands"),
    ],
)
def test_a_broken_plugin_is_one_message(tinygrade, plugin, source: str, message: str) -> None:
    plugin(source)
    done = tinygrade("wave", "you")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_name_of_ours_is_taken(tinygrade, plugin, course, monkeypatch) -> None:
    plugin(commands='check = "Mine."')
    monkeypatch.chdir(course)
    done = tinygrade("--help", in_course=False)
    assert done.code == 0
    assert "`commands` names 'check', a command that is there already" in done.err
    assert "Mine." not in done.out
    assert "names 'check'" in tinygrade("chek", in_course=False).err


def test_a_name_of_an_installed_plugin_is_taken(tinygrade, plugin) -> None:
    class Installed:
        @hookimpl
        def tinygrade_add_commands(self, cli: click.Group) -> None:
            cli.add_command(click.Command("wave", callback=lambda: 5))

    plugin()
    manager = make_plugin_manager()
    manager.register(Installed())
    taken = CourseCommands(["--course", str(Path.cwd().parent / "course")], manager, {"wave"})
    assert taken.told == {}
    assert tinygrade("wave", in_course=False, manager=manager).code == 5


def test_a_broken_course_does_not_hide_the_other_commands(tinygrade, course, monkeypatch) -> None:
    (course / "course.toml").write_text("name = ")
    monkeypatch.chdir(course)
    done = tinygrade("--help", in_course=False)
    assert done.code == 0
    assert "check " in done.out
    assert "warning: the commands of the course are left out" in done.err
    assert tinygrade("explain", in_course=False).code == 0
    assert tinygrade("wave", in_course=False).code == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('"two words" = "x"', "is no name for a command"),
        ("wave = 3", "must be a text"),
        ('wave = ""', "must be a text"),
    ],
)
def test_nonsense_in_the_table(tinygrade, plugin, table: str, message: str) -> None:
    plugin(commands=table)
    done = tinygrade("wave", "you")
    assert done.code == 2
    assert message in done.err


def test_commands_need_a_plugin(tinygrade, course) -> None:
    file = course / "course.toml"
    file.write_text(f'{file.read_text()}[commands]\nwave = "Wave."\n')
    assert "needs a `plugin` that adds them" in tinygrade("wave").err


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["a", "--course", "x"], "x"),
        (["a", "--course=y"], "y"),
        (["a", "--course", "x", "--course=y"], "y"),
        (["a", "--", "--course", "x"], None),
        (["a", "--course"], None),
    ],
)
def test_where_the_course_is_named(args: list[str], named: str | None) -> None:
    assert _named_course(args) == (Path(named) if named else None)


def test_help_in_the_real_course_imports_nothing_heavy(repository: Path) -> None:
    code = "import sys; from tinygrade.cli import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=False, timeout=60
    )
    assert "  train " in done.stdout
    assert "  compare " in done.stdout
    for heavy in ("numpy", "pytest", "rich", "tinygrade_course_plugin"):
        assert f"'{heavy}'" not in done.stderr
