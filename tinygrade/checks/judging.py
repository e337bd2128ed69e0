"""Judge one call of a gradient check: value, gradients, and what must hold of any backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrade.checks import structure
from tinygrade.checks.compare import ATOL, RTOL, compare
from tinygrade.checks.diagnosing import diagnosed, named, worst_entry
from tinygrade.checks.evaluations import Evaluation, Question
from tinygrade.checks.gradients import compare_gradient, largest_entry
from tinygrade.checks.reruns import Reruns
from tinygrade.checks.target import Sides, Target
from tinygrade.diagnosis.observations import GradientMismatch, Unanswered, ValueMismatch
from tinygrade.failures import StudentFailure

#: Below this the right gradient of a re-run counts as zero: nothing follows from agreeing with it.
TRIVIAL = 1e-9


@dataclass(frozen=True)
class Rules:
    """What is asked of every call of a check; see `GradCheck.calls`."""

    verdict: str = "both"
    allow: Sequence[str] = ()
    rtol: float = RTOL
    atol: float = ATOL


class Judge:
    """One call of one check."""

    def __init__(self, sides: Sides, target: Target, question: Question, rules: Rules) -> None:
        self._sides = sides
        self._target = target
        self._question = question
        self._rules = rules
        label = question.call.label
        self._name = f"{target.name} ({label})" if label else target.name
        self._names = [target.argument(position) for position in range(len(question.call.inputs))]
        self._reruns = Reruns(sides, target)

    def decide(self, expected: Evaluation, got: Evaluation) -> None:
        """Raise StudentFailure with the first thing that is wrong."""
        self._sides.catalogue.foresee(lambda: self._foreseen(expected, got))
        if self._rules.verdict != "backward":
            self._value(expected, got)
        self._unchanged(got)
        if self._rules.verdict != "forward":
            self._gradients(expected, got)
        self._structural(structure.repeated, got)
        self._structural(structure.aliased, got)

    def _value(self, expected: Evaluation, got: Evaluation) -> None:
        try:
            self._compare_value(expected, got)
        except StudentFailure as failure:
            raise self._diagnosed(failure, self._value_mismatch(expected, got), got, {}) from None

    def _gradients(self, expected: Evaluation, got: Evaluation) -> None:
        assert expected.grads is not None
        if got.grads is None:
            compare(np.shape(got.output), np.shape(expected.output), f"{self._name}: the shape of the value")
            raise StudentFailure(f"{self._name}: no gradients came back")
        for i in range(len(expected.grads)):
            try:
                self._compare_gradient(i, expected, got)
            except StudentFailure as failure:
                seen = self._gradient_mismatch(self._question, i, expected, got)
                raise self._diagnosed(failure, seen, got, {"argument": self._label(i)}) from None

    def _structural(
        self, look: Callable[..., structure.Fault | None], got: Evaluation, allow: Sequence[str] | None = None
    ) -> None:
        fault = look(self._question, got, self._names)
        if fault is not None and fault.code not in (self._rules.allow if allow is None else allow):
            failure = StudentFailure(f"{self._name}: {fault.message}")
            raise named(failure, self._sides.catalogue, fault.code, {**self._facts(), **fault.evidence})

    def _unchanged(self, got: Evaluation, allow: Sequence[str] | None = None) -> None:
        """Nothing was mutated; where memory is shared as well, that is the cause and is told."""
        if structure.mutated(self._question, got, self._names) is not None:
            self._structural(structure.aliased, got, allow)
            self._structural(structure.mutated, got, allow)

    # ---- comparisons ---------------------------------------------------------------------------------

    def _compare_value(self, expected: Evaluation, got: Evaluation) -> None:
        compare(got.output, expected.output, self._name, rtol=self._rules.rtol, atol=self._rules.atol)

    def _compare_gradient(self, i: int, expected: Evaluation, got: Evaluation) -> None:
        right = (expected.grads or ())[i]
        if right is None:
            return
        mine = None if got.grads is None else got.grads[i]
        largest = largest_entry(expected.grads)
        before = f"{self._name}: "
        compare_gradient(
            mine, right, before, self._label(i), largest, rtol=self._rules.rtol, atol=self._rules.atol
        )

    def _label(self, i: int) -> str:
        return " and ".join(self._names[position] for position in self._question.tensors[i])

    def _foreseen(self, expected: Evaluation, got: Evaluation) -> Iterator[GradientMismatch | ValueMismatch]:
        """All that could be seen of this call."""
        yield self._value_mismatch(expected, got)
        for i, right in enumerate(expected.grads or ()):
            if right is not None:
                yield self._gradient_mismatch(self._question, i, expected, got)

    # ---- diagnosis -----------------------------------------------------------------------------------

    def _diagnosed(
        self, failure: StudentFailure, seen: Any, got: Evaluation, facts: Mapping[str, Any]
    ) -> StudentFailure:
        """What is random has no pattern, and what was mutated makes numbers wrong that would be right.

        Also where such a fault alone would be allowed: here it is the cause of wrong numbers.
        """
        self._structural(structure.repeated, got, ())
        self._unchanged(got, ())
        facts = {**self._facts(), **facts, **worst_entry(seen.got, seen.expected)}
        return diagnosed(failure, self._sides.catalogue, seen, facts)

    def _facts(self) -> dict[str, Any]:
        return {"call": self._question.call.label} if self._question.call.label else {}

    def _value_mismatch(self, expected: Evaluation, got: Evaluation) -> ValueMismatch:
        call = self._question.call
        return ValueMismatch(
            about=self._target.about,
            got=got.output,
            expected=np.array(expected.output),
            inputs={**dict(zip(self._names, call.inputs, strict=True)), **call.kwargs},
            rerun=self._rerun_value,
            reference=self._sides.reference,
            fits=lambda: self._reruns.fits(self._question, got),
        )

    def _gradient_mismatch(
        self, question: Question, i: int, expected: Evaluation, got: Evaluation
    ) -> GradientMismatch:
        assert question.cotangent is not None
        assert expected.grads is not None
        return GradientMismatch(
            about=self._target.about,
            argument=self._label(i),
            position=question.tensors[i][0],
            got=None if got.grads is None else got.grads[i],
            expected=np.array(expected.grads[i]),
            inputs=question.call.inputs,
            kwargs=question.call.kwargs,
            cotangent=question.cotangent,
            wrt=[positions[0] for positions in question.tensors],
            grads=got.grads or (),
            expected_grads=[None if g is None else np.array(g) for g in expected.grads],
            output=got.output,
            expected_output=np.array(expected.output),
            rerun=lambda inputs: self._rerun_gradient(i, inputs),
            reference=self._sides.reference,
            positions=question.tensors[i],
            names=self._names,
            label=question.call.label,
            layout=question.call.layout,
            contributions=lambda: self._reruns.contributions(question, i),
            adds_up=self._reruns.adds_up,
            fits=lambda: self._reruns.fits(question, got),
        )

    def _rerun_gradient(self, i: int, inputs: Sequence[Any]) -> GradientMismatch | None:
        question, expected, got = self._reruns.ask(self._question, inputs, self._question.call.kwargs)
        if largest_entry([(expected.grads or ())[i]]) < TRIVIAL:
            raise Unanswered
        try:
            self._compare_gradient(i, expected, got)
        except StudentFailure:
            return self._gradient_mismatch(question, i, expected, got)
        return None

    def _rerun_value(self, inputs: Mapping[str, Any]) -> ValueMismatch | None:
        positional = [inputs[name] for name in self._names]
        kwargs = {name: value for name, value in inputs.items() if name not in self._names}
        _, expected, got = self._reruns.ask(self._question, positional, kwargs)
        try:
            self._compare_value(expected, got)
        except StudentFailure:
            return replace(self._value_mismatch(expected, got), inputs=dict(inputs))
        return None
