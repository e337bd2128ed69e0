"""The installed tinygrade as a wheel: bundles bring the very version that they were proved with."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata
from pathlib import Path

from tinygrade.errors import UsageError
from tinygrade.release import tree
from tinygrade.release.tree import Tree

_WHEEL = "Wheel-Version: 1.0\nGenerator: tinygrade\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
#: What a grading imports; an autograder is installed with the versions that were here when its bundle was proved.
_PINNED = ("numpy", "pytest", "pluggy", "click", "rich")


def name() -> str:
    """The file name."""
    return f"tinygrade-{_distribution().version}-py3-none-any.whl"


def build() -> bytes:
    """The wheel's bytes.

    Raises:
        UsageError: this tinygrade was never installed, so that nothing says what it needs.
    """
    distribution = _distribution()
    package = Path(__file__).parent.parent
    files: Tree = tree.read(package, "tinygrade")
    info = f"tinygrade-{distribution.version}.dist-info"
    files[f"{info}/METADATA"] = (distribution.read_text("METADATA") or "").encode()
    files[f"{info}/entry_points.txt"] = (distribution.read_text("entry_points.txt") or "").encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/RECORD"] = _record(files, info).encode()
    return tree.zipped(files)


def constraints() -> bytes:
    """The versions of what a grading imports, as pip's --constraint reads them."""
    return "".join(f"{package}=={metadata.version(package)}\n" for package in _PINNED).encode()


def _distribution() -> metadata.Distribution:
    try:
        return metadata.distribution("tinygrade")
    except metadata.PackageNotFoundError as error:
        raise UsageError("bundles are made by an installed tinygrade: run pip install in its folder first") from error


def _record(files: Tree, info: str) -> str:
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    return "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
