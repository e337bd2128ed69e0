"""Compile a package once for all of its workers.

A worker that runs nothing of the student's does it. What it gives is opaque here: it goes back to workers of the same
package and nowhere else, and there the student's code may do whatever it likes anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.checks.package import Package
from tinygrade.sandbox import WorkerError
from tinygrade.worker.packing import packed, unpacked

#: Which worker of a package is the first one that it pays for: a run of one check has few.
FROM_WORKER = 3


def code_for(package: Package, open_worker: Callable[..., Any]) -> list[Any]:
    """What a new worker of `package` need not compile itself, packed; nothing is in it while it does not pay."""
    package.workers += 1
    if package.workers == FROM_WORKER:
        package.code = packed(_compiled(package, open_worker))
    return package.code


def _compiled(package: Package, open_worker: Callable[..., Any]) -> dict[str, bytes]:
    seconds = package.limits.import_cpu_seconds
    worker = open_worker(cpu_seconds=seconds)
    request = {"do": "compile", "args": [package.folder.as_posix(), package.sources]}
    try:
        found = unpacked(worker.ask(request, cpu_seconds=seconds)["value"])
    except (WorkerError, KeyError, ValueError):  # a source that chokes the compiler: each worker finds out, and tells
        return {}
    finally:
        worker.close()
    return {file: code for file, code in found.items() if file in package.files}
