"""Take a student's package out of a Jupyter notebook: code cells that say which file of the package they belong to.

The first line of such a cell is `# tinytorch/ops.py` or `%%writefile tinytorch/ops.py`; cells of the same file are
joined in their order. Files of the template that no cell writes are taken from the template, as a student's folder
has them, too. A notebook is JSON, and nothing of it runs: outputs, other cells and metadata are not looked at.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from tinygrade.errors import SubmissionError, did_you_mean
from tinygrade.loaders import rules
from tinygrade.loaders.directory import files_below
from tinygrade.loaders.rules import Copy, refused
from tinygrade.model import Assignment, Submission

SUFFIX = ".ipynb"
#: Pictures in the outputs make notebooks large, and they are part of the file.
MAX_BYTES = 16 * 1024 * 1024
MAX_CELLS = 10_000
#: The format of every notebook since 2015; before it, cells were elsewhere.
FORMAT = 4

_MARK = re.compile(r"(?:#|%%writefile\s(?:\s*-a\s)?)\s*(?P<file>[\w./-]+\.py)\s*")
#: What only a notebook understands, at the beginning of a line: `%timeit f(x)`, `!pip list`.
_MAGIC = re.compile(r"%{1,2}[A-Za-z]|!")


def is_notebook(source: str) -> bool:
    """Does this name a file that this loader reads?"""
    return source.lower().endswith(SUFFIX) and os.path.isfile(os.path.expanduser(source))


def load(source: str, assignment: Assignment, into: Path) -> Submission:
    """The package that the notebook `source` writes, in the empty folder `into`.

    Raises:
        SubmissionError: it cannot be read, or no cell is marked.
    """
    package = assignment.course.package
    written = _written(_cells(source), package)
    if not written:
        raise SubmissionError(
            f"{source}: no cell is marked; begin each with the file that it belongs to: # {_example(assignment)}"
        )
    copy = Copy(package)
    for name, text in sorted({**_given(assignment), **written}.items()):
        if copy.reaches(name):
            copy.expect(name)
            copy.add(name, text)
    return copy.finish(source, f"{source}: {package}/", into)


def _example(assignment: Assignment) -> str:
    return f"{assignment.course.package}/{next(iter(assignment.files), '__init__.py')}"


def _cells(source: str) -> list[str]:
    """The texts of all code cells."""
    tree = _tree(source)
    cells = tree.get("cells") if isinstance(tree, dict) else None
    if not isinstance(cells, list) or tree.get("nbformat") != FORMAT:
        raise SubmissionError(f"{source}: is no notebook of format {FORMAT}; save it with a current Jupyter")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"{source}: holds more than {MAX_CELLS:,} cells")
    return [_text(cell, source) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _tree(source: str) -> Any:
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(os.path.expanduser(source), flags), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SubmissionError(f"{source}: is {rules.kind(mode)}, not a notebook")
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise SubmissionError(f"{source}: is larger than {MAX_BYTES >> 20} MiB; clear its outputs")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"{source}: is damaged, or no notebook; save it again") from error


def _text(cell: dict[str, Any], source: str) -> str:
    lines = cell.get("source")
    if isinstance(lines, str):
        return lines
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise SubmissionError(f"{source}: is damaged: a cell holds no text; save it again")
    return "".join(lines)


# ---- which cell belongs where ----------------------------------------------------------------------


def _written(cells: list[str], package: str) -> dict[str, bytes]:
    """Contents by name, of the files that cells are marked with.

    Raises:
        SubmissionError: a mark names what is no file of the package.
    """
    found: dict[str, list[str]] = {}
    for cell in cells:
        first, *rest = cell.lstrip("\n").split("\n")
        if match := _MARK.fullmatch(first):
            name = match["file"].removeprefix("./")
            if _is_ours(name, package):
                found.setdefault(name, []).append("\n".join([*map(_plain, rest), ""]))
    return {name: "".join(texts).encode("utf-8", "surrogatepass") for name, texts in found.items()}


def _is_ours(name: str, package: str) -> bool:
    top, *folders = name.split("/")
    if top != package:
        if folders and (hint := did_you_mean(top, [package])):
            raise refused(name, f"is the mark of a cell{hint}")
        return False
    if not folders or not rules.is_module(folders[-1]) or not all(part.isidentifier() for part in folders[:-1]):
        raise refused(name, "is no name that import can reach; mend the first line of its cell")
    return True


def _plain(line: str) -> str:
    """A line of Python; what only the notebook understands becomes a comment."""
    return f"# {line}" if _MAGIC.match(line) else line


def _given(assignment: Assignment) -> dict[str, bytes]:
    """The files of the template."""
    folder = assignment.course.template / assignment.course.package
    return files_below(folder, assignment.course.package) if folder.is_dir() else {}
