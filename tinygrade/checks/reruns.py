"""Ask both sides again about a failure, on simpler inputs: seldom, not for long, and for the diagnosis only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade.checks.calls import Call
from tinygrade.checks.differences import fits
from tinygrade.checks.evaluations import Evaluation, Question, ask, cotangent
from tinygrade.checks.recording import apart
from tinygrade.checks.target import Sides, Target
from tinygrade.diagnosis.observations import Unanswered
from tinygrade.failures import StudentFailure

#: For one failure: how many times, and until how many seconds have passed.
MAX_RERUNS, RERUN_SECONDS = 16, 2.0
RERUN_SEED = 20


class Reruns:
    """More questions about one function."""

    def __init__(self, sides: Sides, target: Target) -> None:
        self._sides = sides
        self._target = target
        self._left = MAX_RERUNS
        self._end = 0.0
        self._rehearses = sides.catalogue.rehearses

    @property
    def _rng(self) -> np.random.Generator:
        """The same numbers for every question: a recorded reference must have been asked just this one.

        They come from no secret, and nobody's points depend on them.
        """
        return np.random.default_rng(RERUN_SEED)

    def ask(
        self, question: Question, inputs: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Question, Evaluation, Evaluation]:
        """The question on other inputs and under a new cotangent, with the reference's answer and the student's.

        Raises:
            Unanswered: there is no answer from both.
        """
        self._count()
        question = Question(Call(list(inputs), kwargs, wrt=question.call.wrt), question.tensors)
        try:
            (value,) = ask(self._sides.reference, self._target.reference, [question])
            question = replace(question, cotangent=cotangent(self._rng, value))
            (expected,) = ask(self._sides.reference, self._target.reference, [question])
        except Exception as error:  # inputs that the operation does not take
            raise Unanswered from error
        if self._rehearses:
            raise Unanswered  # nobody failed
        try:
            (got,) = ask(self._sides.student, self._target.student, [question])
        except StudentFailure as failure:
            if failure.status != "failed":
                self._left = 0  # its worker was ended
            raise Unanswered from failure
        return question, expected, got

    def fits(self, question: Question, got: Evaluation) -> bool | None:
        """Are the student's gradients those of the student's own forward? None when that cannot be told."""
        if self._rehearses:
            return None
        try:
            self._count()
        except Unanswered:
            return None
        return fits(self._sides.student, self._target.student, question, got, self._rng)

    def contributions(self, question: Question, i: int) -> list[np.ndarray]:
        """The reference's gradient of tensor `i` by each of its uses, in the call and in a composition.

        Raises:
            Unanswered: there are too many of them.
        """
        function, inputs, wanted = self._target.reference, list(question.call.inputs), question.tensors[i]
        if isinstance(function, dict):
            try:
                function, uses = apart(function, len(inputs))
            except ValueError as error:
                raise Unanswered from error
            inputs = [inputs[position] for position in uses]
            wanted = tuple(use for use, position in enumerate(uses) if position in wanted)
        call = Call(inputs, question.call.kwargs)
        split = Question(call, tuple((position,) for position in wanted), question.cotangent)
        (found,) = ask(self._sides.reference, function, [split])
        return [np.array(gradient) for gradient in found.grads or ()]

    def adds_up(self) -> bool | None:
        """Does the student's x + x have twice the gradient of x? None when that cannot be told."""
        if self._rehearses:
            return None
        twice = {"constants": [], "steps": [["operate", "add", [["at", 0], ["at", 0]]]], "result": ["at", 1]}
        x, g = self._rng.standard_normal((2, 3))
        try:
            self._count()
            (got,) = ask(self._sides.student, twice, [Question(Call([x]), ((0,),), g)])
        except (Unanswered, StudentFailure):
            return None
        gradient = None if got.grads is None else got.grads[0]
        if not isinstance(gradient, np.ndarray) or gradient.shape != g.shape or gradient.dtype.kind != "f":
            return None
        return bool(np.allclose(gradient, 2.0 * g, rtol=1e-9, atol=0.0))

    def _count(self) -> None:
        if self._rehearses:
            return
        self._end = self._end or time.monotonic() + RERUN_SECONDS
        self._left -= 1
        if self._left < 0 or time.monotonic() > self._end:
            raise Unanswered
