"""What an attack must not touch, and the traces that it would leave: files, connections, processes.

The payloads know these places by name, which is more than a student's code would know. Everything lies in one
temporary folder or listens on the loopback, so that an attack that works does no harm.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tinygrade.config import ASSIGNMENT_FILE, load_assignment, load_course
from tinygrade.model import Assignment

HIDDEN = "def test_hidden():\n    assert answer == {token!r}\n"


class Scene:
    """A folder that others may write to, secrets that they may read, and open ears."""

    def __init__(self, assignment: Assignment) -> None:
        self.token = secrets.token_hex(12)
        self._root = Path(tempfile.mkdtemp(prefix="tinygrade-scene-"))
        # Open to everybody: what stops an attack must be the sandbox, not the permissions of this folder.
        self._root.chmod(0o755)
        self.canary = self._folder("canary", 0o777)
        self.hidden = self._file("hidden/test_hidden.py")
        self.results = self._file("results/results.json")
        self.neighbour = self._file("neighbour/tensor.py")
        self.submission = self._folder("submission", 0o755)
        self._ears = [self._listen(socket.SOCK_STREAM), self._listen(socket.SOCK_DGRAM)]
        self._ears += [self._unix(str(self._root / "socket")), self._unix(f"\0{self.token}")]
        self._watched = [self._root / name for name in ("hidden", "results", "neighbour")]
        self._watched += [assignment.root, assignment.course.reference]
        self._before = self._states()

    def facts(self) -> dict[str, str | int]:
        """What the payloads are told."""
        tcp, udp = (ear.getsockname()[1] for ear in self._ears[:2])
        places = {n: str(getattr(self, n)) for n in ("canary", "hidden", "results", "neighbour")}
        course = {"course": str(self._watched[3]), "reference": str(self._watched[4])}
        return {**places, **course, "tcp": tcp, "udp": udp, "unix": str(self._root / "socket"), "tag": self.tag}

    @property
    def tag(self) -> str:
        """Part of the name of every file that a payload makes outside the scene."""
        return f"tinygrade-attack-{self.token[:8]}"

    def traces(self) -> list[str]:
        """What the attack did, in words; empty when it did nothing."""
        return [*self._written(), *self._changed(), *self._heard()]

    def with_limits(self, assignment: Assignment, limits: Mapping[str, float]) -> Assignment:
        """The same assignment in a copy of its course, in which these limits are others."""
        course = assignment.course
        root = self._root / "course" / course.root.name
        shutil.copytree(course.root, root, ignore=shutil.ignore_patterns("__pycache__", "mutants", "correct"))
        for part in (course.reference, course.template):
            target = Path(os.path.normpath(root / os.path.relpath(part, course.root)))
            target.symlink_to(part)
        file = root / assignment.id / ASSIGNMENT_FILE
        text = file.read_text("utf-8")
        table = {**tomllib.loads(text).get("limits", {}), **limits}
        lines = "".join(f"{key} = {value}\n" for key, value in table.items())
        rest = re.sub(r"^\[limits\]\n(?:[^\[\n].*\n|\n)*", "", text, flags=re.MULTILINE)
        file.write_text(f"{rest}\n[limits]\n{lines}", "utf-8")
        return load_assignment(load_course(root), assignment.id)

    def close(self) -> None:
        for ear in self._ears:
            ear.close()
        for file in self._outside():
            with contextlib.suppress(OSError):
                file.unlink()
        shutil.rmtree(self._root, ignore_errors=True)

    # ---- making ------------------------------------------------------------------------------------

    def _folder(self, name: str, mode: int) -> Path:
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        return folder

    def _file(self, name: str) -> Path:
        self._folder(str(Path(name).parent), 0o777)
        file = self._root / name
        file.write_text(HIDDEN.format(token=self.token))
        file.chmod(0o666)
        return file

    def _listen(self, kind: int) -> socket.socket:
        ear = socket.socket(socket.AF_INET, kind)
        ear.bind(("127.0.0.1", 0))
        return self._open(ear)

    def _unix(self, name: str) -> socket.socket:
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        ear.bind(name)
        if not name.startswith("\0"):
            os.chmod(name, 0o777)
        return self._open(ear)

    def _open(self, ear: socket.socket) -> socket.socket:
        if ear.type == socket.SOCK_STREAM:
            ear.listen(8)
        ear.setblocking(False)
        return ear

    # ---- looking -----------------------------------------------------------------------------------

    def _written(self) -> Iterator[str]:
        for file in [*self._root.glob("canary/*"), *self._outside()]:
            yield f"wrote {file.name}"
        if not self.canary.is_dir():
            yield "moved the canary's folder"

    def _outside(self) -> list[Path]:
        places = {Path(p) for p in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir(), Path.home(), Path.cwd())}
        return [file for place in places for file in place.glob(f"*{self.tag}*")]

    def _changed(self) -> Iterator[str]:
        after = self._states()
        for path in sorted(set(after) | set(self._before)):
            if after.get(path) != self._before.get(path):
                yield f"changed {path}"

    def _states(self) -> dict[Path, tuple[int, int, int, int]]:
        """Size, mode, owner and modification time of everything that nobody may change."""
        found = {}
        for folder in self._watched:
            for path in [folder, *folder.rglob("*")] if folder.exists() else []:
                if "__pycache__" not in path.parts and not _is_cache(path):
                    state = path.lstat()
                    # a folder's own time moves with Python's caches in it
                    moved = 0 if stat.S_ISDIR(state.st_mode) else state.st_mtime_ns
                    found[path] = (state.st_size if moved else 0, state.st_mode, state.st_uid, moved)
        return found

    def _heard(self) -> Iterator[str]:
        names = ("over TCP", "over UDP", "by a socket's path", "by an abstract socket")
        for name, ear in zip(names, self._ears, strict=True):
            with contextlib.suppress(BlockingIOError):
                if ear.type == socket.SOCK_STREAM:
                    ear.accept()[0].close()
                else:
                    ear.recv(1)
                yield f"connected {name}"


def _is_cache(path: Path) -> bool:
    return path.name == ".pytest_cache"
