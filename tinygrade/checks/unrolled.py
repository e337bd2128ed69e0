"""The grader's long loops, written out so that a student can step through them (see `worker.loops`, `worker.steps`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.checks.trace import Step, place


def _chain(writer: Any, step: Step, last: bool, x: Any, length: int, cotangent: Any) -> None:
    leaf, node = writer.names.new("x"), writer.names.new("node")
    start, incoming = writer.literals.source(x), writer.literals.source(cotangent, "g")
    writer.statement(
        f"{node} = {leaf} = {writer.leaf(start)}\n"
        f"for _ in range({int(length)}):\n"
        f"    {node} = {writer.tensor}({node}.data + 1.0, _parents=({node},), _backward=lambda g: (g,))"
    )
    writer.call(f"{node}.backward({incoming})")
    path = place(step.reply.get("value"), writer.message)
    sources = {"output": f"{node}.{writer.data}", "gradient": f"{leaf}.{writer.grad}"}
    for key, source in sources.items() if last else ():
        if path[:1] in ((), (key,)):
            writer.show(key, source, step, path[1:])


def _descend(
    writer: Any, step: Step, last: bool, ops: Any, x: Any, y: Any, weights: Any, lr: float, steps: int
) -> None:
    inputs, targets, starts = (writer.literals.source(value) for value in (x, y, weights))
    op = writer.refer(ops)
    writer.call(
        f"inputs, targets = {writer.tensor}({inputs}), {writer.tensor}({targets})\n"
        f"parameters = w1, b1, w2, b2 = [{writer.tensor}(value, requires_grad=True) for value in {starts}]\n"
        "losses = []\n"
        f"for _ in range({int(steps)}):\n"
        f"    hidden = {op}.tanh({op}.add({op}.matmul(inputs, w1), b1))\n"
        f"    error = {op}.sub({op}.add({op}.matmul(hidden, w2), b2), targets)\n"
        f"    loss = {op}.mean({op}.power(error, 2.0))\n"
        "    losses.append(float(loss.data))\n"
        "    for parameter in parameters:\n"
        "        parameter.zero_grad()\n"
        "    loss.backward()\n"
        "    for parameter in parameters:\n"
        f"        parameter.data = parameter.data - {float(lr)!r} * parameter.grad"
    )
    if last:
        writer.show("losses", "losses", step)


def _called(writer: Any, step: Step, last: bool, f: Any, calls: Any) -> None:
    results = writer.names.new("results")
    writer.helpers.add("plain")
    rows = []
    for args, kwargs in calls:
        words = [writer.literals.source(arg) for arg in args]
        words += [f"{name}={writer.literals.source(value, name)}" for name, value in kwargs.items()]
        rows.append(f"    plain({writer.refer(f)}({', '.join(words)})),\n")
    writer.call(f"{results} = [\n{''.join(rows)}]")
    if last:
        writer.show("yours", results, step)


def _listed(writer: Any, step: Step, last: bool, values: Any, limit: int) -> None:
    writer.helpers.add("plain")
    listed = writer.names.new("items")
    writer.call(f"{listed} = [plain(item) for item, _ in zip({writer.refer(values)}, range({int(limit)}))]")
    if last:
        writer.show("yours", listed, step)


def _attributes(writer: Any, step: Step, last: bool, values: Any, names: Any, limit: int) -> None:
    rows = writer.names.new("rows")
    row = f"[getattr(item, name) for name in {list(map(str, names))!r}]"
    writer.call(f"{rows} = [{row} for item, _ in zip({writer.refer(values)}, range({int(limit)}))]")
    if last:
        writer.show("yours", rows, step)


def _trajectory(
    writer: Any, step: Step, last: bool, optimizer: Any, starts: Any, gradients: Any, settings: Any, changes: Any
) -> None:
    path, rows, first = writer.names.new("path"), writer.literals.source(gradients), writer.literals.source(starts)
    options = "".join(f", {name}={writer.literals.source(value)}" for name, value in settings.items())
    writer.call(
        f"parameters = [{writer.leaf('start')} for start in {first}]\n"
        f"optimizer = {writer.refer(optimizer)}(parameters{options})\n"
        f"changes = {writer.literals.source(changes)}\n"
        f"{path} = []\n"
        f"for number, gradients in enumerate({rows}):\n"
        "    for name, value in changes[number].items() if number < len(changes) else ():\n"
        "        setattr(optimizer, name, value)\n"
        "    for parameter, gradient in zip(parameters, gradients):\n"
        f"        parameter.{writer.grad} = gradient\n"
        "    optimizer.step()\n"
        f"    {path}.append([parameter.{writer.data}.copy() for parameter in parameters])"
    )
    if last:
        writer.show("parameters after each step", path, step)


def _fit(
    writer: Any, step: Step, last: bool, model: Any, loss: Any, optimizer: Any, x: Any, y: Any, steps: int
) -> None:
    inputs, targets = writer.literals.source(x), writer.literals.source(y)
    value = writer.names.new("value")
    writer.call(
        "losses = []\n"
        f"for _ in range({int(steps)}):\n"
        f"    {writer.refer(optimizer)}.zero_grad()\n"
        f"    {value} = {writer.refer(loss)}({writer.refer(model)}({inputs}), {targets})\n"
        f"    {value}.backward()\n"
        f"    {writer.refer(optimizer)}.step()\n"
        f"    losses.append({value}.data)"
    )
    if last:
        writer.show("losses", "losses", step)


def _within(writer: Any, step: Step, last: bool, context: Any, f: Any, args: Any, fail: bool) -> None:
    output, words = writer.names.new("y"), ", ".join(map(writer.literals.source, args))
    writer.call(f"with {writer.refer(context)}:\n    {output} = {writer.refer(f)}({words})")
    if last:
        writer.statement(f'print("asks for a gradient:", {output}.requires_grad, "parents:", len({output}._parents))')


UNROLLED: dict[str, Callable[..., None]] = {
    "chain": _chain,
    "descend": _descend,
    "listed": _listed,
    "attributes": _attributes,
    "called": _called,
    "trajectory": _trajectory,
    "fit": _fit,
    "within": _within,
}
