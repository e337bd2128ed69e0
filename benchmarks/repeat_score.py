"""Does a submission get the same score every time? `python -m benchmarks.repeat_score SUBMISSION [--runs 20]`.

The second half of the runs has four busy processes beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BUSY = "while True: pass"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submission")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=41)
    options = parser.parse_args()
    rows = [run(options.submission, options.seed) for _ in range(options.runs // 2)]
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(4)]
    try:
        loaded = [run(options.submission, options.seed) for _ in range(options.runs - len(rows))]
    finally:
        for process in busy:
            process.kill()
    for title, part in (("quiet", rows), ("four busy processes beside it", loaded)):
        print(f"{title}: scores {[r['score'] for r in part]}, seconds {[r['seconds'] for r in part]}", file=sys.stderr)
    same = len({json.dumps(row["checks"]) for row in (*rows, *loaded)}) == 1
    print(json.dumps({"identical": same, "scores": [row["score"] for row in (*rows, *loaded)]}))


def run(submission: str, seed: int) -> dict[str, Any]:
    """Score, points by check and wall seconds of one run of the real command."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = ["--submission", submission, "--seed", str(seed), "--report", f"json={report}"]
        command = ["check", "assignment3", *options]
        start = time.monotonic()
        subprocess.run([sys.executable, "-m", "tinygrade", *command], stdout=subprocess.DEVNULL, check=False)
        tree = json.loads(report.read_text())
    seconds = round(time.monotonic() - start, 1)
    return {"score": tree["score"], "seconds": seconds, "checks": [(c["id"], c["points"]) for c in tree["checks"]]}


if __name__ == "__main__":
    print(f"load {os.getloadavg()}", file=sys.stderr)
    main()
