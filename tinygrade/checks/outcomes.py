"""From what happened to a worker to the status of the student's check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tinygrade.failures import StudentFailure
from tinygrade.sandbox import WorkerDied, WorkerError, WorkerTimeout


@contextmanager
def translated(locate: Callable[[str], str]) -> Iterator[None]:
    """Turn the ends of a worker into student failures.

    Args:
        locate: finds the student's own place in the stack that was printed at a time-out.
    """
    try:
        yield
    except WorkerTimeout as error:
        raise StudentFailure(f"stopped: {error}", status="timed_out", where=locate(error.place)) from None
    except WorkerDied as error:
        if error.out_of_memory:
            raise StudentFailure(str(error), status="out_of_memory") from None
        raise StudentFailure(f"your code ended the grading process: {error}", status="crashed") from None
    except WorkerError as error:
        raise StudentFailure(str(error)) from None
