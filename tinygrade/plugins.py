"""Find plugins, and keep what they register.

Built-ins are plugins like any other, named in one literal tuple. Nobody else's plugin may take a run down: one
that cannot be loaded is told by name and left out. The course's plugin is part of the course, and so must work.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

from tinygrade import hookspecs
from tinygrade.calling import ANY_FAULT, BUILTIN, COURSE_PLUGIN, Warn, brief, place_of
from tinygrade.calling import print_warning as print_warning
from tinygrade.errors import CourseError, GraderError, PluginError, UsageError, did_you_mean
from tinygrade.model import Course

if TYPE_CHECKING:
    import click

    from tinygrade.diagnosis.catalogue import Catalogue

#: They are imported at every start, so they import numpy, pytest and rich only inside their functions.
BUILTIN_PLUGINS = (
    "tinygrade.loaders.builtin",
    "tinygrade.sandboxes.builtin",
    "tinygrade.reporters.builtin",
    "tinygrade.checks.builtin",
    "tinygrade.diagnosis.builtin",
    "tinygrade.executors.builtin",
    "tinygrade.gradebook.builtin",
)

ENTRY_POINTS = "tinygrade"

T = TypeVar("T")

# ---- the manager -----------------------------------------------------------------------------------


def make_plugin_manager(warn: Warn = print_warning, installed: bool = True) -> pluggy.PluginManager:
    """A manager with the built-ins and, if wanted, with every installed plugin that can be loaded.

    Raises:
        GraderError: a built-in plugin is broken.
    """
    manager = _empty_manager()
    for name in BUILTIN_PLUGINS:
        try:
            register(manager, importlib.import_module(name), name)
        except ANY_FAULT as error:
            raise GraderError(f"the built-in plugin {name} is broken: {brief(error)}") from error
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINTS) if installed else ():
        try:
            if entry_point.name.startswith(BUILTIN) or entry_point.name == COURSE_PLUGIN:
                raise PluginError("its name is one of tinygrade's own")
            register(manager, entry_point.load(), entry_point.name)
        except ANY_FAULT as error:
            warn(f"plugin {entry_point.name!r} ({entry_point.value}) is left out: {brief(error)}")
    return manager


def register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register `plugin`, or leave `manager` as it was.

    Raises:
        PluginError: it implements a hook that does not exist, with other arguments or as a wrapper, or the name is
            taken.
    """
    if manager.has_plugin(name):
        raise PluginError(f"a plugin named {name!r} is there already")
    # pluggy finds a wrong hook only after it has registered half of the plugin, hence the trial.
    trial = _empty_manager()
    try:
        trial.register(plugin, name)
        trial.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(str(error)) from error
    for caller in trial.get_hookcallers(plugin) or ():
        # hooks are called one by one (see `calling`), and around one there is nothing to wrap
        if any(implementation.wrapper or implementation.hookwrapper for implementation in caller.get_hookimpls()):
            raise PluginError(f"its {caller.name} is a wrapper; hooks of tinygrade take plain functions only")
    manager.register(plugin, name)


def _empty_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("tinygrade")
    manager.add_hookspecs(hookspecs)
    return manager


# ---- the course's plugin ---------------------------------------------------------------------------


def load_course_plugin(manager: pluggy.PluginManager, course: Course) -> None:
    """Register the course's own plugin package, if it has one.

    Raises:
        CourseError: it is missing or broken; the message names file and line.
    """
    if course.plugin is None or manager.has_plugin(COURSE_PLUGIN):
        return
    file = course.plugin / "__init__.py"
    if not file.is_file():
        raise CourseError(f"{course.root / 'course.toml'}: `plugin` names a folder without an __init__.py: {file}")
    try:
        register(manager, _course_module(file), COURSE_PLUGIN)
    except PluginError as error:
        raise CourseError(f"{file}: {error}") from error
    except ANY_FAULT as error:
        where = place_of(error, course.plugin) or str(file)
        raise CourseError(f"{where}: the course's plugin cannot be imported: {brief(error)}") from error


def course_command(manager: pluggy.PluginManager, course: Course, name: str) -> click.Command:
    """The command `name` of the course's plugin, which is imported for it.

    Raises:
        CourseError: the plugin is broken, or adds no such command.
    """
    import click

    load_course_plugin(manager, course)
    plugin = manager.get_plugin(COURSE_PLUGIN)
    group = click.Group()
    try:
        getattr(plugin, "tinygrade_add_commands", lambda cli: None)(cli=group)
    except ANY_FAULT as error:
        where = place_of(error, course.plugin or course.root) or f"{course.plugin}"
        raise CourseError(f"{where}: the course's plugin cannot add its commands: {brief(error)}") from error
    if name not in group.commands:
        raise CourseError(f"{course.root / 'course.toml'}: `commands` names {name!r}, which the plugin does not add")
    return group.commands[name]


