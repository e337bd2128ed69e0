"""Write a recorded failure to a file, and never over anything that is not an earlier one."""

from __future__ import annotations

import base64
import shlex
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.cli.outputs import write_file
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinygrade.events import Recorded


def write(recorded: Recorded, file: Path) -> Path:
    """Write the script to `file` and its arrays beside it; gives `file`.

    Raises:
        UsageError: something else is there, or it cannot be written.
    """
    arrays = file.with_suffix(".npz")
    _refuse_others(file, _is_script)
    if recorded.arrays:
        _refuse_others(arrays, _is_arrays)
        write_file(arrays, base64.b64decode(recorded.arrays))
    elif arrays.is_file() and _is_arrays(arrays):
        arrays.unlink()  # of an earlier script that this one replaces
    write_file(file, recorded.script)
    return file


def to_stdout(recorded: Recorded) -> None:
    """Write the script to standard output."""
    sys.stdout.write(recorded.script)
    sys.stdout.flush()


def commands(file: Path) -> list[tuple[str, str]]:
    """What to do with it: `(label, command)`."""
    name = shlex.quote(str(file))
    return [("run:  ", f"python {name}"), ("debug:", f"python -m pdb {name}")]


def _refuse_others(file: Path, is_ours: Callable[[Path], bool]) -> None:
    if not (file.exists() or file.is_symlink()):
        return
    if file.is_symlink() or not file.is_file() or not is_ours(file):
        raise UsageError(f"{file} is there and was not written by this command: name another file with --out")


def _is_script(file: Path) -> bool:
    from tinygrade.checks.script import MARK

    with file.open("rb") as stream:
        return stream.readline(500).rstrip(b"\r\n") == MARK.encode()


def _is_arrays(file: Path) -> bool:
    from tinygrade.checks.script import NPZ_MARK

    try:
        with zipfile.ZipFile(file) as archive:
            return f"{NPZ_MARK}.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
