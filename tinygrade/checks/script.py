"""A recorded failure as a short Python script: the same calls on the student's own package, for their debugger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygrade.checks.expansions import operation
from tinygrade.checks.expansions import write as write_expanded
from tinygrade.checks.literals import INLINE
from tinygrade.checks.trace import Step
from tinygrade.checks.writer import About, Writer
from tinygrade.text import clean

#: The first line, by which an earlier script of ours is known from anything else.
MARK = "# Written by `tinygrade repro`, which replaces it next time: save it under another name to keep changes."
#: In every .npz of ours, so that it is known from anybody else's.
NPZ_MARK = "written_by_tinygrade_repro"


@dataclass(frozen=True)
class Script:
    """The text, and what it loads."""

    text: str
    arrays: dict[str, np.ndarray]


def write(steps: Sequence[Step], about: About) -> Script:
    """The script for these steps; the last of them is what the report speaks of."""
    everything = [step.args for step in steps]
    writer = StepWriter(about, everything, INLINE if about.file else float("inf"))
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


class StepWriter(Writer):
    """Turns requests into statements, one after the other."""

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
