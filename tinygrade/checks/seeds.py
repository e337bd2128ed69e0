"""The seed of a grading: any, or, where only a record of the solution is there, one that was recorded."""

from __future__ import annotations

from tinygrade.model import Assignment
from tinygrade.solved import record_of


def seed_for(assignment: Assignment, wanted: int | None, drawn: int) -> int:
    """`wanted`; when it is None `drawn`, or in its place one that the record holds.

    Raises:
        UserError: there is neither solution nor record, or the record does not hold the seed that is wanted.
    """
    record = record_of(assignment)
    if record is None:
        return drawn if wanted is None else wanted
    from tinygrade.checks.recorded import file, session

    header = file.read_header(record)
    if wanted is None:
        return header.seeds[drawn % len(header.seeds)]
    session.require_seed(header, wanted)
    return wanted
