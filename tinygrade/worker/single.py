"""One worker for one check without a fork: a fresh process that talks over its standard streams.

For systems without fork (Windows) and where the zygote cannot run. Standard input carries requests, standard
output replies; what the student prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from . import canary, package
from .confinement import Confinement, ConfinementError
from .pipe import Pipe
from .scratch import CAPPED
from .session import Session


def main(request: str) -> None:
    """Serve one check. `request` is the JSON of `limits` (see `Confinement.apply`), `canary` and `without`."""
    wanted = json.loads(request)
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if os.name == "nt":
        _binary(incoming, outgoing)
    package.hide_site_packages()
    serve(Pipe(incoming, outgoing), Confinement(wanted["without"]), wanted, os.getppid())


def serve(pipe: Pipe, confinement: Confinement, request: dict[str, Any], parent: int) -> None:
    """Confine this process, say how, and answer. What it says first is said before student code is there."""
    try:
        applied = confinement.apply(request["limits"], parent)
    except ConfinementError as error:
        pipe.send({"unconfined": str(error)})
        return
    pipe.send({"applied": asdict(applied)})
    if request["canary"]:
        pipe.receive()  # one that ended before it is asked would look like one that was killed
        capped = applied.scratch == CAPPED
        pipe.send({"value": canary.possible_acts(request["limits"]["scratch"]["mib"] if capped else 0)})
        return
    Session(pipe).serve()


def _binary(*fds: int) -> None:
    import msvcrt

    for fd in fds:
        msvcrt.setmode(fd, os.O_BINARY)  # type: ignore[attr-defined]
    assert sys.platform == "win32"
