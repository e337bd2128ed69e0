"""Many training runs at once, each a `tinygrade train` of its own; what is done is never done again.

A run that is killed leaves nothing in the log, and the next comparison makes up for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tinygrade import Course, GraderError, UsageError

from .grid import Job

#: The command line, in a process that does not outlive ours and leaves Ctrl-C to us.
_COMMAND = "from tinygrade.cli import main; from tinygrade.grading.session import die_with; die_with({}); main()"


class Log:
    """Finished runs as JSON lines in a file, or in memory only.

    Raises:
        UsageError: the file cannot be read or written, or holds something else.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._done: dict[str, dict[str, Any]] = {}
        if file is None:
            return
        try:
            text = file.read_text("utf-8") if file.exists() else ""
            file.open("a").close()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--log {file}: {getattr(error, 'strerror', 'is not UTF-8 text')}") from error
        self._ends = not text or text.endswith("\n")
        self._read(text.splitlines())

    def _read(self, lines: Sequence[str]) -> None:
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                self._done[json.dumps(entry["key"], sort_keys=True)] = entry["result"]
            except (ValueError, KeyError, TypeError) as error:
                if number < len(lines) or self._ends:
                    raise UsageError(f"--log {self._file}:{number}: is no run of a comparison") from error
                # the last line was cut off: that run is done again

    def get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        return self._done.get(json.dumps(key, sort_keys=True))

    def add(self, key: dict[str, Any], result: dict[str, Any]) -> None:
        self._done[json.dumps(key, sort_keys=True)] = result
        if self._file is None:
            return
        line = json.dumps({"key": key, "result": result})
        try:
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n" if self._ends else f"\n{line}\n")
        except OSError as error:
            raise UsageError(f"--log {self._file}: {error.strerror}") from error
        self._ends = True


class Runner:
    """Runs jobs on `cores` processes.

    Args:
        budget: what is the same for all jobs, and part of their keys.
        arguments: the options of `tinygrade train` that say the same.
    """

    def __init__(self, course: Course, budget: dict[str, Any], arguments: Sequence[str], log: Log, cores: int) -> None:
        self._course = course
        self._budget = budget
        self._arguments = list(arguments)
        self._log = log
        self._cores = cores
        self._processes: set[subprocess.Popen[str]] = set()
        self._stopping = False

    def results(self, jobs: Sequence[Job], started: Callable[[Job], None]) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Each job with its result, as they come; those of the log first."""
        missing = []
        for job in jobs:
            known = self._log.get(job.key(self._budget))
            if known is None:
                missing.append(job)
            else:
                yield job, known
        with ThreadPoolExecutor(self._cores) as pool:
            futures = {pool.submit(self._run, job, started): job for job in missing}
            try:
                yield from self._finished(futures)
            except BaseException:
                self._stop(futures)
                raise

    def _finished(self, futures: dict[Future[dict[str, Any]], Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
        for future in as_completed(futures):
            job, result = futures[future], future.result()
            self._log.add(job.key(self._budget), result)
            yield job, result

    def _stop(self, futures: dict[Future[dict[str, Any]], Job]) -> None:
        self._stopping = True
        for future in futures:
            future.cancel()
        for process in list(self._processes):
            process.kill()

    def _run(self, job: Job, started: Callable[[Job], None]) -> dict[str, Any]:
        if self._stopping:
            raise GraderError("a run was started after the end")
        started(job)
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND.format(os.getpid()), "train", *self._words(job)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._processes.add(process)
        try:
            out, err = process.communicate()
        finally:
            self._processes.discard(process)
        if process.returncode == 2:
            raise UsageError(err.strip().removeprefix("tinygrade: "))
        if process.returncode != 0:
            last = (err.strip().splitlines() or ["nothing was said"])[-1]
            raise GraderError(f"a training run ended with {process.returncode}: {last}")
        result: dict[str, Any] = json.loads(out)
        return result

    def _words(self, job: Job) -> list[str]:
        config = job.config
        size = ["--model", f"{config.layers}x{config.width}", "--heads", str(config.heads)]
        words = ["--course", str(self._course.root), *size, "--recipe", config.recipe, "--seed", str(job.seed)]
        words += ["--lr", repr(config.lr)] if config.lr is not None else []
        words += ["--batch", str(config.batch)] if config.batch is not None else []
        return [*words, *self._arguments, "--keep-going", "--text", "--json", "-"]
