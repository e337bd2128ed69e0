"""Load the student's package from its explicit folder, without ever putting that folder on sys.path.

A `json.py` or `numpy.py` next to the package can then not stand in for the real one.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ZIP = f"python{sys.version_info.major}{sys.version_info.minor}.zip"


def install(name: str, folder: Path) -> None:
    """Make `import name` find the package in `folder`. Runs its `__init__.py` if there is one."""
    init = folder / "__init__.py"
    if init.is_file():
        spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if spec.loader is not None:
        spec.loader.exec_module(module)


def load(package: str, name: str) -> ModuleType:
    """The module `package.name`, imported when it is not yet."""
    return importlib.import_module(f"{package}.{name}" if name else package)


def hide_site_packages() -> None:
    """Leave only the standard library importable; numpy is already loaded and finds its own parts."""
    library = Path(sysconfig.get_path("stdlib"))
    sys.path[:] = [str(library.parent / ZIP), str(library), str(library / "lib-dynload")]
    # Finders of editable installs and of plugins are not part of the interpreter.
    sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__module__", "").startswith("_frozen_importlib")]
