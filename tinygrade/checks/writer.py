"""The text of a script that grows: statements, the names in them, imports, and where a debugger may stop."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinygrade.checks.expansions import HELPERS
from tinygrade.checks.literals import Literals, Names, quoted, scalar
from tinygrade.checks.trace import Step, place
from tinygrade.worker.wire import HandleRef

LOAD = (
    'arrays = np.load(Path(__file__).with_suffix(".npz"))  # too large to be written here',
    "np.set_printoptions(threshold=200, linewidth=100)",
)
BREAKPOINT = "# breakpoint()  # without the first #, a debugger stops here: before the call that came out wrong"


@dataclass(frozen=True)
class About:
    """What a script says of itself."""

    #: What was checked, with the case: `causal_mask, case 4`.
    title: str
    #: What the report said, untrusted.
    message: str
    package: str
    #: `module.Class` of the tensor type.
    tensor: str
    #: The package's own names of what is used of a tensor: `data`, `grad`, `backward`, `requires_grad`.
    names: Mapping[str, str] = field(kw_only=True, default_factory=dict)
    #: Of many calls of a gradient check, the one that is wrong; None when it is not about one.
    call: int | None = field(kw_only=True, default=None)
    #: The student's walk back through the graph is not written yet, so that single operations are asked instead.
    walk_is_stub: bool = field(kw_only=True, default=False)
    #: File name of the script; "" when it goes to standard output.
    file: str
    #: Folder that holds the package; "" when the script lies in it.
    folder: str = ""
    #: More lines for the head.
    notes: tuple[str, ...] = ()


class Writer:
    """The statements of a script, and the names in them."""

    def __init__(self, about: About, everything: Any, limit: float) -> None:
        self._about = about
        self.message = about.message
        self.wrong_call = about.call
        names = {name: about.names.get(name, name) for name in ("data", "grad", "backward", "requires_grad")}
        self.data, self.grad, self._backward = names["data"], names["grad"], names["backward"]
        self._leaf = f", {names['requires_grad']}=True" if names["requires_grad"] else ""
        self._tensor_module, _, self._tensor = about.tensor.rpartition(".")
        self.names = Names(("np", "sys", "arrays", "find", "plain", "reachable", "Path", *dir(builtins)))
        self.literals = Literals(self.names, self.refer, everything, limit)
        self._sources: dict[int, str] = {}
        self._types: dict[int, str] = {}
        self._modules: set[int] = set()
        self._imports: list[str] = []
        self._body: list[str] = []
        #: Place in the body of the last call, before which a debugger may stop.
        self._last_call = 0
        #: Names in HELPERS that the script needs.
        self.helpers: set[str] = set()

    def statement(self, text: str) -> None:
        """Add a statement, after the arrays that it names."""
        self._body += [*self.literals.take_before(), text]

    def call(self, text: str) -> None:
        """Add a statement that a debugger may stop at."""
        self._stop_here()
        self.statement(text)

    def assign(self, step: Step, wish: str, source: str) -> None:
        """Name what the step made; without a name when nothing was made."""
        if step.made is None:
            self.statement(source)
            return
        if step.reply["value"].type == "NoneType":
            self._name(step, "None")
            self.statement(source)
            return
        name = self.names.new(wish)
        self._name(step, name)
        self.statement(f"{name} = {source}")

    def show(self, label: str, source: str, step: Step, path: tuple[Any, ...] | None = None) -> None:
        """Print a value, and the entry of it that the message names; `path` leads to it when it is known."""
        path = place(step.reply.get("value"), self._about.message) if path is None else path
        if source[:1] in "[{":
            name = self.names.new("values")
            self.statement(f"{name} = {source}")
            source = name
        self.statement(f'print({quoted(label + ":")}, {source}, sep="\\n")')
        if path and path != ((),):
            keys = "".join(f"[{scalar(key)}]" for key in path[:-1])
            entry = f"[{', '.join(map(str, path[-1]))}]" if path[-1] else ""
            self.statement(f'print({quoted(f"{label} {keys}{entry}:")}, {source}{keys}{entry})')

    def refer(self, ref: HandleRef) -> str:
        """The source of an object that was made before."""
        return self._sources.get(ref.id, f"unknown_{int(ref.id)}")

    def plain(self, value: Any) -> str:
        """The data of objects: of tensors their arrays, also inside lists."""
        if not isinstance(value, HandleRef):
            if isinstance(value, list | tuple):
                return f"[{', '.join(map(self.plain, value))}]"
            if isinstance(value, dict):
                items = "".join(f"    {scalar(key)}: {self.plain(item)},\n" for key, item in value.items())
                return f"{{\n{items}}}"
            return self.literals.source(value)
        kind = self._types.get(value.id, "")
        if kind == self._tensor:
            return f"{self.refer(value)}.{self.data}"
        if kind in ("list", "tuple", "dict"):
            self.helpers.add("plain")
            return f"plain({self.refer(value)})"
        return self.refer(value)

    @property
    def tensor(self) -> str:
        """The source of the tensor class, imported when it is not yet."""
        line = f"from {self._about.package}.{self._tensor_module} import {self._tensor}"
        if line not in self._imports:
            self._imports.append(line)
        return self._tensor

    def leaf(self, source: str) -> str:
        """The source of a new tensor that asks for a gradient."""
        return f"{self.tensor}({source}{self._leaf})"

    def pull_back(self, output: str, cotangent: str, single: bool) -> str:
        """The source that starts the walk back at `output`, the result of a single operation or of several."""
        if self._about.walk_is_stub and single:
            return (
                f"# {self._backward}() is not written yet: the rule of this one operation, asked as the walk would\n"
                f"for parent, part in zip({output}._parents, {output}._backward({cotangent})):\n"
                f"    parent.{self.grad} = part"
            )
        return f"{output}.{self._backward}({cotangent})"

    # ---- pieces -----------------------------------------------------------------------------------------

    def _name(self, step: Step, source: str) -> None:
        value = step.reply.get("value")
        if isinstance(value, HandleRef):
            self._sources[value.id], self._types[value.id] = source, value.type

    def _stop_here(self) -> None:
        self._body += self.literals.take_before()
        self._last_call = len(self._body)

    def lines(self) -> list[str]:
        """All between head and tail."""
        helpers = [self._helper(HELPERS[name]) for name in HELPERS if name in self.helpers]
        body = [*self._body[: self._last_call], BREAKPOINT, *self._body[self._last_call :]]
        return ["", *self._preamble(), *(line for text in helpers for line in ("", *text.split("\n"), "", "")), *body]

    def _helper(self, text: str) -> str:
        return text.replace("TENSOR", self.tensor).replace("DATA", self.data)

    def _preamble(self) -> list[str]:
        folder, stored = self._about.folder, self.literals.stored
        standard = [*(["import sys"] if folder else []), *(["from pathlib import Path"] if stored else [])]
        lines = [*standard, *([""] if standard else []), "import numpy as np", ""]
        if folder:
            lines += [f"sys.path.insert(0, {folder!r})  # the folder that holds {self._about.package}", ""]
        lines += [*self._imports, ""] if self._imports else []
        return lines + ([*LOAD, ""] if stored else [])
