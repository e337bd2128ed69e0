"""Entry of the worker, started by path: `python -I -B tinygrade/worker/__main__.py MODE ARGUMENT...`.

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


def main() -> None:
    import numpy.random  # noqa: F401  (loading it in each child would cost more than the fork)

    load_package()
    mode = sys.argv[1]
    if mode == "zygote":
        import socket

        from tinygrade_worker import zygote  # type: ignore[import-not-found]

        zygote.main(socket.socket(fileno=int(sys.argv[2])), sys.argv[3:])
    else:
        from tinygrade_worker import single

        single.main(sys.argv[2])
    os._exit(0)


if __name__ == "__main__":
    main()
