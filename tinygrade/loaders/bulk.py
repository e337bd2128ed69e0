"""Who handed in what: a bulk download of a learning platform, or a folder of submissions, as a list.

Each platform writes the identity of a student into names of its own; the patterns are below. A student whose files
nobody can read stays in the list: the loader refuses them then, with a reason, and nobody is lost on the way.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinygrade.errors import SubmissionError, did_you_mean
from tinygrade.loaders import archive, notebook, rules
from tinygrade.loaders.gradescope import submitters
from tinygrade.loaders.unpack import METADATA, Note, names, unpack
from tinygrade.text import clean_line

#: Gradescope, "Export Submissions": `assignment_12_export/submission_345/...`, with a metadata file beside them.
_GRADESCOPE = re.compile(r"submission_\d+")
#: Canvas, "Download Submissions": `lastfirst_LATE_<user>_<submission>_work.zip`; without names, `anon_<code>_...`.
_CANVAS = re.compile(
    r"(?:anon_(?:LATE_)?(?P<anonymous>[A-Za-z0-9]+)|[^_]+_(?:LATE_)?(?P<user>\d+))_\d+_(?P<file>.+)", re.DOTALL
)
#: Moodle, "Download all submissions": `First Last_<participant>_assignsubmission_file_`, a folder or before a name.
_MOODLE = re.compile(r".+_(?P<user>\d+)_assignsubmission_file_?(?P<file>.*)", re.DOTALL)
_MOODLE_TEXT = re.compile(r".+_\d+_assignsubmission_onlinetext.*", re.DOTALL)
#: Canvas and some browsers number what is handed in, or downloaded, again.
_AGAIN = re.compile(r"(?:-\d+| \(\d+\))(?=\.\w+$)")

Found = list[tuple[str, str]]


def find_submissions(
    path: str | Path, package: str = "", into: Path | None = None, note: Note = lambda line: None
) -> Found:
    """`(student, source)` of each submission in `path`, sorted by student; `source` is what a loader takes.

    `path` is a bulk download of Gradescope, Canvas or Moodle (packed or unpacked), a .zip or a folder of submissions,
    or one submission. The student is what the platform calls the student's id (Gradescope: the student id, else the
    address; Canvas: the user's number; Moodle: the participant's number), else the name of the folder or file. One
    student may be there twice, and members of a group share a source.

    `package` tells one submission from a folder of them. A .zip is unpacked into the empty folder `into` (by default
    one that is removed when the process ends). `note` gets a line for each file that is passed over.

    Raises:
        SubmissionError: `path` cannot be read or holds no submission.
    """
    if "://" in str(path):
        return [(_stem(str(path).rstrip("/").rpartition("/")[2]), str(path))]
    top = Path(os.path.abspath(os.path.expanduser(path)))
    if _is_one(top, package):
        return [(_stem(top.name), str(top))]
    scratch = into or _scratch()
    folder = _unpacked(top, scratch / "unpacked", note)
    found = sorted(_found(_innermost(folder, package), scratch, note))
    if not found:
        raise SubmissionError(f"{path}: holds no submissions: neither folders nor archives nor notebooks of students")
    return found


def _is_one(top: Path, package: str) -> bool:
    """Is this itself a submission?

    Raises:
        SubmissionError: it does not exist.
    """
    if top.is_dir():
        return bool(package) and (top.name == package or (top / package).is_dir())
    if not top.is_file():
        beside = (entry.name for entry in top.parent.iterdir()) if top.parent.is_dir() else ()
        raise SubmissionError(f"{top}: does not exist{did_you_mean(top.name, beside)}")
    return not top.name.lower().endswith(".zip") or _holds(names(top), package)


def _holds(members: list[str], package: str) -> bool:
    """Does an archive with these members hold the package at its top, or in the one folder there?"""
    found = {tuple(name.removeprefix("./").split("/")[:2]) for name in members}
    tops = {parts[0] for parts in found if not rules.is_skipped(parts[0]) and parts[0] != "__MACOSX"}
    below = len(tops) == 1 and any(parts[1:] == (package,) for parts in found)
    return bool(package) and (package in tops or below)


def _unpacked(top: Path, into: Path, note: Note) -> Path:
    if top.is_dir():
        return top
    into.mkdir(parents=True)
    unpack(top, into, note)
    return into


def _scratch() -> Path:
    folder = tempfile.mkdtemp(prefix="tinygrade-bulk-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _entries(folder: Path) -> list[Path]:
    """What may be a submission, or somebody's: plain folders and files."""
    try:
        with os.scandir(folder) as listed:
            plain = [e.name for e in listed if e.is_dir(follow_symlinks=False) or e.is_file(follow_symlinks=False)]
    except OSError as error:
        raise SubmissionError(f"{folder}: cannot be read: {error.strerror}") from error
    return sorted(folder / name for name in plain if not rules.is_skipped(name) and name != "__MACOSX")


