"""The grader's routines as a few lines that a student can read (see `worker.routines`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tinygrade.checks.literals import quoted
from tinygrade.checks.trace import Step, place
from tinygrade.checks.unrolled import UNROLLED
from tinygrade.worker.wire import HandleRef

#: Steps that a training function takes in a script before it is told to stop.
TRAINING_STEPS = 5

OPERATORS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**", "matmul": "@"}

#: Functions that a script begins with when it needs them; TENSOR stands for the tensor class.
HELPERS = {
    "find": '''\
def find(model, path):
    """The parameter at a dotted path: attributes, places in lists, keys of dicts."""
    for part in path.split("."):
        if isinstance(model, dict):
            model = model[int(part)] if part.isdigit() and int(part) in model else model[part]
        else:
            model = model[int(part)] if part.isdigit() else getattr(model, part)
    return model''',
    "plain": '''\
def plain(value):
    """Tensors as arrays, also inside lists and dicts."""
    if isinstance(value, TENSOR):
        return value.DATA
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return type(value)(map(plain, value)) if type(value) in (list, tuple) else value''',
    "reachable": '''\
def reachable(value, path="", seen=None):
    """Path and shape of every tensor that needs a gradient, below attributes, lists and dicts."""
    seen = {} if seen is None else seen
    if id(value) in seen or isinstance(value, (type, type(np), type(find), np.ndarray)):
        return
    seen[id(value)] = value
    if isinstance(value, TENSOR):
        if value.requires_grad:
            yield path, value.DATA.shape
        return
    below = dict(enumerate(value)) if isinstance(value, (list, tuple)) else value
    for key, child in (below if isinstance(below, dict) else getattr(below, "__dict__", {})).items():
        yield from reachable(child, f"{path}.{key}" if path else str(key), seen)''',
}


def write(writer: Any, step: Step, last: bool) -> None:
    """Write a step that is more than one call.

    Args:
        writer: a `writer.Writer`.
        last: its answer is what the report speaks of, and is shown.
    """
    name = "train" if step.do == "train" else str(step.args[0])
    expansion = EXPANSIONS.get(name)
    if expansion is None:  # nothing silent: the script then shows less than the check did
        writer.statement(f"# here the check did something that only the grader can do: {name}")
        return
    expansion(writer, step, last, *(step.args if step.do == "train" else step.args[1]))


def _vjp(writer: Any, step: Step, last: bool, f: Any, args: Any, cotangent: Any, wrt: Any, kwargs: Any) -> None:
    path = place(step.reply.get("value"), writer.message)
    call = {"inputs": args, "wrt": [[position] for position in wrt], "kwargs": kwargs, "cotangent": cotangent}
    _evaluation(writer, step, f, call, path if last else None)


def _vjps(writer: Any, step: Step, last: bool, f: Any, calls: Any) -> None:
    """Many evaluations in one request: the one that is wrong, where that is known, else all of them."""
    value = step.reply.get("value")
    if last and writer.wrong_call is not None and isinstance(value, list):
        _evaluation(writer, step, f, calls[writer.wrong_call], place(value[writer.wrong_call], writer.message))
        return
    for call in calls:
        _evaluation(writer, step, f, call, () if last else None)


def _evaluation(
    writer: Any, step: Step, f: Any, call: Mapping[str, Any], path: tuple[Any, ...] | None
) -> None:
    """One forward and backward; `path` leads to what is wrong in its answer, and None shows nothing."""
    words, tensors = _arguments(writer, call)
    words += [f"{name}={writer.literals.source(value, name)}" for name, value in call["kwargs"].items()]
    function = writer.refer(f) if isinstance(f, HandleRef) else _composed(writer, f, len(call["inputs"]))
    output = writer.names.new("y")
    writer.call(f"{output} = {function}({', '.join(words)})")
    result = _result(writer, output, tensors)
    if path is not None and path[:1] != ("grads",):
        writer.show("value", result, step, path[1:] if path[:1] == ("output",) else ())
    if call.get("cotangent") is None and "layout" in call:  # only the value was asked for
        return
    cotangent = _laid_out(writer, call.get("cotangent"), call, "g")
    if path == () and cotangent:
        incoming = writer.names.new("incoming")
        writer.statement(f"{incoming} = {cotangent}")
        cotangent = incoming
    writer.statement(writer.pull_back(output, cotangent, isinstance(f, HandleRef)))
    for number, name in enumerate(tensors):
        if path is not None and (path[:1] != ("grads",) or path[1] == number):
            entry = path[2:] if path[:1] == ("grads",) else ()
            writer.show(f"gradient of {name}", f"{name}.{writer.grad}", step, entry)
    if path == ():
        _afterwards(writer, [*(f"{name}.{writer.data}" for name in tensors), result], tensors, cotangent)


def _result(writer: Any, output: str, tensors: Sequence[str]) -> str:
    """The data of what a call gave: a tensor where tensors went in, and anything at all from a rule on arrays."""
    if tensors:
        return f"{output}.{writer.data}"
    writer.helpers.add("plain")
    return f"plain({output})"


def _composed(writer: Any, program: Mapping[str, Any], inputs: int) -> str:
    """A composition of operations (see `worker.programs`) as a function; gives its name."""
    name = writer.names.new("composed")
    values = [writer.names.new("a") for _ in range(inputs)]
    lines = [f"def {name}({', '.join(values)}):"]

    def operand(entry: Any) -> str:
        kind, content = entry
        if kind == "at":
            return str(values[content])
        return f"[{', '.join(map(operand, content))}]" if kind == "list" else str(writer.literals.source(content))

    for kind, *rest in program["steps"]:
        if kind == "constant":
            values.append(writer.refer(program["constants"][rest[0]]))
        elif kind == "get":
            values.append(f"{operand(rest[0])}.{rest[1]}")
        else:
            words = list(map(operand, rest[1]))
            words += [f"{key}={operand(entry)}" for key, entry in rest[2].items()] if kind == "call" else []
            source = f"{operand(rest[0])}({', '.join(words)})" if kind == "call" else operation(rest[0], words)
            values.append(writer.names.new("v"))
            lines.append(f"    {values[-1]} = {source}")
    writer.statement("\n".join([*lines, f"    return {operand(program['result'])}", ""]))
    return str(name)


def operation(name: str, words: Sequence[str]) -> str:
    """An operator between sources."""
    if name == "setitem":
        return f"{words[0]}[{words[1]}] = {words[2]}"
    if name == "getitem":
        return f"{words[0]}[{words[1]}]"
    return f"-{words[0]}" if name == "neg" else f"{words[0]} {OPERATORS[name]} {words[1]}"


def _arguments(writer: Any, call: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Sources of the positional arguments, and the names of the tensors among them, which are made first."""
    words = ["" for _ in call["inputs"]]
    tensors = []
    for positions in call["wrt"]:
        source = _laid_out(writer, call["inputs"][positions[0]], call, "a")
        tensors.append(writer.names.new("x"))
        writer.statement(f"{tensors[-1]} = {writer.leaf(source)}")
        for position in positions:
            words[position] = tensors[-1]
    inputs = enumerate(call["inputs"])
    return [words[i] or _laid_out(writer, value, call, "a") for i, value in inputs], tensors


