"""The reference as it was recorded, with the interface of the live one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NoReturn, cast

import numpy as np

from tinygrade.checks.library import Handle
from tinygrade.checks.recorded import questions
from tinygrade.checks.recorded.answers import Damaged, Store
from tinygrade.checks.recorded.questions import Node
from tinygrade.checks.reference import marked
from tinygrade.diagnosis.observations import Unanswered
from tinygrade.errors import CourseError


class Unrecorded(Unanswered):
    """The record has no answer to this question: nothing follows from that."""


class RecordedLibrary:
    """Answers from a record the questions that were asked when it was made, and no others.

    Args:
        made_with: the numpy that it was made with.

    Attributes:
        computes: False: whoever needs an answer to a question of a student's must ask somebody else.
        missed: how many questions had no answer.
    """

    kind: Literal["live", "recorded"] = "recorded"
    computes = False

    def __init__(self, answers: Store, made_with: str = "") -> None:
        self._answers = answers
        self._made_with = made_with
        self.missed = 0

    def __getattr__(self, module: str) -> Handle:
        if module.startswith("_"):
            raise AttributeError(module)
        return self._keep(questions.module(module))

    def fetch(self, value: Any, **_: Any) -> Any:
        return marked(self._answer(questions.question("fetch", value)))

    def generator(self, seed: int) -> Handle:
        return self._keep(questions.deed("generator", seed))

    def keep(self, value: Any) -> Handle:
        return self._keep(questions.deed("keep", value))

    def callbacks(self, *functions: tuple[Callable[..., Any], Sequence[tuple[int, ...]]]) -> NoReturn:
        raise Unrecorded("functions of a check cannot be recorded")

    def loop(self, name: str, *args: Any) -> Any:
        return self._routine(name, *args)

    def vjp(self, f: Any, args: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> Any:
        return self._routine("vjp", f, list(args), cotangent, list(wrt), kwargs)

    def vjps(self, f: Any, calls: Sequence[Mapping[str, Any]]) -> Any:
        return [self._routine("vjps", f, dict(call)) for call in calls]

    def write(self, model: Any, weights: Mapping[str, np.ndarray]) -> None:
        self._done(questions.deed("write", model, dict(weights)))

    def gradients(self, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        return cast("dict[str, Any]", self._routine("gradients", model, names))

    def census(self, model: Any) -> dict[str, tuple[int, ...]]:
        return cast("dict[str, tuple[int, ...]]", self._answer(questions.question("census", model)))

    def as_tensor(self, array: np.ndarray) -> Handle:
        return self._keep(self._done(questions.deed("leaf", array)))

    def signature(self, function: Handle) -> tuple[str, list[str]]:
        return cast("tuple[str, list[str]]", self._answer(questions.question("signature", function)))

    @property
    def folder(self) -> NoReturn:
        raise Unrecorded("files of the reference cannot be recorded")

    # ---- Backend -----------------------------------------------------------------------------------

    def get(self, of: Handle, name: str) -> Handle:
        return self._keep(self._done(questions.attribute(of, name)))

    def set(self, of: Handle, name: str, value: Any) -> None:
        self._done(questions.deed("set", of, name, value))

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle:
        return self._keep(self._done(questions.deed("call", function, list(args), dict(kwargs))))

    def operate(self, name: str, args: Sequence[Any]) -> Handle:
        return self._keep(self._done(questions.deed("operate", name, list(args))))

    # ---- the record ----------------------------------------------------------------------------------

    def _routine(self, name: str, *args: Any) -> Any:
        asked = questions.question(name, *args)
        if name not in questions.HARMLESS:
            questions.deed(name, *args)
        return marked(self._answer(asked))

    def _done(self, node: Node) -> Node:
        """Raise what the reference raised when this was done, if it did."""
        if node.name.hex() in self._answers:
            self._answer(node.name.hex())
        return node

    def _answer(self, question: str) -> Any:
        try:
            answer = self._answers.get(question)
        except KeyError:
            self.missed += 1
            versions = f"made with numpy {self._made_with}, here is {np.__version__}"
            raise Unrecorded(f"the recorded reference has no answer to what is asked here ({versions})") from None
        except Damaged as error:
            raise CourseError(f"the recorded reference is damaged: {error}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _keep(self, node: Node) -> Handle:
        return Handle(self, node, "recorded object")
