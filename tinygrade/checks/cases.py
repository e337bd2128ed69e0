"""The cases of a check share a worker for as long as they are right: starting one is most of what a small case costs.

The same where nothing is written yet, and for the smoke checks of one assignment, which decide together. A worker
belongs to one check, and no case is wrong by what another one left in it: one that is not right in a worker that
others have used is judged again in a fresh one (see `checks.retries`), and the next case begins with a fresh one. What
is right only after another case is right here, as it is for whoever uses the package.
"""

from __future__ import annotations

from tinygrade.checks.package import Package
from tinygrade.checks.student import StudentLibrary

#: CPU seconds of a worker after which it gets no further case: what the system lets it use is not for one case alone.
MOST_CPU_SECONDS = 1.0


class Cases:
    """The worker that goes from one case to the next."""

    def __init__(self) -> None:
        self._check = self._coming = ""
        self._shared = True
        self._kept: StudentLibrary | None = None

    def begin(self, check: str, coming: str) -> None:
        """A test of this check begins, whether it runs or not, and one of the check `coming` is next."""
        if check != self._check:
            self._end()
            self._shared = True
        self._check, self._coming = check, coming

    def share_no_more(self) -> None:
        """A case was wrong in a used worker alone: the other cases of this check get a worker each, and one try."""
        self._shared = False

    def take(self, package: Package, cpu_seconds: float) -> StudentLibrary | None:
        """The worker of an earlier case of this check, if it has loaded this package and has this limit."""
        kept = self._kept
        if kept is not None and kept.next_case(package, cpu_seconds):
            self._kept = None
            return kept
        self._end()
        return None

    def keep(self, library: StudentLibrary) -> bool:
        """Keep it for the next case, if there is one that it will do for."""
        if not self._shared or self._check != self._coming or not library.may_go_on(MOST_CPU_SECONDS):
            return False
        self._kept = library
        return True

    def _end(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
