"""Put a bundle where it was asked for, and never over anybody's work.

A new folder appears by one rename. An existing one is brought up to date only when it is a bundle of ours and nobody
has changed what would be replaced; that is decided before the first file is touched. What a list in the folder
does not name stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinygrade.errors import UsageError
from tinygrade.release import tree
from tinygrade.release.tree import Tree

#: Names and hashes of the files that we wrote.
LIST = ".tinygrade-bundle.json"
_FORMAT = 1
_SHOWN = 5


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """A folder beside `target` to build in, so that the last step is a rename; gone afterwards.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:100]}."))
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Raise before any work when `target` holds something that is no bundle of ours.

    Raises:
        UsageError: it does; the message says what to do.
    """
    if os.path.lexists(target) and not target.is_dir():
        raise UsageError(f"{target}: is there already and is no folder; name another one with --out")
    if target.is_dir() and any(target.iterdir()) and not (target / LIST).is_file():
        raise UsageError(
            f"{target}: is not empty and was not made by tinygrade release, so nothing is written into it; "
            "name a new folder with --out"
        )


def place(files: Tree, target: Path, work: Path) -> tuple[int, int]:
    """Make `target` hold these files; `work` is where they are made ready. Gives (written, removed).

    Raises:
        UsageError: somebody changed a file that would be replaced, or it cannot be written.
    """
    listed = {**files, LIST: _list(files)}
    refuse_foreign(target)
    try:
        if target.is_dir() and any(target.iterdir()):
            return _update(listed, target, work)
        ready = work / "bundle"
        ready.mkdir(mode=0o755)
        tree.write(listed, ready)
        _rename(ready, target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error
    return len(files), 0


def _rename(ready: Path, target: Path) -> None:
    if target.is_dir():
        target.rmdir()  # only an empty one can be removed so
    os.rename(ready, target)


# ---- a bundle that is there --------------------------------------------------------------------------


def _update(files: Tree, target: Path, work: Path) -> tuple[int, int]:
    before = _read_list(target)
    changed = [name for name in sorted({*before, *files} - {LIST}) if _is_changed(target, name, before, files)]
    if changed:
        shown = ", ".join(changed[:_SHOWN]) + (f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else "")
        raise UsageError(
            f"{target}: was changed since tinygrade wrote it, so nothing is replaced: {shown}. "
            "Move your changes away, or name a new folder with --out"
        )
    obsolete = [name for name in before if name not in files and (target / name).is_file()]
    needed = {name: data for name, data in files.items() if _digest_of(target / name) != _digest(data)}
    tree.write(needed, work / "new")
    for name in sorted(needed, key=lambda name: name == LIST):  # the list last: a run that was ended can be repeated
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(work / "new" / name, target / name)
    for name in obsolete:
        (target / name).unlink()
        _remove_empty(target, (target / name).parent)
    return len(needed.keys() - {LIST}), len(obsolete)


def _is_changed(target: Path, name: str, before: Mapping[str, str], files: Tree) -> bool:
    """Would an update take something away that is not ours?"""
    file = target / name
    if _leaves(target, file):
        return True
    if not os.path.lexists(file):
        return False
    known = {before.get(name), _digest(files[name]) if name in files else None}
    return file.is_symlink() or not file.is_file() or _digest_of(file) not in known


def _leaves(target: Path, file: Path) -> bool:
    """Does the way to the file lead through a link, or through something that is no folder?"""
    folders = [folder for folder in file.parents if folder != target and folder.is_relative_to(target)]
    return any(folder.is_symlink() or (folder.exists() and not folder.is_dir()) for folder in folders)


def _remove_empty(target: Path, folder: Path) -> None:
    while folder != target and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


# ---- the list ----------------------------------------------------------------------------------------


def _list(files: Tree) -> bytes:
    hashes = {name: _digest(data) for name, data in sorted(files.items())}
    return (json.dumps({"format": _FORMAT, "files": hashes}, indent=1) + "\n").encode()


def _read_list(target: Path) -> dict[str, str]:
    problem = f"{target / LIST}: is damaged, so nothing is replaced; name a new folder with --out"
    try:
        found: Any = json.loads((target / LIST).read_text("utf-8"))
        files = found["files"] if found["format"] == _FORMAT else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(problem) from error
    if not isinstance(files, dict) or not all(_is_safe(name) and isinstance(files[name], str) for name in files):
        raise UsageError(problem)
    return files


def _is_safe(name: str) -> bool:
    return bool(name) and not name.startswith("/") and "\\" not in name and ".." not in name.split("/")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(file: Path) -> str | None:
    return _digest(file.read_bytes()) if file.is_file() else None
