"""How steady are the ratios that assignment 6 judges? `python -m benchmarks.generation_speed [--runs 10] [--busy 4]`.

Half of the runs have busy processes beside them. Also prints the CPU seconds on which the caps of the checks rest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tinygrade.checks.calibration import Calibration

ROOT = Path(__file__).resolve().parents[1]
BUSY = "while True: pass"
SIZES = {"width": 64, "heads": 4, "mlp": 256, "layers": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", type=int, default=4)
    options = parser.parse_args()
    found = {"nominal": nominal(), "quiet": [ratios() for _ in range(options.runs // 2)]}
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    try:
        found["busy"] = [ratios() for _ in range(options.runs - options.runs // 2)]
    finally:
        for process in busy:
            process.kill()
    for title in ("quiet", "busy"):
        for check, values in sorted({check: [row[check] for row in found[title]] for check in found[title][0]}.items()):
            print(f"{title:<6} {check:<18} {min(values):5.1f} to {max(values):5.1f} times", file=sys.stderr)
    print(json.dumps({**found, "load": os.getloadavg()[0]}))


def ratios() -> dict[str, float]:
    """What the checks of speed say about the reference, by check."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = ["check", "assignment6", "--submission", str(ROOT / "reference"), "-k", "speed"]
        command += ["--report", f"json={report}"]
        subprocess.run([sys.executable, "-m", "tinygrade", *command], stdout=subprocess.DEVNULL, cwd=ROOT, check=False)
        checks = json.loads(report.read_text())["checks"]
    told = {check["id"].split("::")[1]: re.search(r"([\d.]+) times", check["message"]) for check in checks}
    return {name: float(match[1]) for name, match in told.items() if match}


def nominal() -> dict[str, float]:
    """CPU seconds of the reference's own side of two ratios, on the nominal machine (BLAS with one thread)."""
    sys.path.insert(0, str(ROOT / "reference"))
    from tinytorch.optim import AdamW
    from tinytorch.train import train_step
    from tinytorch.transformer import GPT

    calibration, rng = Calibration(), np.random.default_rng(0)
    reader, learner = (GPT(**SIZES, max_len=length, rng=rng) for length in (128, 32))
    ids, tokens = rng.integers(1, 31, (1, 128)), rng.integers(0, 31, (8, 33))
    optimizer = AdamW(learner.parameters(), lr=1e-3)
    seconds: dict[str, list[float]] = {"uncached": [], "step": []}
    for _ in range(9):
        start = time.process_time()
        for length in range(113, 129):
            reader(ids[:, :length])
        middle = time.process_time()
        train_step(learner, optimizer, tokens[:, :-1], tokens[:, 1:])
        seconds["uncached"].append(middle - start)
        seconds["step"].append(time.process_time() - middle)
        calibration.sample()
    return {name: round(float(np.median(each)) / calibration.factor, 4) for name, each in seconds.items()}


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
