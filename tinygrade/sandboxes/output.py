"""Keep the beginning and the end of what a worker prints; read and drop the rest."""

from __future__ import annotations


class Output:
    """At most `limit` bytes, however much is fed."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def feed(self, data: bytes) -> None:
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            self._cut_tail()

    def _cut_tail(self) -> None:
        excess = max(0, len(self._tail) - self._half)
        self._dropped += excess
        del self._tail[:excess]

    def take(self) -> str:
        """What was kept since the last call, decoded; invalid bytes become replacement characters."""
        self._cut_tail()
        text = self._head.decode(errors="replace")
        if self._dropped:
            text += f"\n[... {self._dropped:,} bytes left out ...]\n"
        text += self._tail.decode(errors="replace")
        self._head.clear()
        self._tail.clear()
        self._dropped = 0
        return text
