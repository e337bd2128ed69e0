"""The lines that `tinygrade doctor --attacks` prints: one for each attack as it ends, and what it all amounts to."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tinygrade.attacks.attack import Attack
from tinygrade.attacks.runner import Verdict
from tinygrade.text import clean_line

HELD, BROKEN = "held", "BROKEN"
#: What is told of one attack that came through.
REASONS_SHOWN = 8


class Table:
    """Keeps count; rows are made one by one, because the attacks take minutes."""

    def __init__(self, attacks: Sequence[Attack]) -> None:
        self.attacks = tuple(attacks)
        self.broken: list[Verdict] = []
        self._width = max((len(attack.name) for attack in attacks), default=0)
        self._done = 0
        self._start = time.monotonic()

    def head(self) -> list[str]:
        number = f"{len(self.attacks)} attack{'s' if len(self.attacks) != 1 else ''}"
        return [f"{number}, each a submission that is graded as any other:", ""]

    def row(self, verdict: Verdict) -> list[str]:
        """The line of this attack, and below it what did not hold."""
        self._done += 1
        if not verdict.held:
            self.broken.append(verdict)
        name = verdict.attack.name.replace("_", " ")
        count = f"{self._done:>3}/{len(self.attacks)}"
        word = HELD if verdict.held else BROKEN
        line = f"{count}  {word:<6}  {name:<{self._width}}  {verdict.seconds:6.1f} s  {verdict.attack.what}"
        reasons = [f"{'':15} - {clean_line(reason, 300)}" for reason in verdict.broken[:REASONS_SHOWN]]
        if not verdict.held and verdict.isolation != verdict.attack.needs == "strong":
            reasons.append(f"{'':15} - known below strong isolation; it is {verdict.isolation or 'unknown'} here")
        return [line, *reasons]

    def foot(self) -> str:
        seconds = time.monotonic() - self._start
        held = self._done - len(self.broken)
        return f"\n{held} of {self._done} attacks were held back in {seconds:.0f} s"
