"""Compile a package once for all of its workers.

A worker that runs nothing of the student's does it. What it gives is opaque here: it goes back to workers of the same
package and nowhere else, and there the student's code may do whatever it likes anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.checks.package import Package
from tinygrade.sandbox import WorkerError

#: Which worker of a package is the first one that it pays for: a run of one check has few.
FROM_WORKER = 3


def code_for(package: Package, open_worker: Callable[..., Any]) -> dict[str, np.ndarray]:
    """What a new worker of `package` need not compile itself: by file, empty while it does not pay."""
    package.workers += 1
    if package.workers == FROM_WORKER:
        package.code = _compiled(package, open_worker)
    return package.code


def _compiled(package: Package, open_worker: Callable[..., Any]) -> dict[str, np.ndarray]:
    seconds = package.limits.import_cpu_seconds
    worker = open_worker(cpu_seconds=seconds)
    request = {"do": "compile", "args": [package.folder.as_posix(), package.sources]}
    try:
        found = worker.ask(request, cpu_seconds=seconds).get("value")
    except WorkerError:  # a source that chokes the compiler: each worker finds out for itself, and tells
        return {}
    finally:
        worker.close()
    if type(found) is not dict:
        return {}
    return {file: code for file, code in found.items() if file in package.files and _is_bytes(code)}


def _is_bytes(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype == np.uint8 and value.ndim == 1
