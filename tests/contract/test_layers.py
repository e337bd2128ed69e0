"""The direction of imports (see ARCHITECTURE.md), read from the source: lower never imports upper, no cycles."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Lowest first. A module may import what stands in its own row or in a row above it here.
LAYERS = (
    {"errors", "text", "sinks", "isolation", "jsontree", "errormap", "model", "terms", "failures", "worker"},
    {
        *("", "hookspecs", "calling", "adjusting", "loading", "config", "solved", "tables", "releasing", "scoring"),
        *("events", "finding", "template", "sandbox", "diagnosis", "figures", "executor", "stored"),
        *("textfile", "threads"),
    },
    {"loaders", "sandboxes", "checks", "reporters", "executors", "gradebook"},
    {"plugins"},
    {"grading", "checklist"},
    {"audit", "attacks", "release", "coordinator"},
    {"cli", "testing", "__main__"},
)
FAMILIES = LAYERS[2]
#: Who may speak the worker's wire format; anything above the families may, too.
WORKER_USERS = {"worker", "checks", "sandboxes"}


def modules() -> dict[str, Path]:
    """Dotted name -> file, for every module of tinygrade."""
    found = {}
    for file in sorted((ROOT / "tinygrade").rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()


def unit(module: str) -> str:
    """The part of a module's name that the layers speak of."""
    return (module.split(".") + [""])[1]


def layer(module: str) -> int:
    for number, names in enumerate(LAYERS):
        if unit(module) in names:
            return number
    pytest.fail(f"{module} stands in no layer: add it to LAYERS in {__file__}")


def absolute_imports(file: Path) -> list[str]:
    """What the file imports, as full names; also inside functions and for annotations."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.append(full if full in MODULES else node.module)
    return found


def relative_imports(file: Path) -> bool:
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)


def ours(file: Path) -> list[str]:
    return [name for name in absolute_imports(file) if name.split(".")[0] == "tinygrade"]


@pytest.mark.parametrize("module", MODULES)
def test_lower_layers_do_not_know_upper_ones(module):
    for imported in ours(MODULES[module]):
        assert imported in MODULES, f"{module} imports {imported}, which is not there"
        assert layer(imported) <= layer(module), f"{module} must not import {imported}: it stands above"


@pytest.mark.parametrize("module", [name for name in MODULES if unit(name) in FAMILIES])
def test_families_do_not_know_each_other(module):
    for imported in ours(MODULES[module]):
        stranger = unit(imported) in FAMILIES and unit(imported) != unit(module)
        assert not stranger, f"{module} must not import {imported}: another family"


@pytest.mark.parametrize("module", [name for name in MODULES if layer(name) <= layer("tinygrade.checks")])
def test_few_speak_to_the_worker(module):
    if unit(module) not in WORKER_USERS:
        assert not [name for name in ours(MODULES[module]) if unit(name) == "worker"]


@pytest.mark.parametrize("module", [name for name in MODULES if unit(name) == "worker"])
def test_the_worker_knows_the_standard_library_numpy_and_itself(module):
    # tinygrade_worker is the name under which the folder runs in the worker's process
    known = sys.stdlib_module_names | {"numpy", "tinygrade_worker"}
    strangers = {name.split(".")[0] for name in absolute_imports(MODULES[module])} - known
    assert not strangers, f"{module} runs beside student code and must not import {strangers}"


@pytest.mark.parametrize("module", [name for name in MODULES if unit(name) != "worker"])
def test_imports_are_absolute(module):
    assert not relative_imports(MODULES[module])


def test_there_are_no_cycles():
    # the package itself only gathers public names: importing it first is how Python works
    graph = {name: {i for i in ours(file) if i not in ("tinygrade", name)} for name, file in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_course_plugin_has_no_cycles():
    root = ROOT / "assignments"
    files = {".".join(f.relative_to(root).with_suffix("").parts): f for f in sorted(root.glob("course/**/*.py"))}
    graph = {name: {found for found in near(name, file) if found in files} for name, file in files.items()}
    assert any(graph.values())
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def near(module: str, file: Path) -> set[str]:
    """What a module imports by a relative name, in full."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([*module.split(".")[: -node.level], *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def test_the_course_plugin_uses_public_names_only():
    for file in sorted((ROOT / "assignments/course").rglob("*.py")):
        private = [name for name in ours(file) if any(part.startswith("_") for part in name.split("."))]
        assert not private, f"{file} imports {private}"


def test_the_framework_knows_no_course():
    for module, file in MODULES.items():
        assert "tinytorch" not in {name.split(".")[0] for name in absolute_imports(file)}, module
