"""From what happened in a worker, or to it, to the status of the student's check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinygrade.checks.package import Package
from tinygrade.checks.places import innermost, told
from tinygrade.errors import did_you_mean
from tinygrade.failures import StudentFailure
from tinygrade.sandbox import WorkerDied, WorkerError, WorkerTimeout

NO_ANSWER = "what came back was not an answer"


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


def failure_of(error: Any, package: Package) -> StudentFailure:
    """The exception that a worker tells of as a failure of the check; believes nothing but text."""
    if type(error) is not dict:
        return StudentFailure(NO_ANSWER)
    kind = told(error.get("type"), limit=100)
    # Where the package lies for this run is nothing that a student could use.
    message = told(error.get("message"), limit=1000).replace(f"{package.folder.parent}/", "")
    where = innermost(error.get("frames"), package.files)
    if error.get("stub") is True:
        return StudentFailure(message or "not implemented yet", status="not_implemented", where=where)
    if error.get("memory") is True:
        return StudentFailure("it asked for more memory than it may use", status="out_of_memory", where=where)
    if error.get("exit") is True:
        return StudentFailure("your code called exit", status="crashed", where=where)
    return StudentFailure(f"{kind}: {message}{_missing_name(kind, message, package)}", where=where)


def _missing_name(kind: str, message: str, package: Package) -> str:
    match = re.fullmatch(rf"No module named '{package.name}\.(\w+)'", message)
    if kind != "ModuleNotFoundError" or not match:
        return ""
    return did_you_mean(f"{match[1]}.py", package.files)


def said(error: AssertionError) -> str:
    """What the check's author wrote, without what pytest adds."""
    return str(error).split("\nassert ")[0]