def _course_module(file: Path) -> ModuleType:
    loaded = sys.modules.get(COURSE_PLUGIN)
    if loaded is not None and loaded.__file__ == str(file):
        return loaded
    _forget_course_modules()
    spec = importlib.util.spec_from_file_location(
        COURSE_PLUGIN, file, submodule_search_locations=[str(file.parent)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[COURSE_PLUGIN] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget_course_modules()
        raise
    return module


def _forget_course_modules() -> None:
    for name in list(sys.modules):
        if name == COURSE_PLUGIN or name.startswith(COURSE_PLUGIN + "."):
            del sys.modules[name]


# ---- registries ------------------------------------------------------------------------------------


class Registry(Generic[T]):
    """What plugins offer under a name, and which plugin offers it."""

    def __init__(self, kind: str) -> None:
        #: For messages: "sandbox", "report format".
        self.kind = kind
        self._factories: dict[str, T] = {}
        self._providers: dict[str, str] = {}

    def register(self, name: str, factory: T, provider: str = "tinygrade") -> None:
        """Offer `factory` under `name`.

        Raises:
            PluginError: the name is taken (names both plugins), or is none.
        """
        if not isinstance(name, str) or not name.strip() or not callable(factory):
            raise PluginError(f"plugin {provider!r} registers a {self.kind} without a name or factory: {name!r}")
        if name in self._factories:
            first = self._providers[name]
            raise PluginError(f"two plugins register the {self.kind} {name!r}: {first!r} and {provider!r}")
        self._factories[name] = factory
        self._providers[name] = provider

    def names(self) -> tuple[str, ...]:
        """All names, in the order of registration."""
        return tuple(self._factories)

    def get(self, name: str) -> T:
        """What is offered under `name`.

        Raises:
            UsageError: nothing is; the message lists what is.
        """
        self._require(name)
        return self._factories[name]

    def provider(self, name: str) -> str:
        """The name of the plugin that offers `name`."""
        self._require(name)
        return self._providers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._factories)

    def _require(self, name: str) -> None:
        if name not in self._factories:
            known = ", ".join(self._factories) or "none"
            hint = did_you_mean(name, self._factories) or ";"
            raise UsageError(f"there is no {self.kind} {name!r}{hint} There are: {known}")


def sandboxes(manager: pluggy.PluginManager, warn: Warn = print_warning) -> Registry[Callable[..., Any]]:
    """The sandboxes that plugins register: name -> `factory(limits=..., without=...)`."""
    return _collect(manager, "tinygrade_register_sandboxes", "sandbox", warn)


def reporters(manager: pluggy.PluginManager, warn: Warn = print_warning) -> Registry[Callable[..., Any]]:
    """The report formats that plugins register: name -> `factory()`."""
    return _collect(manager, "tinygrade_register_reporters", "report format", warn)


def executors(manager: pluggy.PluginManager, warn: Warn = print_warning) -> Registry[Callable[..., Any]]:
    """What grades many submissions: name -> `factory(jobs=...)`."""
    return _collect(manager, "tinygrade_register_executors", "executor", warn)


def diagnoses(manager: pluggy.PluginManager, warn: Warn = print_warning) -> Catalogue:
    """The mistakes that tinygrade and plugins can name.

    Raises:
        PluginError: two plugins register the same code.
    """
    from tinygrade.diagnosis.catalogue import Catalogue

    catalogue = Catalogue()
    for implementation in manager.hook.tinygrade_register_diagnoses.get_hookimpls():
        provider = implementation.plugin_name
        try:
            implementation.function(*(catalogue.register for _ in implementation.argnames))
        except ANY_FAULT as error:
            if provider in BUILTIN_PLUGINS:
                raise GraderError(f"the built-in plugin {provider} is broken: {brief(error)}") from error
            warn(f"diagnoses of plugin {provider!r} are left out: {brief(error)}")
    return catalogue


def _collect(manager: pluggy.PluginManager, hook: str, kind: str, warn: Warn) -> Registry[Callable[..., Any]]:
    registry: Registry[Callable[..., Any]] = Registry(kind)
    # Implementation by implementation: a plain call of the hook would not tell whose turn it is.
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        provider = implementation.plugin_name

        def offer(name: str, factory: Callable[..., Any], provider: str = provider) -> None:
            registry.register(name, factory, provider)

        try:
            implementation.function(*(offer for _ in implementation.argnames))
        except PluginError:
            raise
        except ANY_FAULT as error:
            if provider in BUILTIN_PLUGINS:
                raise GraderError(f"the built-in plugin {provider} is broken: {brief(error)}") from error
            warn(f"plugin {provider!r} registers no {kind}: {brief(error)}")
    return registry
