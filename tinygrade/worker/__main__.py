"""Entry of the worker, started by path: `python -I tinygrade/worker/__main__.py MODE ARGUMENT...`.

The folder is loaded as a package of its own, so that nothing of tinygrade is importable here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

NAME = "tinygrade_worker"


def load_package() -> None:
    """Make this folder importable as `tinygrade_worker`."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


def preload() -> None:
    """What students import as a rule: loading it in each worker would cost more than the fork."""
    import collections  # noqa: F401
    import copy  # noqa: F401
    import dataclasses  # noqa: F401
    import functools  # noqa: F401
    import itertools  # noqa: F401
    import math  # noqa: F401
    import random  # noqa: F401
    import time  # noqa: F401
    import typing  # noqa: F401

    import numpy.random  # noqa: F401


def calm_the_heap() -> None:
    """Freeing one large block tells glibc to keep what is freed; trimming costs up to half of a training step."""
    bytearray(1 << 20)


def main() -> None:
    calm_the_heap()
    preload()
    load_package()
    mode = sys.argv[1]
    if mode == "zygote":
        import socket

        from tinygrade_worker import zygote  # type: ignore[import-not-found]

        sys.dont_write_bytecode = True
        zygote.main(socket.socket(fileno=int(sys.argv[2])), sys.argv[3:])
    else:
        from tinygrade_worker import single

        sys.dont_write_bytecode = True
        single.main(sys.argv[2])
    os._exit(0)


if __name__ == "__main__":
    main()
