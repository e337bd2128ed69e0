"""Hooks called one by one: whose fault a failure is, and that the other plugins answer all the same."""

import sys
from types import ModuleType

import pytest

from tinygrade import hookimpl, plugins
from tinygrade.calling import COURSE_PLUGIN, Once, call, first
from tinygrade.errors import CourseError, GraderError, PluginError, SubmissionError
from tinygrade.plugins import make_plugin_manager, register

HOOK = "tinygrade_section_text"
ASKED = {"name": "x", "data": None}


def answering(answer):
    """A plugin whose hook gives `answer`, or raises it."""

    class Plugin:
        @hookimpl
        def tinygrade_section_text(self, name):
            if isinstance(answer, BaseException):
                raise answer
            return answer

    return Plugin()


@pytest.fixture
def ask():
    """`ask(ways, *named plugins)`: answers and warnings."""

    def run(way, *named, read=lambda answer: answer):
        manager = make_plugin_manager(installed=False)
        for name, plugin in named:
            manager.register(plugin, name)
        warnings = []
        return way(manager, HOOK, warnings.append, ASKED, read), warnings

    return run


def test_all_answer_and_the_latest_first(ask):
    assert ask(call, ("a", answering(["1"])), ("b", answering(None)), ("c", answering(["3"]))) == ([["3"], ["1"]], [])


def test_the_first_answer_ends_the_asking(ask):
    later, earlier = ("later", answering(["1"])), ("earlier", answering(ZeroDivisionError()))
    assert ask(first, earlier, later) == (["1"], [])
    assert ask(first) == (None, [])


@pytest.mark.parametrize(
    ("error", "brief"),
    [
        (ZeroDivisionError("of\nmine"), "ZeroDivisionError: of"),
        (SystemExit(0), "SystemExit: 0"),
        (PluginError("mine"), "PluginError: mine"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_anybody_s_plugin_is_named_and_the_others_answer(ask, error, brief):
    answers, warnings = ask(call, ("good", answering(["1"])), ("bad", answering(error)))
    assert answers == [["1"]]
    assert warnings == [f"plugin 'bad' failed in {HOOK}: {brief}"]


def test_an_answer_that_cannot_be_read_is_a_fault_too(ask):
    answers, warnings = ask(call, ("good", answering("7")), ("bad", answering("x")), read=int)
    assert answers == [7]
    assert warnings == [f"plugin 'bad' failed in {HOOK}: ValueError: invalid literal for int() with base 10: 'x'"]


def test_what_is_raised_on_purpose_goes_on(ask):
    with pytest.raises(SubmissionError, match="^no such file$"):
        ask(call, ("any", answering(SubmissionError("no such file"))))


def test_a_built_in_is_our_fault(ask):
    with pytest.raises(GraderError, match=r"built-in plugin tinygrade\.x failed in .*: ZeroDivisionError"):
        ask(call, ("tinygrade.x", answering(ZeroDivisionError())))


def test_the_course_s_plugin_is_the_course_s_fault(ask, tmp_path):
    file = tmp_path / "__init__.py"
    file.write_text("\n\ndef tinygrade_section_text(name):\n    return 1 / 0\n")
    module = ModuleType(COURSE_PLUGIN)
    module.__file__ = str(file)
    exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
    hookimpl(module.tinygrade_section_text)
    with pytest.raises(CourseError, match=r"__init__\.py:4: the course's plugin failed in .*: ZeroDivisionError"):
        ask(call, (COURSE_PLUGIN, module))


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_is_no_fault(ask, error):
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            ask(call, ("any", answering(error())))
    else:
        assert ask(call, ("any", answering(error())))[1]


def test_warnings_are_told_once(capsys):
    once = Once()
    for text in ("a\x1b[2J", "b", "a\x1b[2J"):
        once(text)
    once.tell()
    once.tell()
    assert capsys.readouterr().err == "tinygrade: warning: a\ntinygrade: warning: b\n"


# ---- what a manager takes --------------------------------------------------------------------------


def test_a_wrapper_is_refused():
    class Wrapper:
        @hookimpl(wrapper=True)
        def tinygrade_section_text(self):
            return (yield)

    with pytest.raises(PluginError, match="its tinygrade_section_text is a wrapper"):
        register(make_plugin_manager(installed=False), Wrapper(), "wrapper")


@pytest.mark.parametrize("name", ["tinygrade.loaders.builtin2", COURSE_PLUGIN])
def test_nobody_may_take_a_name_of_ours(monkeypatch, name):
    class EntryPoint:
        value = "theirs"

        def load(self):
            pytest.fail("loaded")

    EntryPoint.name = name
    monkeypatch.setattr(plugins.importlib.metadata, "entry_points", lambda group: [EntryPoint()])
    warnings, before = [], sys.modules.get(name)
    make_plugin_manager(warnings.append)
    assert warnings == [f"plugin {name!r} (theirs) is left out: PluginError: its name is one of tinygrade's own"]
    assert sys.modules.get(name) is before
