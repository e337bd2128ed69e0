"""What one run of the command gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """One run of the real command."""

    exit_code: int
    stdout: str
    stderr: str
    #: The instructor's report as JSON, or None when there is none.
    report: dict[str, Any] | None

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    def check(self, name: str) -> dict[str, Any]:
        """The result of the check with this function name."""
        assert self.report is not None, self.text
        return next(c for c in self.report["checks"] if c["id"].endswith(f"::{name}"))

    def lost(self) -> dict[str, float]:
        """Points lost by check function."""
        assert self.report is not None, self.text
        checks = self.report["checks"]
        return {c["id"].split("::")[1]: c["max_points"] - c["points"] for c in checks if c["points"] < c["max_points"]}

    def statuses(self) -> set[str]:
        assert self.report is not None, self.text
        return {c["status"] for c in self.report["checks"]}
