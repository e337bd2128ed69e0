"""What an assignment says about its groups of checks, about platforms that grade it, and about bundles for students."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Platform:
    """What a grading may take where nobody watches it. Times are seconds."""

    #: After so long a grading is ended and says so: below the 10 minutes after which Gradescope gives a silent zero.
    deadline: float = 540.0


@dataclass(frozen=True)
class Release:
    """What bundles for students hold besides the checks."""

    #: From this day on, bundles of later assignments hold the solution; None: they never do.
    solution: date | None = None
    #: Further files of the assignment's folder that its visible checks need.
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Consecutive checks that the terminal shows as one line; one test file each."""

    file: str
    title: str
    points: float
