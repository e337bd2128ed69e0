"""Load the student's package from sources that came over the pipe, without any file or folder of its own.

The worker then needs no path that it may read, whichever user it runs as, and knows none of the grader's. A
`json.py` or `numpy.py` in the package cannot stand in for the real one: only names below the package are found.
"""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import marshal
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ZIP = f"python{sys.version_info.major}{sys.version_info.minor}.zip"


def install(name: str, folder: Path, sources: Mapping[str, bytes], code: Mapping[str, bytes]) -> None:
    """Make `import name` find the package. Runs its `__init__.py` if there is one.

    Args:
        folder: where the files are said to lie, in tracebacks and `__file__`.
        sources: file names relative to the package, with `/`, and what is in them.
        code: what `compiled` gave for some or all of them.
    """
    finder = Sources(name, folder, sources, code)
    sys.meta_path.insert(0, finder)
    importlib.import_module(name)


def compiled(folder: Path, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that can be compiled, in Python's own form. Runs nothing of what is in them."""
    found = {}
    for file, content in sources.items():
        try:
            found[file] = marshal.dumps(_compiled(content, (folder / file).as_posix()))
        except Exception:  # the worker that imports it will tell what is wrong
            continue
    return found


def _compiled(source: Any, path: str) -> CodeType:
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def _decoded(source: Any, path: str) -> str:
    """The text. Raises SyntaxError with the place, which Python's own about an encoding does not have."""
    data = bytes(source)
    try:
        return importlib.util.decode_source(data)
    except UnicodeDecodeError as error:
        line, byte = 1 + data.count(b"\n", 0, error.start), data[error.start]
        message = f"byte 0x{byte:02x} is not {error.encoding}: save the file as UTF-8"
    except SyntaxError as error:
        line, message = 1, f"{error}: save the file as UTF-8"  # it looks at the first two lines only
    raise SyntaxError(message, (path, line, 1, None))


class Sources(SourceLoader, MetaPathFinder):
    """Finds and loads the modules of one package in memory."""

    def __init__(
        self, name: str, folder: Path, sources: Mapping[str, bytes], code: Mapping[str, bytes]
    ) -> None:
        # Plain text, here and below: each worker does this anew, and pathlib would be half of what it costs.
        self._name = name
        self._folder = folder.as_posix()
        self._sources = {f"{self._folder}/{file}": content for file, content in sources.items()}
        self._code = {f"{self._folder}/{file}": content for file, content in code.items()}
        self._folders = {file.rpartition("/")[0] for file in self._sources}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        first, *rest = fullname.split(".")
        if first != self._name:
            return None
        place = "/".join([self._folder, *rest])
        if f"{place}/__init__.py" in self._sources:
            return self._spec(fullname, f"{place}/__init__.py", [place])
        if f"{place}.py" in self._sources:
            return self._spec(fullname, f"{place}.py", None)
        if rest and not any(folder == place or folder.startswith(f"{place}/") for folder in self._folders):
            return None
        spec = ModuleSpec(fullname, None, is_package=True)  # a folder without __init__.py is a package, too
        spec.submodule_search_locations = [place]
        return spec

    def _spec(self, fullname: str, file: str, inside: list[str] | None) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(
            fullname, file, loader=self, submodule_search_locations=inside
        )

    def get_filename(self, fullname: str) -> str:
        spec = self.find_spec(fullname)
        if spec is None or spec.origin is None:
            raise ImportError(f"no source of {fullname}", name=fullname)
        return spec.origin

    def get_data(self, path: Any) -> bytes:
        try:
            return self._sources[str(path)]
        except KeyError:
            raise FileNotFoundError(path) from None

    def source_to_code(self, data: Any, path: Any = "<string>") -> CodeType:  # type: ignore[override]
        lines = _decoded(data, str(path)).splitlines(keepends=True)
        ready = self._code.get(str(path))
        code: CodeType = _compiled(data, str(path)) if ready is None else marshal.loads(ready)
        # For tracebacks, and for inspect.getsource; without a time it is never looked for on disk.
        linecache.cache[str(path)] = (len(data), None, lines, str(path))
        return code


def load(package: str, name: str) -> ModuleType:
    """The module `package.name`, imported when it is not yet."""
    return importlib.import_module(f"{package}.{name}" if name else package)


def hide_site_packages() -> None:
    """Leave only the standard library importable; numpy is already loaded and finds its own parts."""
    library = Path(sysconfig.get_path("stdlib"))
    sys.path[:] = [str(library.parent / ZIP), str(library), str(library / "lib-dynload")]
    # Finders of editable installs and of plugins are not part of the interpreter.
    sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__module__", "").startswith("_frozen_importlib")]
    # Looking for what is nowhere lists the folders now: once confined, one that holds packages cannot be listed.
    importlib.util.find_spec("tinygrade_nowhere")
