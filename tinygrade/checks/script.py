"""A recorded failure as a short Python script: the same calls on the student's own package, for their debugger."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrade.checks.expansions import HELPERS, operation
from tinygrade.checks.expansions import write as write_expanded
from tinygrade.checks.literals import INLINE, Literals, Names, quoted, scalar
from tinygrade.checks.trace import Step, place
from tinygrade.text import clean
from tinygrade.worker.wire import HandleRef

#: The first line, by which an earlier script of ours is known from anything else.
MARK = "# Written by `tinygrade repro`, which replaces it next time: save it under another name to keep changes."
#: In every .npz of ours, so that it is known from anybody else's.
NPZ_MARK = "written_by_tinygrade_repro"
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


@dataclass(frozen=True)
class Script:
    """The text, and what it loads."""

    text: str
    arrays: dict[str, np.ndarray]


def write(steps: Sequence[Step], about: About) -> Script:
    """The script for these steps; the last of them is what the report speaks of."""
    everything = [step.args for step in steps]
    writer = Writer(about, everything, INLINE if about.file else float("inf"))
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        writer.step(step, steps[number + 1] if not last else None)
    return Script("\n".join([*_head(about), *writer.lines(), *_tail(about)]) + "\n", writer.literals.stored)


def _head(about: About) -> list[str]:
    lines = [MARK, "#", *_comment(about.title)]
    if about.file:
        lines += ["#", f"#     python {about.file}           run it"]
        lines += [f"#     python -m pdb {about.file}    step through it: n next, s into a call, p x print, q quit"]
    return lines + [line for note in about.notes for line in ("#", *_comment(note))]


def _tail(about: About) -> list[str]:
    return ["", "# The report said:", *_comment(about.message, "#     ")]


def _comment(text: str, start: str = "# ") -> list[str]:
    return [f"{start}{line}".rstrip() for line in clean(text).splitlines()]


class Writer:
    """Turns steps into statements, one after the other."""

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

    # ---- what steps become -----------------------------------------------------------------------------

    def step(self, step: Step, following: Step | None) -> None:
        """Write one step; the last one (`following` is None) is shown as the report saw it."""
        if step.do == "open":
            self._open(step)
        elif step.do == "module":
            self._module(step, str(step.args[0]))
        elif step.do == "get":
            self._get(step, following)
        elif step.do == "set":
            of, name, value = step.args
            self.statement(f"{self.refer(of)}.{name} = {self.literals.source(value, name)}")
        elif step.do == "call":
            self._call(step, following)
        elif step.do == "operate":
            self._operate(step)
        elif step.do == "generator":
            self.assign(step, "rng", f"np.random.default_rng({self.literals.source(step.args[0])})")
        elif step.do == "keep":
            self.assign(step, "kept", self.literals.source(step.args[0]))
        elif step.do == "fetch":
            self._fetch(step, following)
        else:
            write_expanded(self, step, following is None)

    def _open(self, step: Step) -> None:
        if step.failed:
            self._body.append(f"import {self._about.package}")

    def _module(self, step: Step, module: str) -> None:
        name = f"{self._about.package}.{module}" if module else self._about.package
        alias = self.names.new(module.rpartition(".")[2] or self._about.package)
        line = f"import {name} as {alias}"
        if step.failed:
            self._stop_here()
            self._body.append(line)
            return
        self._imports.append(line)
        self._name(step, alias)
        if step.made is not None:
            self._modules.add(step.made)

    def _get(self, step: Step, following: Step | None) -> None:
        of, name = step.args
        source = f"{self.refer(of)}.{name}" if name.isidentifier() else f"getattr({self.refer(of)}, {name!r})"
        is_used_next = following is not None and step.made is not None and step.made in following.used
        if step.failed:
            self._stop_here()
            self._body.append(source)
        elif of.id in self._modules or is_used_next:
            self._name(step, source)
        else:
            self.assign(step, name, source)

    def _call(self, step: Step, following: Step | None) -> None:
        function, args, kwargs = step.args
        words = [self.literals.source(arg) for arg in args]
        words += [f"{name}={self.literals.source(value, name)}" for name, value in kwargs.items()]
        callee = self.refer(function)
        source = f"{callee}({', '.join(words)})"
        self._stop_here()
        last = callee.rpartition(".")[2]
        if step.failed:
            self.statement(source)
        elif following is None:
            self.assign(step, "result", source)
            self.statement(f'print("it gave", type({self.refer(step.reply["value"])}).__name__)')
        else:
            wish = "x" if last == self._tensor else last if "." in callee else "y"
            self.assign(step, wish, source)

    def _operate(self, step: Step) -> None:
        name, args = step.args
        source = operation(name, [self.literals.source(arg) for arg in args])
        self._stop_here()
        if name == "setitem":
            self.statement(source)
        else:
            self.assign(step, "y", source)

    def _fetch(self, step: Step, following: Step | None) -> None:
        source = self.plain(step.args[0])
        if following is not None:
            self.statement(f'print("first, for comparison:", {source}, sep="\\n")')
        else:
            self.show("yours", source, step)

    # ---- for those who write steps -----------------------------------------------------------------------

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
