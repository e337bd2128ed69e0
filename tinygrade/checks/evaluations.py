"""What a gradient check asks of both sides, and what it makes of the answers.

A `Question` is a call with its cotangent; `ask` sends many in few requests. What a student's side answers is
anything at all until `_read` has looked at its form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np

from tinygrade.checks.calls import Call
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import MAX_ARRAYS, MAX_TOTAL

NO_ANSWER = "what came back were not a value and its gradients"


@dataclass(frozen=True)
class Evaluation:
    """What one side gave: the value, and a gradient per tensor (None when it was not asked, or could not be)."""

    output: Any
    grads: Sequence[Any] | None = None
    #: A second evaluation, and all arrays at two later moments; see `worker.evaluations.evaluate`.
    again: Evaluation | None = None
    after: Mapping[str, Any] = field(default_factory=dict)
    marked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One call, ready to be asked."""

    call: Call
    #: Per tensor the positions where it stands.
    tensors: tuple[tuple[int, ...], ...]
    cotangent: np.ndarray | None = None
    #: One number per tensor, for `worker.evaluations.evaluate`; None to ask for no more than value and gradients.
    marks: tuple[float, ...] | None = None

    def request(self) -> dict[str, Any]:
        return {
            "inputs": list(self.call.inputs),
            "wrt": [list(positions) for positions in self.tensors],
            "kwargs": dict(self.call.kwargs),
            "cotangent": self.cotangent,
            "marks": None if self.marks is None else list(self.marks),
            "layout": self.call.layout,
        }

    def weight(self) -> tuple[int, int]:
        """Arrays and bytes that the question and its answer put on the wire, roughly and rather too many."""
        arrays = [value for value in self.call.inputs if isinstance(value, np.ndarray)]
        cotangent = 0 if self.cotangent is None else self.cotangent.nbytes
        count = 4 * len(self.tensors) + 2 * len(self.call.inputs) + 7
        return count, 6 * cotangent + 6 * sum(array.nbytes for array in arrays)


def tensors_of(call: Call, wrt: Sequence[int | Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The positions of each tensor of `call`; `wrt` holds unless the call has its own."""
    wanted = wrt if call.wrt is None else call.wrt
    return tuple((entry,) if isinstance(entry, int) else tuple(entry) for entry in wanted)


def cotangent(rng: np.random.Generator, of: Evaluation) -> np.ndarray:
    """What is pulled back through a value: Gaussian, never ones."""
    return np.asarray(rng.standard_normal(np.shape(of.output)))


def ask(library: Any, f: Any, questions: Sequence[Question]) -> list[Evaluation]:
    """The answers of one side, in order.

    Raises:
        StudentFailure: a call raised, or what came back has no such form; the message says in which call.
    """
    found = []
    for part in _parts(questions):
        try:
            found += _asked(library, f, part)
        except StudentFailure as failure:
            if failure.status != "failed" or len(part) == 1:
                raise _labelled(failure, part[0] if len(part) == 1 else None) from None
            # One of them raised: ask again one by one, to know which.
            for question in part:
                try:
                    found += _asked(library, f, [question])
                except StudentFailure as single:
                    raise _labelled(single, question) from None
    return found


def _asked(library: Any, f: Any, questions: Sequence[Question]) -> list[Evaluation]:
    return _read(library.vjps(f, [question.request() for question in questions]), questions)


def _labelled(failure: StudentFailure, question: Question | None) -> StudentFailure:
    if question is None or not question.call.label or failure.status == "not_implemented":
        return failure
    message = f"({question.call.label}) {failure.message}"
    return StudentFailure(message, status=failure.status, where=failure.where, hint=failure.hint)


def _parts(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Groups that fit into one frame each way."""
    part: list[Question] = []
    arrays = size = 0
    for question in questions:
        more, heavier = question.weight()
        if part and (arrays + more > MAX_ARRAYS or size + heavier > MAX_TOTAL):
            yield part
            part, arrays, size = [], 0, 0
        part.append(question)
        arrays, size = arrays + more, size + heavier
    if part:
        yield part


def _read(answers: Any, questions: Sequence[Question]) -> list[Evaluation]:
    if type(answers) is not list or len(answers) != len(questions):
        raise StudentFailure(NO_ANSWER)
    return [_evaluation(answer, question) for answer, question in zip(answers, questions, strict=True)]


def _evaluation(answer: Any, question: Question) -> Evaluation:
    if type(answer) is not dict or "output" not in answer:
        raise StudentFailure(NO_ANSWER)
    grads = answer.get("grads")
    if grads is not None and (type(grads) is not list or len(grads) != len(question.tensors)):
        raise StudentFailure(NO_ANSWER)
    if question.marks is None:
        return Evaluation(answer["output"], grads)
    after, marked = answer.get("after"), answer.get("marked")
    if not _is_state(after, question) or not _is_state(marked, question):
        raise StudentFailure(NO_ANSWER)
    again = _evaluation(answer.get("again"), _plain(question))
    return Evaluation(answer["output"], grads, again, after, marked)


def _plain(question: Question) -> Question:
    return Question(question.call, question.tensors, question.cotangent)


def _is_state(after: Any, question: Question) -> TypeGuard[dict[str, Any]]:
    if type(after) is not dict or set(after) != {"inputs", "output", "cotangent", "grads"}:
        return False
    inputs, grads = after["inputs"], after["grads"]
    if type(inputs) is not list or len(inputs) != len(question.call.inputs):
        return False
    return type(grads) is list and len(grads) == len(question.tensors)
