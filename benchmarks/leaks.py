"""Do checks in a row leave anything behind? `python -m benchmarks.leaks [--checks 1000] [--sandbox local]`.

Counts processes that descend from this one, file descriptors, threads and memory of this process and of the zygote, and
temporary files, after ten checks (what is made once is made then) and after all. Every fourth check prints, every
fifth ends by itself. The exit code is 1 when a count has grown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tinygrade.model import Limits
from tinygrade.sandbox import WorkerError
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox
from tinygrade.worker.packing import packed

SANDBOXES = {"local": LocalSandbox, "portable": PortableSandbox}
PACKAGE = b"""
import os, sys
def work(number):
    if number % 4 == 0:
        print('x' * 100_000)
    if number % 5 == 0:
        os._exit(number % 3)
    return number
"""
#: Growth in KiB that Python's allocator may show without a leak.
MEMORY_KIB = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=1000)
    parser.add_argument("--sandbox", choices=SANDBOXES, default="local")
    options = parser.parse_args()
    report = run(options.sandbox, options.checks)
    print(json.dumps(report, indent=1))
    sys.exit(1 if report["leaked"] else 0)


def run(name: str, checks: int) -> dict[str, Any]:
    """Counts before and after, and the names of those that grew."""
    # a folder of our own: other programs use the usual one meanwhile
    folder = tempfile.mkdtemp(prefix="tinygrade-leaks-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    sandbox = SANDBOXES[name](Limits())
    try:
        for number in range(10):
            check(sandbox, number)
        before, start = counts(sandbox), time.perf_counter()
        for number in range(checks):
            check(sandbox, number)
        seconds, after = time.perf_counter() - start, counts(sandbox)
    finally:
        sandbox.close()
    after["temporary files"] = len(os.listdir(folder))
    allowed = {"memory KiB": MEMORY_KIB}
    leaked = [key for key, count in after.items() if count > before.get(key, 0) + allowed.get(key, 0)]
    shutil.rmtree(folder)
    leaked += ["processes after the end"] if descendants(os.getpid()) else []
    rate = round(checks / seconds, 1)
    return {"checks": checks, "per_second": rate, "before": before, "after": after, "leaked": leaked}


def check(sandbox: Any, number: int) -> None:
    """One worker that loads a package and answers one call, or ends instead of answering."""
    worker = sandbox.open(cpu_seconds=10.0)
    try:
        files = packed({"__init__.py": PACKAGE})
        surface = {"tensor": "Tensor", "parameters": [], "names": {}}
        ask(worker, "open", "tinytorch", "/tinytorch", files, surface, [], packed({}))
        work = ask(worker, "get", ask(worker, "module", ""), "work")
        ask(worker, "call", work, [number], {})
        worker.output()
    except WorkerError:
        assert number % 5 == 0
    finally:
        worker.close()


def ask(worker: Any, do: str, *args: Any) -> Any:
    return worker.ask({"do": do, "args": list(args)}, cpu_seconds=10.0)["value"]


def counts(sandbox: Any) -> dict[str, int]:
    zygote = getattr(sandbox, "_zygote", None)  # the spare of the portable one is new each time
    lasting = [os.getpid(), *([zygote.pid] if zygote else [])]
    return {
        "processes": 1 + len(descendants(os.getpid())),
        "file descriptors": sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in lasting),
        "threads": threading.active_count(),
        "memory KiB": sum(resident(pid) for pid in lasting),
    }


def descendants(pid: int) -> list[int]:
    """Children of children, too; zombies count."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(word) for text in texts for word in text.split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 10


if __name__ == "__main__":
    main()