def _laid_out(writer: Any, value: Any, call: Mapping[str, Any], wish: str) -> str:
    """An argument in the memory order of the call."""
    source = "" if value is None and wish == "g" else str(writer.literals.source(value, wish))
    layout = call.get("layout", "C")
    if not isinstance(value, np.ndarray) or not value.ndim or layout == "C":
        return source
    return f"np.asfortranarray({source})" if layout == "F" else f"np.repeat({source}, 2, axis=-1)[..., ::2]"


def _afterwards(writer: Any, arrays: Sequence[str], tensors: Sequence[str], incoming: str) -> None:
    """For what shows only at the end: arrays that were changed, and memory that is shared."""
    arrays = [*arrays, *([incoming] if incoming else [])]
    if "shares its memory" in writer.message:
        pairs = combinations([*(f"{name}.{writer.grad}" for name in tensors), *arrays], 2)
        for a, b in pairs:
            writer.statement(f'print({quoted(f"{a} and {b} share memory:")}, np.shares_memory({a}, {b}))')
    elif "changes" in writer.message:
        for array in arrays:
            writer.statement(f'print({quoted(f"{array} afterwards:")}, {array}, sep="\\n")')


def _write(writer: Any, step: Step, last: bool, model: Any, weights: Any) -> None:
    writer.helpers.add("find")
    source = writer.literals.source(weights)
    writer.statement(f"for name, value in {source}.items():\n    find({writer.refer(model)}, name).data[...] = value")


def _gradients(writer: Any, step: Step, last: bool, model: Any, names: Any) -> None:
    _shown_by_name(writer, step, last, model, "grad")


def _read(writer: Any, step: Step, last: bool, model: Any) -> None:
    writer.statement("# here the check read all parameters")


def _shown_by_name(writer: Any, step: Step, last: bool, model: Any, attribute: str) -> None:
    value = step.reply.get("value")
    if not last or not isinstance(value, dict):
        return
    writer.helpers.add("find")
    path = place(value, writer.message)
    if path:
        source = f"find({writer.refer(model)}, {quoted(str(path[0]))}).{attribute}"
        writer.show(f"{attribute} of {path[0]}", source, step, path[1:])
        return
    loop = f"for name in {list(map(str, value))!r}:"
    writer.statement(f"{loop}\n    print(name, find({writer.refer(model)}, name).{attribute})")


def _census(writer: Any, step: Step, last: bool, model: Any) -> None:
    writer.helpers |= {"find", "reachable"}
    writer.statement(f"for name, shape in reachable({writer.refer(model)}):\n    print(name, shape)")


def _unwrap(writer: Any, step: Step, last: bool, value: Any) -> None:
    if last:
        writer.show("yours", writer.plain(value), step)


def _files(writer: Any, step: Step, last: bool) -> None:
    writer.statement("# here the check read all files of the working folder")


def _put(writer: Any, step: Step, last: bool, contents: Any) -> None:
    for name, content in contents.items():
        source = writer.literals.source(content, "content")
        writer.statement(f'with open({quoted(name)}, "wb") as file:\n    file.write({source}.tobytes())')


def _train(writer: Any, step: Step, last: bool, function: Any, model: Any, args: Any, plan: Any) -> None:
    writer.statement(
        "def on_step(step, loss):\n"
        '    """What the grader gives to training: the share of the budget that is used. 1 means stop."""\n'
        '    print("step", step, "loss", loss)\n'
        f"    return min(1.0, step / {TRAINING_STEPS})  # the first steps only; give it more to see more\n\n"
    )
    words = [writer.refer(model), *map(writer.literals.source, args)]
    words += [f"rng=np.random.default_rng({int(plan['seed'])})", "on_step=on_step"]
    writer.call(f"{writer.refer(function)}({', '.join(words)})")


#: By the name of a routine or loop; after writer, step and last they take its arguments.
EXPANSIONS: dict[str, Callable[..., None]] = {
    "vjp": _vjp,
    "vjps": _vjps,
    "write": _write,
    "gradients": _gradients,
    "read": _read,
    "census": _census,
    "unwrap": _unwrap,
    "files": _files,
    "put": _put,
    "train": _train,
    **UNROLLED,
}
