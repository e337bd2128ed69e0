"""Gradient checks: the student's values and gradients against the reference's.

Source of the method: the vector-Jacobian product under a random Gaussian cotangent. A cotangent of ones would
accept a softmax whose gradient is zero, since its rows sum to a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tinygrade.checks.calls import Call, Draw, Positions, normal
from tinygrade.checks.compare import ATOL, RTOL
from tinygrade.checks.evaluations import Question, ask, cotangent, tensors_of
from tinygrade.checks.gradients import compare_gradients
from tinygrade.checks.judging import Judge, Rules
from tinygrade.checks.target import Op, Sides, Target, target_of
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.failures import StudentFailure

__all__ = ["Call", "GradCheck", "compare_gradients"]

Verdict = Literal["both", "forward", "backward"]


class GradCheck:
    """The fixture `gradcheck`."""

    def __init__(
        self, student: Any, reference: Any, rng: np.random.Generator, catalogue: Catalogue | None = None
    ) -> None:
        self._sides = Sides(student, reference, rng, catalogue or Catalogue())

    def __call__(
        self,
        op: Op,
        inputs: Sequence[Any] | None = None,
        *,
        shapes: Sequence[tuple[int, ...]] | None = None,
        draw: Draw = normal,
        wrt: Sequence[Positions] | None = None,
        name: str = "",
        arguments: Sequence[str] = (),
        verdict: Verdict = "both",
        allow: Sequence[str] = (),
        rtol: float = RTOL,
        atol: float = ATOL,
        **kwargs: Any,
    ) -> None:
        """Check value and gradients of one call; see `calls`.

        Args:
            inputs: positional arguments: arrays and plain values. Or:
            shapes: shapes of arrays that are drawn by `draw`.
            wrt: default `(0,)` for `inputs`, all of them for `shapes`.
            kwargs: keyword arguments of the operation.
        """
        if (inputs is None) == (shapes is None):
            raise TypeError("gradcheck takes either inputs or shapes=")
        drawn = [draw(self._sides.rng, shape) for shape in shapes or ()]
        call = Call(drawn if inputs is None else inputs, kwargs)
        positions = wrt if wrt is not None else (range(len(drawn)) if inputs is None else (0,))
        self.calls(
            op,
            [call],
            wrt=positions,
            name=name,
            arguments=arguments,
            verdict=verdict,
            allow=allow,
            rtol=rtol,
            atol=atol,
        )

    def calls(
        self,
        op: Op,
        calls: Sequence[Call],
        *,
        wrt: Sequence[Positions] = (0,),
        name: str = "",
        arguments: Sequence[str] = (),
        verdict: Verdict = "both",
        allow: Sequence[str] = (),
        rtol: float = RTOL,
        atol: float = ATOL,
    ) -> None:
        """Check many calls of one operation, in one request.

        Args:
            op: a path such as `"ops.mul"`; or what picks the operation, `lambda lib: lib.ops.mul`; or a composition,
                `lambda lib: lambda a, b: lib.ops.mul(a, b) + a`, which takes no keyword arguments.
            calls: see `checks.calls`.
            wrt: positions of the tensors whose gradient is checked; `((0, 1),)` is one tensor at both positions.
            name: what is checked, for the message; else the last part of the path.
            arguments: names of the arguments at `wrt`, for the message; else those of the reference's signature.
            verdict: "forward" judges values only, "backward" gradients only.
            allow: structural faults that are no failure here, by code: `gradient-aliased`, `inputs-mutated`,
                `not-repeatable`.
            rtol, atol: a value may differ by atol + rtol * |value|, a gradient by atol + rtol times its largest entry.

        Raises:
            StudentFailure: the first call that is wrong, with its diagnosis where one is recognised.
        """
        inputs = len(calls[0].inputs) if calls else 0
        target = target_of(self._sides, op, inputs, name=name, arguments=arguments, wrt=wrt)
        questions = self._questions(target, calls, wrt, verdict)
        expected = ask(self._sides.reference, target.reference, [_brief(question) for question in questions])
        got = ask(self._sides.student, target.student, questions)
        rules = Rules(verdict, allow, rtol, atol)
        for number, (question, right, theirs) in enumerate(zip(questions, expected, got, strict=True)):
            try:
                Judge(self._sides, target, question, rules).decide(right, theirs)
            except StudentFailure as failure:
                failure.call = number
                raise

    def gradients(self, got: Any, expected: Mapping[str, Any], name: str) -> None:
        """`compare_gradients` of a whole model, with a diagnosis."""
        compare_gradients(got, dict(expected), name, catalogue=self._sides.catalogue)

    # ---- preparation ---------------------------------------------------------------------------------

    def _questions(
        self, target: Target, calls: Sequence[Call], wrt: Sequence[Positions], verdict: Verdict
    ) -> list[Question]:
        plain = [Question(call, tensors_of(call, wrt)) for call in calls]
        if verdict == "forward":
            return [Question(q.call, q.tensors, None, self._marks(q)) for q in plain]
        values = ask(self._sides.reference, target.reference, plain)
        return [
            Question(q.call, q.tensors, cotangent(self._sides.rng, value), self._marks(q))
            for q, value in zip(plain, values, strict=True)
        ]

    def _marks(self, question: Question) -> tuple[float, ...]:
        # float32, so that they are the same number in a package of either precision
        return tuple(float(mark) for mark in self._sides.rng.standard_normal(len(question.tensors)).astype(np.float32))


def _brief(question: Question) -> Question:
    return Question(question.call, question.tensors, question.cotangent)
