"""Plugins: built-ins, other people's (which may be broken), the course's own, and what they register."""

import os
import subprocess
import sys

import pytest

from tinygrade import hookimpl, plugins
from tinygrade.config import load_course
from tinygrade.errors import CourseError, GraderError, PluginError, UsageError
from tinygrade.plugins import (
    BUILTIN_PLUGINS,
    Registry,
    load_course_plugin,
    make_plugin_manager,
    register,
    reporters,
    sandboxes,
)


def install(monkeypatch, tmp_path, name, source):
    """An installed distribution with the entry point `name` and this module behind it."""
    module = f"plugin_{name}"
    (tmp_path / f"{module}.py").write_text(source)
    info = tmp_path / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[tinygrade]\n{name} = {module}\n")
    monkeypatch.syspath_prepend(tmp_path)


HEAD = "from tinygrade import hookimpl\n@hookimpl\n"


def test_built_ins_are_all_there():
    manager = make_plugin_manager()
    assert all(manager.has_plugin(name) for name in BUILTIN_PLUGINS)


def test_starting_up_imports_nothing_heavy():
    code = (
        "import sys; from tinygrade.plugins import *; m = make_plugin_manager(); sandboxes(m); reporters(m);"
        "print([n for n in ('numpy', 'pytest', 'rich') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("def f(:", "SyntaxError"),
        (HEAD + "def tinygrade_report_redy(report): pass", "unknown hook 'tinygrade_report_redy'"),
        (HEAD + "def tinygrade_report_ready(reprot): pass", "PluginError"),
    ],
)
def test_a_broken_plugin_is_named_and_left_out(monkeypatch, tmp_path, source, reason):
    install(monkeypatch, tmp_path, "broken", source)
    warnings = []
    manager = make_plugin_manager(warnings.append)
    assert not manager.has_plugin("broken")
    assert all(manager.has_plugin(name) for name in BUILTIN_PLUGINS)
    (warning,) = warnings
    assert "'broken' (plugin_broken)" in warning
    assert reason in warning
    sys.modules.pop("plugin_broken", None)


def test_a_warning_goes_to_stderr(monkeypatch, tmp_path, capsys):
    install(monkeypatch, tmp_path, "loud", "1 / 0")
    make_plugin_manager()
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tinygrade: warning: plugin 'loud'")


def test_a_plugin_that_fails_while_it_registers_is_named(monkeypatch, tmp_path):
    install(monkeypatch, tmp_path, "late", HEAD + "def tinygrade_register_sandboxes(register): 1 / 0")
    manager = make_plugin_manager()
    warnings = []
    assert "local" in sandboxes(manager, warnings.append).names()
    assert warnings == ["plugin 'late' registers no sandbox: ZeroDivisionError: division by zero"]
    sys.modules.pop("plugin_late")


def test_a_wrong_hook_leaves_the_manager_as_it_was():
    manager = make_plugin_manager()
    before = manager.list_name_plugin()

    class Wrong:
        @hookimpl
        def tinygrade_report_ready(self, report): ...

        @hookimpl
        def tinygrade_check_finished(self, no_such_argument): ...

    with pytest.raises(PluginError, match="no_such_argument"):
        register(manager, Wrong(), "wrong")
    assert manager.list_name_plugin() == before
    assert manager.hook.tinygrade_report_ready(report=None) == []


def test_a_broken_built_in_is_our_fault(monkeypatch):
    monkeypatch.setattr(plugins, "BUILTIN_PLUGINS", (*BUILTIN_PLUGINS, "tinygrade.loaders.nowhere"))
    with pytest.raises(GraderError, match=r"built-in plugin tinygrade\.loaders\.nowhere is broken"):
        make_plugin_manager()


# ---- registries ------------------------------------------------------------------------------------


