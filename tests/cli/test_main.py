"""The command line as a whole: fast help, did you mean, commands of plugins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tinygrade import __version__, hookimpl
from tinygrade.cli import COMMANDS
from tinygrade.plugins import make_plugin_manager


def python(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["check", "--help"], ["nonsense"]])
def test_what_needs_no_grading_imports_nothing_heavy(args: list[str]) -> None:
    code = f"import sys; from tinygrade.cli import run; run({args!r}); print(sorted(sys.modules), file=sys.stderr)"
    loaded = python("-c", code).stderr.splitlines()[-1]
    for heavy in ("numpy", "pytest", "_pytest", "rich", "jsonschema"):
        assert f"'{heavy}'" not in loaded


def test_module_runs_like_the_script() -> None:
    done = python("-P", "-m", "tinygrade", "--version")
    assert (done.returncode, done.stdout) == (0, f"tinygrade {__version__}\n")


def test_help_lists_every_command_and_ends_well(tinygrade) -> None:
    for args in (["--help"], ["-h"], []):
        done = tinygrade(*args, in_course=False)
        assert done.code == 0
        for name, summary in COMMANDS.items():
            assert f"{name} " in done.out
            assert summary in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_the_group_and_of_the_command_agree(tinygrade, name: str) -> None:
    done = tinygrade(name, "--help", in_course=False)
    assert done.code == 0
    assert done.out.startswith(f"Usage: tinygrade {name}")
    assert done.out.isascii()


def test_unknown_command(tinygrade) -> None:
    done = tinygrade("chek", in_course=False)
    assert done.code == 2
    assert "did you mean 'check'?" in done.err


def test_unknown_option(tinygrade) -> None:
    done = tinygrade("check", "alpha", "--sed", "3", in_course=False)
    assert done.code == 2
    assert "--seed" in done.err
    assert "Try 'tinygrade check --help'." in done.err


class Greeter:
    @hookimpl
    def tinygrade_add_commands(self, cli: click.Group) -> None:
        @cli.command()
        @click.argument("name")
        def greet(name: str) -> int:
            """Say hello."""
            click.echo(f"hello {name}")
            return 7


def test_plugins_add_commands(tinygrade) -> None:
    manager = make_plugin_manager()
    manager.register(Greeter())
    done = tinygrade("greet", "you", in_course=False, manager=manager)
    assert (done.code, done.out) == (7, "hello you\n")
    assert "Say hello." in tinygrade("--help", in_course=False, manager=manager).out
    assert "did you mean 'greet'?" in tinygrade("gret", in_course=False, manager=manager).err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_strange_name_is_told_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding, "PATH": ""}
    strange = b"a\xff\x1b[2J\xe2\x86\x92"
    done = subprocess.run(
        [sys.executable, "-m", "tinygrade", "check", strange], capture_output=True, check=False, env=env
    )
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    assert b"Traceback" not in done.stderr
