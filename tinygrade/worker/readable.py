"""Which files a worker may read: the interpreter's library, numpy, the system's libraries, a few devices.

Never the rest of site-packages, where the grader and its dependencies lie. In many installations that folder
lies inside the standard library's, and Landlock cannot subtract: such a folder is allowed child by child. The
student's own package is not here: its sources come over the pipe (see `package.py`).
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: Folders of installed packages, whatever the distribution.
PACKAGES = {"site-packages", "dist-packages"}
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
SINGLE = (
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


def paths() -> list[Path]:
    """Everything that may be read; files and folders with all that is in them."""
    found = [*standard_library(), *numpy_folders(), *system_libraries(), *(Path(name) for name in SINGLE)]
    return list(dict.fromkeys(found))


def standard_library() -> Iterator[Path]:
    """The folders of the standard library without installed packages, and its shared libraries."""
    for name in ("stdlib", "platstdlib"):
        yield from without_packages(Path(sysconfig.get_path(name, vars=_base())))
    version = f"python{sys.version_info.major}{sys.version_info.minor}"
    yield Path(sys.base_prefix, sys.platlibdir, f"{version}.zip")
    yield from shared_libraries(Path(sysconfig.get_config_var("LIBDIR") or Path(sys.base_prefix, "lib")))


def _base() -> dict[str, str]:
    # platstdlib of a virtual environment would be the environment's own folder
    return {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}


def without_packages(folder: Path) -> Iterator[Path]:
    """The folder as a whole, or child by child when installed packages lie directly in it."""
    names = set(_names(folder))
    if names & PACKAGES:
        yield from (folder / name for name in sorted(names - PACKAGES))
    else:
        yield folder


def numpy_folders() -> Iterator[Path]:
    """numpy itself, and the libraries that its wheel brings along."""
    import numpy

    folder = Path(numpy.__file__).parent
    yield from (folder, folder.with_name("numpy.libs"))


def system_libraries() -> Iterator[Path]:
    """Children of the system's library folders, without those of any Python: they may hold packages."""
    for folder in dict.fromkeys(os.path.realpath(name) for name in SYSTEM):
        yield from (Path(folder, name) for name in _names(Path(folder)) if not name.startswith(("python", "pypy")))


def shared_libraries(folder: Path) -> Iterator[Path]:
    """`libpython3.11.so.1.0` and its like, directly in the folder."""
    yield from (folder / name for name in _names(folder) if ".so" in name or name.endswith(".dylib"))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