def test_who_offers_what():
    manager = make_plugin_manager()

    class Mine:
        @hookimpl
        def tinygrade_register_sandboxes(self, register):
            register("jail", dict)

    register(manager, Mine(), "mine")
    registry = sandboxes(manager)
    assert registry.get("jail") is dict
    assert registry.provider("jail") == "mine"
    assert registry.provider("local") == "tinygrade.sandboxes.builtin"
    assert registry.names() == tuple(registry)
    assert "json" in reporters(manager).names()


def test_a_name_taken_twice_names_both_plugins():
    manager = make_plugin_manager()

    class Second:
        @hookimpl
        def tinygrade_register_sandboxes(self, register):
            register("local", dict)

    register(manager, Second(), "second")
    with pytest.raises(PluginError, match=r"sandbox 'local': 'tinygrade\.sandboxes\.builtin' and 'second'"):
        sandboxes(manager)


def test_an_unknown_name_is_answered_with_the_list():
    registry = Registry("sandbox")
    registry.register("local", dict)
    registry.register("portable", dict)
    with pytest.raises(UsageError, match=r"no sandbox 'locl'; did you mean 'local'\? There are: local, portable"):
        registry.get("locl")
    with pytest.raises(UsageError, match="no sandbox"):
        registry.provider("x")


@pytest.mark.parametrize(("name", "factory"), [("", dict), (None, dict), ("x", None)])
def test_nonsense_is_not_registered(name, factory):
    with pytest.raises(PluginError, match="'broken' registers a sandbox"):
        Registry("sandbox").register(name, factory, "broken")


# ---- the course's plugin ---------------------------------------------------------------------------


@pytest.fixture
def course(make_course, monkeypatch):
    """A course whose plugin package holds these files."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(**files):
        root = make_course()
        (root / "course").mkdir()
        for name, text in files.items():
            (root / "course" / f"{name}.py").write_text(text)
        with (root / "course.toml").open("a") as stream:
            stream.write('plugin = "course"\n')
        return load_course(root)

    yield make
    plugins._forget_course_modules()


def test_a_course_plugin_imports_its_own_modules_and_stays_off_the_path(course, monkeypatch):
    loaded = course(
        __init__="from .numbers import POINTS\n"
        + HEAD
        + "def tinygrade_section_text(name, data): return [str(POINTS)]",
        numbers="POINTS = 7\n",
    )
    path = list(sys.path)
    manager = make_plugin_manager()
    load_course_plugin(manager, loaded)
    load_course_plugin(manager, loaded)  # asked for twice, registered once
    assert manager.hook.tinygrade_section_text(name="x", data=None) == ["7"]
    assert sys.path == path
    assert "course" not in sys.modules


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"__init__": "x = 1\n1 / 0\n"}, r"__init__\.py:2: .*ZeroDivisionError"),
        ({"__init__": "from . import deep\n", "deep": "\n\nimport nowhere\n"}, r"deep\.py:3: .*nowhere"),
        ({"__init__": "from . import deep\n", "deep": "def f(:\n"}, r"deep\.py:1: .*SyntaxError"),
        ({"__init__": "raise SystemExit(3)\n"}, r"__init__\.py:1: .*SystemExit"),
        ({"__init__": HEAD + "def tinygrade_report_redy(): pass\n"}, r"__init__\.py: unknown hook"),
        ({}, r"`plugin` names a folder without an __init__\.py"),
    ],
)
def test_a_broken_course_plugin_is_told_by_file_and_line(course, files, place):
    loaded = course(**files)
    with pytest.raises(CourseError, match=place):
        load_course_plugin(make_plugin_manager(), loaded)


def test_a_course_without_a_plugin_is_fine(make_course):
    load_course_plugin(make_plugin_manager(), load_course(make_course()))


def test_environment_variables_load_no_plugin(monkeypatch, tmp_path):
    (tmp_path / "sneaky.py").write_text("raise AssertionError('loaded')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(os.environ, "PYTEST_PLUGINS", "sneaky")
    monkeypatch.setitem(os.environ, "TINYGRADE_PLUGINS", "sneaky")
    make_plugin_manager()
    assert "sneaky" not in sys.modules
