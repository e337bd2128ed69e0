"""The cases of a check share a worker for as long as they are right: starting one is most of what a small case costs.

The same where nothing is written yet, and for the smoke checks of one assignment, which decide together. A worker
belongs to one check, and no case is judged by what another one left in it: one that is not right in a worker that
others have used is judged again in a fresh one (see `checks.retries`), and the next case begins with a fresh one.
"""

from __future__ import annotations

from tinygrade.checks.package import Package
from tinygrade.checks.student import StudentLibrary

#: CPU seconds of a worker after which it gets no further case: what the system lets it use is not for one case alone.
MOST_CPU_SECONDS = 1.0


class Cases:
    """The worker that goes from one case to the next."""

    def __init__(self) -> None:
        #: Is the test after the one that runs another case of the same check?
        self.go_on = False
        self._kept: StudentLibrary | None = None

    def take(self, package: Package) -> StudentLibrary | None:
        """The worker of the case before, when there is one and it has loaded this package."""
        kept, self._kept = self._kept, None
        if kept is None:
            return None
        if kept.package is package:
            kept.next_case()
            return kept
        kept.close()
        return None

    def keep(self, library: StudentLibrary) -> bool:
        """Keep it for the next case, if there is one that it will do for."""
        if not self.go_on or not library.is_as_new(MOST_CPU_SECONDS):
            return False
        self._kept = library
        return True
