"""What a check asked of a worker, step by step, and the few steps that a failure needs.

Every check is a stream of requests (see `checks.student`). A recorder listens between library and worker; it changes
nothing, except that training is not run. Which steps can be left out is not guessed but tried: the shorter list must
give the same answer in a fresh worker.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrade.failures import StudentFailure
from tinygrade.sandbox import Worker, WorkerError
from tinygrade.worker.wire import HandleRef, encode

NOT_TRAINED = "training is not run here"
_YOURS = re.compile(r"(?:\[([\d, ]+)\])?: yours (\S+), expected")
_SHAPE = re.compile(r"has shape (\([\d, ]*\)), expected")
_NO_GRADIENT = re.compile(r"got no gradient")
_NOT_FINITE = re.compile(r"(?:NaN|infinity)(?: at \[([\d, ]+)\])?")


@dataclass(frozen=True)
class Step:
    """One request and what came back."""

    do: str
    args: list[Any]
    #: The whole reply; {} when there was none.
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def made(self) -> int | None:
        """Number of the object that this step made, or None."""
        value = self.reply.get("value")
        return value.id if isinstance(value, HandleRef) else None

    @property
    def failed(self) -> bool:
        return "value" not in self.reply

    @property
    def gives_data(self) -> bool:
        return self.do in ("fetch", "routine") and not self.failed

    @property
    def used(self) -> set[int]:
        """Numbers of the objects that it was asked with."""
        return set(_numbers(self.args))


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, HandleRef):
        yield value.id
    elif isinstance(value, dict):
        yield from _numbers(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)


class Recorder:
    """Listens to all workers that are opened through it, until it is told to start anew."""

    def __init__(self) -> None:
        self._traces: list[list[Step]] = []

    def start(self) -> None:
        self._traces = []

    def steps(self) -> list[Step]:
        """What the worker that was asked last was asked, without what only places are found by."""
        found = self._traces[-1] if self._traces else []
        return [step for step in found if not (step.do == "routine" and step.args[0] == "locate")]

    def listening(self, open_worker: Callable[..., Worker]) -> Callable[..., Any]:
        """`open_worker`, with a recorder at each worker's mouth."""

        def opened(**options: Any) -> Listener:
            self._traces.append([])
            return Listener(open_worker(**options), self._traces[-1])

        return opened


class Listener:
    """A worker whose requests are written down."""

    def __init__(self, worker: Worker, steps: list[Step]) -> None:
        self._worker = worker
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker, name)

    def ask(self, request: dict[str, Any], **waiting: Any) -> dict[str, Any]:
        """Ask the worker.

        Raises:
            StudentFailure: it is to train, which would take as long as a grading.
        """
        step = Step(request["do"], copy.deepcopy(request["args"]))  # a check may change its arrays later
        self._steps.append(step)
        if step.do == "train":
            raise StudentFailure(NOT_TRAINED)
        reply = self._worker.ask(request, **waiting)
        self._steps[-1] = Step(step.do, step.args, reply)
        return reply


# ---- the steps that matter ---------------------------------------------------------------------------


def target(steps: Sequence[Step], message: str) -> int:
    """The step whose answer `message` speaks of: the last one whose data show it, else the last of all."""
    last = len(steps) - 1
    if last < 0 or steps[last].failed:
        return last
    shown = [i for i, step in enumerate(steps) if step.gives_data and place(step.reply["value"], message)]
    if shown and steps[shown[0]].do == "routine":  # what is asked later may be for a diagnosis
        return shown[0]
    return shown[-1] if shown else last


def batch(steps: Sequence[Step], call: int) -> tuple[int, int] | None:
    """The step that asked for the `call`-th evaluation of a gradient check, and its number in there."""
    for i, step in enumerate(steps):
        if step.gives_data and step.do == "routine" and step.args[0] == "vjps":
            calls = len(step.args[1][1])
            if call < calls:
                return i, call
            call -= calls
    return None


def place(data: Any, message: str) -> tuple[Any, ...]:
    """Where in `data` stands what `message` says is the student's: keys, then an index; () when nowhere."""
    if found := _YOURS.search(message):
        index, number = _index(found[1]), found[2]
        # What stands in brackets may also be the place in a list of numbers.
        ways = [way for i in ([index, ()] if index else [index]) for way in _ways(data, _entry(i, number))]
    elif found := _NOT_FINITE.search(message):
        ways = list(_ways(data, _entry(_index(found[1]), "")))
    elif found := _SHAPE.search(message):
        shape = found[1]
        ways = list(_ways(data, lambda value: () if str(np.shape(value)) == shape else None))
    elif _NO_GRADIENT.search(message):
        ways = list(_ways(data, lambda value: () if value is None else None))
    else:
        return ()
    named = [way for way in ways if all(str(key) in message for key in way[:-1])]
    return next(iter([*named, *ways]), ())