def _innermost(folder: Path, package: str) -> Path:
    """Below folders that hold nothing but one other folder, such as `assignment_12_export/`."""
    entries = _entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and not _is_students(entries[0], package):
        folder, entries = entries[0], _entries(entries[0])
    return folder


def _is_students(folder: Path, package: str) -> bool:
    """Does one student's work lie in this folder?"""
    if _GRADESCOPE.fullmatch(folder.name) or _MOODLE.fullmatch(folder.name):
        return True
    inner = _entries(folder)
    return any(path.name == package or path.suffix == ".py" for path in inner) or not inner


def _found(folder: Path, scratch: Path, note: Note) -> Iterator[tuple[str, str]]:
    entries = _entries(folder)
    groups = submitters(folder / METADATA) if folder / METADATA in entries else {}
    loose: dict[str, list[tuple[str, Path]]] = {}
    for path in entries:
        student, file = _identity(path)
        if path.name == METADATA or _MOODLE_TEXT.fullmatch(path.name):
            continue
        if _GRADESCOPE.fullmatch(path.name) and path.is_dir():
            yield from ((name, _work(path)) for name in groups.get(path.name, [path.name]))
        elif path.is_dir() and not file:
            yield student, _work(path)
        elif file:
            loose.setdefault(student, []).append((file, path))
        else:
            note(f"passed over: {rules.printable(path.name)} is no folder, archive or notebook")
    for student, files in loose.items():
        yield from ((student, source) for source in _gathered(files, scratch / "loose" / student))


def _identity(path: Path) -> tuple[str, str]:
    """Whose a folder or file is, and the file's own name: "" for a folder, and for a file that nobody can read."""
    if match := _MOODLE.fullmatch(path.name):
        return match["user"], "" if path.is_dir() else match["file"]
    if (match := _CANVAS.fullmatch(path.name)) and path.is_file():
        return match["user"] or str(match["anonymous"]), match["file"]
    readable = path.is_file() and _is_packed(path)
    return _stem(path.name) if readable else clean_line(path.name), path.name if readable else ""


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith((*archive.SUFFIXES, notebook.SUFFIX))


def _work(folder: Path) -> str:
    """The one archive or notebook in a student's folder when nothing else there can be graded, else the folder."""
    inner = _entries(folder)
    packed = [path for path in inner if path.is_file() and _is_packed(path)]
    others = [path for path in inner if path.is_dir() or path.suffix == ".py"]
    return str(packed[0] if len(packed) == 1 and not others else folder)


def _gathered(files: list[tuple[str, Path]], folder: Path) -> list[str]:
    """The archives and notebooks among a student's files, else a folder with the modules under their own names."""
    packed = [str(path) for _, path in files if _is_packed(path)]
    modules = {own: path for name, path in files if rules.is_module(own := _AGAIN.sub("", name))}
    if packed or not modules:
        return packed or [str(files[0][1])]
    folder.mkdir(parents=True)
    for own, path in modules.items():
        shutil.copyfile(path, folder / own, follow_symlinks=False)
    return [str(folder)]


def _stem(name: str) -> str:
    low = name.lower()
    suffix = next((s for s in (*archive.SUFFIXES, notebook.SUFFIX, ".git") if low.endswith(s)), "")
    return clean_line(name[: len(name) - len(suffix)])
