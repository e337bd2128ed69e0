"""git itself, run so that neither a repository nor the user's own configuration has a say.

What holds it, with the names under which git documents it:

- no configuration but ours: `GIT_CONFIG_NOSYSTEM`, `GIT_CONFIG_GLOBAL`, and every other `GIT_*` variable removed;
- nobody is asked: `GIT_TERMINAL_PROMPT=0`, `GIT_ASKPASS`, and `BatchMode` of ssh;
- transports by name (`GIT_ALLOW_PROTOCOL`), so that no address runs a command (`ext::`); redirects only at the start;
- no hooks (`core.hooksPath`, an empty `--template`), no submodules, no tags, no garbage collection, no lazy fetches;
- what arrives is one pack (`fetch.unpackLimit`), checked as a whole (`transfer.fsckObjects`);
- a repository of another user on this machine is refused (git's own `safe.directory`);
- limits that the kernel holds: size of any file, memory, CPU time; a deadline; and git dies with this process.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tinygrade.errors import SubmissionError, UsageError
from tinygrade.text import clean_line

#: The pack that arrives, and any other file: a package is a hundred times smaller, a repository with notebooks is not.
MAX_FILE_BYTES = 128 * 1024 * 1024
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 60
#: For everything that is done with one repository.
MAX_SECONDS = 120.0

_LIMITS = f"""
import ctypes, os, resource, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG
for kind, most in (("FSIZE", {MAX_FILE_BYTES}), ("AS", {MAX_MEMORY_BYTES}), ("CPU", {MAX_CPU_SECONDS}), ("CORE", 0)):
    number = getattr(resource, "RLIMIT_" + kind)
    hard = resource.getrlimit(number)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(number, (most, most))
    except (ValueError, OSError):
        if sys.platform == "linux":
            raise  # elsewhere a limit may exist by name only
os.execv(sys.argv[1], sys.argv[1:])
"""
_CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "credential.helper": "",
    "fetch.unpackLimit": "1",
    "fetch.recurseSubmodules": "no",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "initial",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "pack.threads": "1",
    "protocol.version": "2",
    "transfer.fsckObjects": "true",
}
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20 -o PermitLocalCommand=no -o ClearAllForwardings=yes",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
#: What git says -> what we say. The first that fits is told.
_REASONS = (
    ("couldn't find remote ref", "has no such branch, tag or commit"),
    ("not our ref", "has no such commit"),
    ("dubious ownership", "belongs to another user of this machine; name a copy of your own"),
    ("Could not resolve host", "its host cannot be found"),
    ("terminal prompts disabled", "does not exist, or is not open to everybody"),
    ("Authentication failed", "does not exist, or is not open to everybody"),
    ("Permission denied", "is not open to the key of this user"),
    ("not found", "does not exist"),
    ("does not appear to be a git repository", "does not exist, or is no git repository"),
    ("File too large", f"is larger than {MAX_FILE_BYTES >> 20} MiB"),
    ("Out of memory", "needs too much memory"),
)
#: The kernel's answer to a limit -> what we say.
_SIGNALS = {
    "SIGXFSZ": f"is larger than {MAX_FILE_BYTES >> 20} MiB",
    "SIGXCPU": f"takes more than {MAX_CPU_SECONDS} s of CPU time",
}


class Repository:
    """A bare repository of our own in the empty folder `root`; `shown` is what messages call the one it comes from."""

    def __init__(self, root: Path, shown: str) -> None:
        self.shown = shown
        self._root = root
        self._git = shutil.which("git")
        self._deadline = time.monotonic() + MAX_SECONDS
        if self._git is None:
            raise UsageError(f"{shown}: git is not installed here, and a repository is read with it")
        self._run("init", "--quiet", "--bare", "--template=", ".")

    def fetch(self, url: str, ref: str, depth: int) -> None:
        """Bring the last `depth` commits of `ref` here.

        Raises:
            SubmissionError: it cannot be had.
        """
        quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-commit-graph")
        self._run("fetch", *quiet, f"--depth={depth}", "--", url, f"+{ref}:refs/heads/fetched")

    def commit(self, before: datetime | None) -> str:
        """The fetched commit, or the last one on its first line of ancestors that was made before a moment.

        Raises:
            SubmissionError: there is none.
        """
        until = [f"--until={before.isoformat()}"] if before else []
        found = self._run("rev-list", "-1", "--first-parent", *until, "refs/heads/fetched").decode().strip()
        if not found:
            raise SubmissionError(f"{self.shown}: has no commit before {before}")
        return found

    def listing(self, commit: str) -> list[bytes]:
        """One line for each file of a commit: mode, kind, object, size, and the name after a tab."""
        return self._run("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0")[:-1]

    def content(self, oid: str) -> bytes:
        """What a file holds."""
        return self._run("cat-file", "blob", oid)

    def _run(self, *words: str) -> bytes:
        out, err = self._root / "tinygrade-out", self._root / "tinygrade-err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                self._command(words),
                cwd=self._root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            code = self._ended(process)
        if code != 0:
            raise SubmissionError(f"{self.shown}: {_reason(err, code)}")
        return out.read_bytes()

    def _command(self, words: tuple[str, ...]) -> list[str]:
        settings = [word for key, value in _CONFIG.items() for word in ("-c", f"{key}={value}")]
        command = [str(self._git), *settings, *words]
        return command if os.name == "nt" else [sys.executable, "-I", "-S", "-c", _LIMITS, *command]

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise SubmissionError(f"{self.shown}: takes longer than {MAX_SECONDS:g} s to fetch") from None
        finally:
            # its helpers are in its group; where it ended by itself there is nobody left to end
            if process.poll() is None:
                _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, **_ENVIRONMENT}


def _reason(err: Path, code: int) -> str:
    # what a server says is in here, too
    text = err.read_bytes()[-4096:].decode("utf-8", "replace")
    for said, ours in _REASONS:
        if said in text:
            return ours
    ended_by = signal.Signals(-code).name if -code in signal.valid_signals() else ""
    if ended_by in _SIGNALS:
        return _SIGNALS[ended_by]
    last = re.findall(r"^(?:fatal|error): (.+)$", text, re.MULTILINE)
    return f"cannot be fetched: {clean_line(last[-1], 200) if last else f'git ended with {code}'}"