def _entry(index: tuple[int, ...], number: str) -> Callable[[Any], tuple[int, ...] | None]:
    """Does a value have `number`, or with "" one that is not finite, at `index`?"""

    def look(value: Any) -> tuple[int, ...] | None:
        if value is None or isinstance(value, str):
            return None
        array = np.asarray(value)
        if array.ndim != len(index) or any(i >= size for i, size in zip(index, array.shape, strict=True)):
            return None
        entry = array[index]
        fits = shown(entry) == number if number else array.dtype.kind == "f" and not np.isfinite(entry)
        return index if fits else None

    return look


def _ways(data: Any, look: Callable[[Any], tuple[int, ...] | None]) -> Iterator[tuple[Any, ...]]:
    """Keys and index of every value inside `data` that `look` gives an index for."""
    if isinstance(data, dict | list | tuple):
        for key, item in data.items() if isinstance(data, dict) else enumerate(data):
            yield from ((key, *way) for way in _ways(item, look))
    elif not isinstance(data, HandleRef) and (index := look(data)) is not None:
        yield (index,)


def shown(value: Any) -> str:
    """A number as messages show it."""
    return f"{float(value):.6g}" if np.asarray(value).dtype.kind == "f" else str(value)


def _index(text: str | None) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",")) if text else ()


def needed(steps: Sequence[Step], wanted: set[int]) -> list[int]:
    """The steps that `wanted` rest on, and those that changed what they rest on, in order."""
    made = {step.made: i for i, step in enumerate(steps) if step.made is not None}
    used = {number for step in steps for number in step.used}
    effects = [i for i, step in enumerate(steps) if _is_effect(step, used) and i < max(wanted)]
    kept = _closed(steps, made, wanted)
    while more := [i for i in effects if i not in kept and _touches(steps, made, i, kept)]:
        kept |= _closed(steps, made, set(more))
    return sorted(kept)


def _closed(steps: Sequence[Step], made: dict[int, int], wanted: set[int]) -> set[int]:
    kept: set[int] = set()
    pending = list(wanted)
    while pending:
        i = pending.pop()
        if i not in kept:
            kept.add(i)
            pending += [made[number] for number in steps[i].used if number in made]
    return kept


def _touches(steps: Sequence[Step], made: dict[int, int], effect: int, kept: set[int]) -> bool:
    """Does this step change something that was made for the kept ones, or something of a whole module?"""
    own = {i for i in _closed(steps, made, {effect}) - {effect} if steps[i].do not in ("module", "get")}
    return not own or bool(own & kept)


def _is_effect(step: Step, used: set[int]) -> bool:
    if step.failed:
        return False  # an error that the check had asked for
    if step.do == "routine" and step.args[0] == "fit":
        return True
    if step.do == "call":
        return step.made not in used
    writes = step.do == "routine" and step.args[0] == "write"
    return writes or step.do == "set" or (step.do == "operate" and step.args[0] == "setitem")


def shortened(steps: list[Step], end: int, open_worker: Callable[..., Worker]) -> list[Step]:
    """The steps that lead to step number `end`, which is the last of them.

    Args:
        open_worker: a fresh worker, in which the shorter list is tried.
    """
    if end < 0:
        return []
    opening = [i for i, step in enumerate(steps[: end + 1]) if step.do == "open"]
    values = [i for i, step in enumerate(steps[:end]) if step.do == "fetch" and step.gives_data]
    first = set(values[:1]) if steps[end].do == "fetch" else set()  # what it was compared with
    short = [steps[i] for i in sorted({*opening, *needed(steps, {end, *first})})]
    if steps[end].reply and not _same_answer(short, open_worker):
        return [step for step in steps[: end + 1] if not step.failed or step is steps[end]]
    return short


def _same_answer(steps: Sequence[Step], open_worker: Callable[..., Worker]) -> bool:
    worker = open_worker()
    numbers: dict[int, int] = {}
    reply: dict[str, Any] = {}
    try:
        for step in steps:
            reply = worker.ask({"do": step.do, "args": _renumbered(step.args, numbers)}, cpu_seconds=10)
            value = reply.get("value")
            if isinstance(value, HandleRef) and step.made is not None:
                numbers[step.made] = value.id
    except (WorkerError, KeyError):
        return False
    finally:
        worker.close()
    return bool(steps) and _alike(reply, steps[-1].reply)


def _renumbered(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, HandleRef):
        return HandleRef(numbers[value.id], value.type)
    if isinstance(value, dict):
        return {key: _renumbered(item, numbers) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_renumbered(item, numbers) for item in value)
    return value


def _alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if isinstance(a.get("value"), HandleRef) or isinstance(b.get("value"), HandleRef):
        return "value" in a and "value" in b
    if isinstance(a.get("error"), dict) and isinstance(b.get("error"), dict):
        return all(a["error"].get(key) == b["error"].get(key) for key in ("type", "message"))
    return a.keys() == b.keys() and b"".join(encode(a)) == b"".join(encode(b))
