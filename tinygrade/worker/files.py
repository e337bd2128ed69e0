"""What checks ask about the files that code under test keeps: routines, which run on both sides, each in its folder."""

from __future__ import annotations

import os
from typing import Any

import numpy as np


def files(surface: Any) -> dict[str, np.ndarray]:
    """Name and bytes of each file in the working folder."""
    return {name: np.fromfile(name, np.uint8) for name in sorted(os.listdir()) if os.path.isfile(name)}


def put(surface: Any, contents: dict[str, np.ndarray]) -> None:
    """Write these files into the working folder."""
    for name, content in contents.items():
        with open(name, "wb") as file:
            file.write(content.tobytes())
