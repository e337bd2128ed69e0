"""The files of a package as few values for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np


def packed(files: Mapping[str, bytes]) -> list[Any]:
    """Their names, how long they are, and one array of all that is in them."""
    content = np.frombuffer(b"".join(files.values()), np.uint8)
    return [list(files), [len(data) for data in files.values()], content]


def unpacked(values: Any) -> dict[str, bytes]:
    """What `packed` was given. Raises ValueError for anything else."""
    if type(values) is not list or [type(part) for part in values] != [list, list, np.ndarray]:
        raise ValueError("not what files are packed into")
    names, sizes, content = values
    if any(type(name) is not str for name in names) or any(type(size) is not int or size < 0 for size in sizes):
        raise ValueError("files without a name or a length")
    if content.dtype != np.uint8 or content.shape != (sum(sizes),) or len(names) != len(sizes):
        raise ValueError("files of another length than they are said to have")
    data = content.tobytes()
    return {name: data[end - size : end] for name, size, end in zip(names, sizes, accumulate(sizes), strict=True)}
