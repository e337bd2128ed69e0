"""The student's package behind handles: everything runs in a worker, and every failure is theirs or named ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, cast

import numpy as np

from tinygrade.checks.callbacks import Callbacks, Takes
from tinygrade.checks.compare import is_shape, require
from tinygrade.checks.compiling import code_for
from tinygrade.checks.folder import StudentFolder
from tinygrade.checks.library import Handle
from tinygrade.checks.outcomes import NO_ANSWER, failure_of, translated
from tinygrade.checks.package import Package, Part
from tinygrade.checks.places import in_stack, place, relative, told
from tinygrade.errors import GraderError
from tinygrade.failures import StudentFailure
from tinygrade.model import Diagnosis
from tinygrade.worker.wire import HandleRef, WireError


class StudentLibrary:
    """One worker for one check. The worker starts with the first request."""

    def __init__(
        self,
        package: Package,
        open_worker: Callable[..., Any],
        answer_part: Callable[[dict[str, Any], Part], dict[str, Any]],
        cpu_seconds: float,
    ) -> None:
        self._package = package
        self._open_worker = open_worker
        self._answer_part = answer_part
        self._cpu_seconds = cpu_seconds
        self._worker: Any = None
        self._prints = ""
        self._muted = False
        #: Has its worker answered another case of the check before?
        self.used = False
        # What code writes into its folder cannot be seen from here.
        self._marked = package.limits.scratch_mib > 0
        self._modules: dict[str, Handle] = {}
        self.parts: tuple[Part, ...] = ()
        self._callbacks = Callbacks(package.limits.scratch_mib)

    # ---- what checks use -----------------------------------------------------------------------------

    def __getattr__(self, module: str) -> Handle:
        if module.startswith("_"):
            raise AttributeError(module)
        if module not in self._modules:
            self._modules[module] = self._import(module)
        return self._modules[module]

    @property
    def folder(self) -> StudentFolder:
        return StudentFolder(self, self._package.limits.scratch_mib)

    def fetch(self, value: Any, **expected: Any) -> Any:
        """The plain data behind a handle.

        Args:
            expected: `shape`, `dtype` (a kind such as "f", "i", "b") and `finite`; checked when given.

        Raises:
            StudentFailure: the value is not data, or not as expected.
        """
        data = self._data("fetch", value)
        if expected:
            require(data, **expected)
        return data

    def generator(self, seed: int) -> Handle:
        """`np.random.default_rng(seed)`, made on the other side."""
        return self._handle("generator", seed)

    def keep(self, value: Any) -> Handle:
        """The value as an object of the other side, to see afterwards what happened to it."""
        return self._handle("keep", value)

    def callbacks(self, *functions: tuple[Callable[..., Any], Takes]) -> Handle:
        """A list of functions of ours that code on the other side may call with what they take (see `Callbacks`)."""
        self._marked = True
        return self._handle("callbacks", *(self._callbacks.add(*function) for function in functions))

    def loop(self, name: str, *args: Any) -> Any:
        """One of `worker.loops`; what comes back is the student's word, and may be anything."""
        return self._routine(name, *args)

    def vjp(self, f: Any, args: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> Any:
        result = self._routine("vjp", f, list(args), cotangent, list(wrt), kwargs)
        grads = result.get("grads") if type(result) is dict else None
        if type(grads) is not list or len(grads) != len(wrt) or "output" not in result:
            raise StudentFailure(NO_ANSWER)
        return result

    def vjps(self, f: Any, calls: Sequence[Mapping[str, Any]]) -> Any:
        return self._routine("vjps", f, [dict(call) for call in calls])

    def write(self, model: Any, weights: Mapping[str, np.ndarray]) -> None:
        self._routine("write", model, dict(weights))

    def gradients(self, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        found = self._routine("gradients", model, names)
        if type(found) is not dict:
            raise StudentFailure(NO_ANSWER)
        return cast("dict[str, Any]", found)

    def census(self, model: Any) -> dict[str, tuple[int, ...]]:
        found = self._routine("census", model)
        if type(found) is not dict or not all(type(k) is str and is_shape(v) for k, v in found.items()):
            raise StudentFailure(NO_ANSWER)
        return {told(name, limit=100): shape for name, shape in found.items()}

    def raises(self, error: type[Exception], call: Callable[[], Any], *, valid: Callable[[], Any]) -> None:
        """`call` must raise `error`; `valid` must not raise, so that a stub cannot pass.

        Raises:
            StudentFailure: nothing or something else was raised.
        """
        valid()
        try:
            call()
        except StudentFailure as failure:
            if failure.status == "failed" and failure.message.startswith(error.__name__):
                return
            raise
        seen = Diagnosis("error-not-raised", {"expected": error.__name__})
        raise StudentFailure(f"no {error.__name__} was raised", diagnosis=seen)

    def run_training(self, function: Any, model: Any, args: Sequence[Any], plan: dict[str, Any], **waiting: Any) -> Any:
        """Run a training function in the worker (see `checks.training`)."""
        request = {"do": "train", "args": [function, model, list(args), plan]}
        return self._answer(self._send(request, **waiting))

    def where(self, path: str) -> str:
        """`file.py:line name` of a function, class or method of the package; "" when it cannot be told."""
        module, *names = path.split(".")
        try:
            file, line, _ = self._routine("locate", reduce(self.get, names, getattr(self, module)))
        except (StudentFailure, ValueError, TypeError):
            return ""
        return place(relative(file, self._package.folder), line, names[-1], self._package.files)

    # ---- life ------------------------------------------------------------------------------------------

    @property
    def worker(self) -> Any:
        if self._worker is None:
            code = code_for(self._package, self._open_worker)
            self._worker = self._open_worker(cpu_seconds=self._cpu_seconds)
            self._guarded_import("", self._package.opening(self.parts, code))
        return self._worker

    def restart(self, parts: Sequence[Part] = (), package: Package | None = None, *, mute: bool = True) -> None:
        """A fresh worker for the next request, with these parts given, and with another package if there is one.

        What it prints is dropped, unless `mute` is false: as a rule the first worker printed it already.
        """
        self.close()
        self.used, self._marked = False, True
        self._muted = self._muted or mute
        self._package = package or self._package
        self._modules.clear()
        self._worker = None
        self.parts = tuple(parts)
        self._callbacks = Callbacks(self._package.limits.scratch_mib)

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()  # first: what still prints must not keep us reading
            self._prints += "" if self._muted else self._worker.output()

    def may_go_on(self, cpu_seconds: float) -> bool:
        """May another case of the check be judged in this worker, which has answered one?

        Not where a case has changed a module or left functions of ours there, nor where more time is used up than this.
        """
        worker = self._worker
        return worker is not None and not self._marked and worker.is_open and worker.cpu_seconds() < cpu_seconds

    def next_case(self, package: Package, cpu_seconds: float) -> bool:
        """Go on with another case in the same worker, if it has loaded this package and has this limit."""
        if self._package is not package or self._cpu_seconds != cpu_seconds:
            return False
        self.used = True
        self._prints = ""
        return True

    def printed(self) -> str:
        """Everything that the student's code printed in this case, cleaned and cut."""
        if self._worker is not None and self._worker.is_open:
            self._prints += self._worker.output()
        return told(self._prints, limit=self._package.limits.output_kib << 10)

    # ---- Backend ---------------------------------------------------------------------------------------

    def get(self, of: Handle, name: str) -> Handle:
        return self._handle("get", of, name)

    def set(self, of: Handle, name: str, value: Any) -> None:
        self._marked = self._marked or of.type_name == "module"
        self._handle("set", of, name, value)

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle:
        return self._handle("call", function, list(args), dict(kwargs))

    def operate(self, name: str, args: Sequence[Any]) -> Handle:
        return self._handle("operate", name, list(args))

    # ---- requests --------------------------------------------------------------------------------------

    def _handle(self, do: str, *args: Any) -> Handle:
        value = self._answer(self._send({"do": do, "args": list(args)}))
        if type(value) is not HandleRef:
            raise StudentFailure(NO_ANSWER)
        return Handle(self, value, told(value.type, limit=100))

    def _data(self, do: str, *args: Any) -> Any:
        return self._answer(self._send({"do": do, "args": list(args)}))

    def _routine(self, name: str, *args: Any) -> Any:
        return self._data("routine", name, list(args))

    def _import(self, module: str) -> Handle:
        worker = self.worker  # opening the package may fail first
        assert worker is not None
        value = self._guarded_import(module, {"do": "module", "args": [module]})
        return Handle(self, value, "module")

    def _guarded_import(self, module: str, request: dict[str, Any]) -> Any:
        """Import once: a module that hangs or crashes costs its time-out only in the first check."""
        known = self._package.broken.get(module)
        if known is not None:
            raise known
        try:
            seconds = self._package.limits.import_cpu_seconds
            return self._answer(self._send(request, cpu_seconds=seconds), module=module)
        except StudentFailure as failure:
            if failure.status == "not_implemented":
                raise
            name = f"{self._package.name}/{module}.py" if module else f"{self._package.name}/__init__.py"
            message = f"{name} cannot be imported: {failure.message}"
            later = StudentFailure(message, status="blocked", where=failure.where)
            if not self.used:  # a case before may be the reason: then it is tried again in a fresh worker
                self._package.broken[module] = later
            # The first check tells what happened; an ordinary error blocks it like the others.
            status = failure.status if failure.status != "failed" else "blocked"
            raise StudentFailure(message, status=status, where=failure.where) from None

    def _send(
        self, request: dict[str, Any], *, cpu_seconds: float | None = None, **waiting: Any
    ) -> dict[str, Any]:
        worker = self._worker or self.worker
        request = {**request, "args": self._outgoing(request["args"])}
        on_event = waiting.pop("on_event", self._question)
        limit = cpu_seconds if cpu_seconds is not None else self._cpu_seconds
        with translated(self._locate_stack):
            try:
                reply = worker.ask(request, cpu_seconds=limit, on_event=on_event, **waiting)
            except WireError as error:
                raise GraderError(f"a check tried to send {error}") from error
        return cast("dict[str, Any]", reply)

    def _question(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer a stand-in or a callback, but only one that this worker was given.

        Student code can write a question of its own to the pipe; to answer it would hand out the solution.
        """
        kind, part = question["event"], next((p for p in self.parts if p.path == question.get("part")), None)
        if kind == "given" and part is not None:
            return self._answer_part(question, part)
        if kind == "call" and self._callbacks.knows(question):
            return self._callbacks.answer(question)
        raise StudentFailure(NO_ANSWER)

    def _answer(self, reply: dict[str, Any], module: str = "") -> Any:
        if "value" in reply:
            return reply["value"]
        if "unsendable" in reply:
            raise StudentFailure(f"returned {told(reply['unsendable'], limit=300)}, which cannot be graded")
        raise failure_of(reply.get("error"), self._package)

    def _locate_stack(self, stack: str) -> str:
        return in_stack(stack, self._package.folder, self._package.files)

    def _outgoing(self, value: Any) -> Any:
        if isinstance(value, Handle):
            if cast("object", value._backend) is not self:
                raise GraderError("a check tried to send an object of the reference to the student's code")
            return value.payload
        if type(value) in (list, tuple):
            return type(value)(self._outgoing(item) for item in value)
        if type(value) is dict:
            return {key: self._outgoing(item) for key, item in value.items()}
        return value
