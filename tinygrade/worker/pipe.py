"""The worker's ends of the request and reply pipes: blocking reads and writes of whole frames."""

from __future__ import annotations

import os
import select
from typing import Any

from .wire import Frames, encode


class Pipe:
    """Requests come in on one file descriptor, replies go out on another."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._frames = Frames()

    def receive(self) -> Any:
        """The next message; blocks. Raises EOFError when the trusted side is gone."""
        while (ready := self._frames.next()) is None:
            self._fill()
        return ready[0]

    def poll(self) -> Any:
        """The next message if one has arrived, else None. Cheap enough for every training step."""
        # Windows cannot select on a pipe: there a worker gets no messages while it trains.
        while (ready := self._frames.next()) is None:
            if os.name == "nt" or not select.select([self._incoming], [], [], 0)[0]:
                return None
            self._fill()
        return ready[0]

    def _fill(self) -> None:
        data = os.read(self._incoming, 1 << 16)
        if not data:
            raise EOFError
        self._frames.feed(data)

    def send(self, value: Any) -> None:
        """Raises WireError before anything is written when the value cannot be sent."""
        for piece in encode(value):
            view = memoryview(piece)
            while view:
                view = view[os.write(self._outgoing, view) :]
