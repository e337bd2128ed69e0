"""The live reference with somebody beside it who writes down every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Literal, NoReturn, cast

import numpy as np

from tinygrade.checks.library import Handle
from tinygrade.checks.recorded import questions
from tinygrade.checks.recorded.answers import ERRORS, Store
from tinygrade.checks.recorded.questions import Node
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.errors import GraderError


@dataclass(frozen=True)
class Both:
    """An object of the reference, and the name of how it came to be."""

    node: Node
    live: Handle


class TooMuch(Exception):
    """More was asked than a record is to hold of this."""


class RecordingLibrary:
    """Asks the reference, and keeps what it answers in `answers`."""

    #: Whoever would let it compute must do in this run as in those that follow from it.
    kind: Literal["live", "recorded"] = "live"
    computes = False

    def __init__(self, reference: ReferenceLibrary) -> None:
        self._reference = reference
        self.answers = Store()
        self._most = inf

    @contextmanager
    def at_most(self, size: int) -> Iterator[None]:
        """Forget what is answered meanwhile if it would take more than about `size` bytes of a record.

        Whoever asks on is told TooMuch.
        """
        before, self.answers, self._most = self.answers, Store(beside=self.answers), float(size)
        try:
            yield
        finally:
            added, self.answers, self._most = self.answers, before, inf
            if added.size <= size:
                self.answers.update(added)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Answer meanwhile, and write nothing down."""
        before, self.answers = self.answers, Store()
        try:
            yield
        finally:
            self.answers = before

    def __getattr__(self, module: str) -> Handle:
        if module.startswith("_"):
            raise AttributeError(module)
        return self._keep(questions.module(module), getattr(self._reference, module))

    def fetch(self, value: Any, **expected: Any) -> Any:
        return self._noted(questions.question("fetch", value), lambda: self._reference.fetch(live(value), **expected))

    def generator(self, seed: int) -> Handle:
        return self._keep(questions.deed("generator", seed), self._reference.generator(seed))

    def keep(self, value: Any) -> Handle:
        return self._keep(questions.deed("keep", value), self._reference.keep(value))

    def callbacks(self, *functions: tuple[Callable[..., Any], Sequence[tuple[int, ...]]]) -> NoReturn:
        raise GraderError("a check gives functions of its own to the reference, which cannot be recorded")

    def loop(self, name: str, *args: Any) -> Any:
        return self._routine(name, args, lambda: self._reference.loop(name, *live(args)))

    def vjp(self, f: Any, args: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> Any:
        asked = (f, list(args), cotangent, list(wrt), kwargs)
        return self._routine(
            "vjp", asked, lambda: self._reference.vjp(live(f), live(list(args)), cotangent, wrt, **live(kwargs))
        )

    def vjps(self, f: Any, calls: Sequence[Mapping[str, Any]]) -> Any:
        def one(call: dict[str, Any]) -> Any:
            (found,) = self._reference.vjps(live(f), [live(call)])
            return found

        # One by one, so that a question has the same name in whatever company it is asked.
        return [self._routine("vjps", (f, dict(call)), partial(one, dict(call))) for call in calls]

    def write(self, model: Any, weights: Mapping[str, np.ndarray]) -> None:
        self._did(questions.deed("write", model, dict(weights)), lambda: self._reference.write(live(model), weights))

    def gradients(self, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        found = self._routine("gradients", (model, names), lambda: self._reference.gradients(live(model), names))
        return cast("dict[str, Any]", found)

    def census(self, model: Any) -> dict[str, tuple[int, ...]]:
        found = self._noted(questions.question("census", model), lambda: self._reference.census(live(model)))
        return cast("dict[str, tuple[int, ...]]", found)

    def as_tensor(self, array: np.ndarray) -> Handle:
        return self._made(questions.deed("leaf", array), lambda: self._reference.as_tensor(array))

    def signature(self, function: Handle) -> tuple[str, list[str]]:
        asked = questions.question("signature", function)
        return cast("tuple[str, list[str]]", self._noted(asked, lambda: self._reference.signature(live(function))))

    @property
    def folder(self) -> NoReturn:
        raise GraderError("a check looks into the folder of the reference, which cannot be recorded")

    # ---- Backend -----------------------------------------------------------------------------------

    def get(self, of: Handle, name: str) -> Handle:
        return self._made(questions.attribute(of, name), lambda: self._reference.get(live(of), name))

    def set(self, of: Handle, name: str, value: Any) -> None:
        self._did(questions.deed("set", of, name, value), lambda: self._reference.set(live(of), name, live(value)))

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle:
        node = questions.deed("call", function, list(args), dict(kwargs))
        return self._made(
            node, lambda: self._reference.call(live(function), live(list(args)), live(dict(kwargs)))
        )

    def operate(self, name: str, args: Sequence[Any]) -> Handle:
        node = questions.deed("operate", name, list(args))
        return self._made(node, lambda: self._reference.operate(name, live(list(args))))

    # ---- the record ----------------------------------------------------------------------------------

    def _routine(self, name: str, args: Sequence[Any], ask: Callable[[], Any]) -> Any:
        asked = questions.question(name, *args)
        if name not in questions.HARMLESS:
            questions.deed(name, *args)
        return self._noted(asked, ask)

    def _noted(self, question: str, ask: Callable[[], Any]) -> Any:
        """Write the answer down, also when it is an error.

        Raises:
            GraderError: the same question had another answer before.
        """
        if self.answers.size > self._most:
            raise TooMuch("the record would become too large")
        try:
            answer = ask()
        except tuple(ERRORS.values()) as error:
            self.answers.add(question, error)
            raise
        if question in self.answers and not _same(self.answers.get(question), answer):
            raise GraderError("the reference answered the same question in two ways: it cannot be recorded")
        self.answers.add(question, answer)
        return answer

    def _made(self, node: Node, make: Callable[[], Handle]) -> Handle:
        return self._keep(node, self._did(node, make))

    def _did(self, node: Node, act: Callable[[], Any]) -> Any:
        """Do it; only that it raised is an answer."""
        try:
            return act()
        except tuple(ERRORS.values()) as error:
            self.answers.add(node.name.hex(), error)
            raise

    def _keep(self, node: Node, handle: Handle) -> Handle:
        return Handle(self, Both(node, handle), "reference object")


def live(value: Any) -> Any:
    """Handles of the recorder replaced by those of the reference."""
    if isinstance(value, Handle):
        return value.payload.live
    if type(value) in (list, tuple):
        return type(value)(live(item) for item in value)
    if type(value) is dict:
        return {key: live(item) for key, item in value.items()}
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, Exception) or a is None or isinstance(a, str):
        return type(a) is type(b) and str(a) == str(b)
    mine, theirs = np.asarray(a), np.asarray(b)
    if mine.shape != theirs.shape:
        return False
    close = np.isclose(mine, theirs, rtol=1e-6, atol=1e-7 * float(np.max(np.abs(mine), initial=0.0)), equal_nan=True)
    return bool(close.all()) if mine.dtype.kind == "f" else bool(np.array_equal(mine, theirs))
