"""CPU seconds of one slice of the calibration kernel here: `python -m benchmarks.calibration`."""

from __future__ import annotations

import json
import os
import sys
from statistics import median

from tinygrade.checks import calibration


def main() -> None:
    slices = sorted(calibration.slice_seconds() for _ in range(2000))
    result = {
        "version": calibration.VERSION,
        "nominal": calibration.NOMINAL_SECONDS,
        "median": median(slices),
        "minimum": slices[0],
        "load": os.getloadavg()[0],
    }
    print(json.dumps(result))
    print(f"median {result['median'] * 1e3:.3f} ms, nominal {result['nominal'] * 1e3:.3f} ms", file=sys.stderr)


if __name__ == "__main__":
    main()
