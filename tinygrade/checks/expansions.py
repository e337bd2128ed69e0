"""The grader's routines as a few lines that a student can read (see `worker.routines`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.checks.literals import quoted
from tinygrade.checks.trace import Step, place

#: Steps that a training function takes in a script before it is told to stop.
TRAINING_STEPS = 5

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
        return value.data
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
            yield path, value.data.shape
        return
    below = dict(enumerate(value)) if isinstance(value, (list, tuple)) else value
    for key, child in (below if isinstance(below, dict) else getattr(below, "__dict__", {})).items():
        yield from reachable(child, f"{path}.{key}" if path else str(key), seen)''',
}


def write(writer: Any, step: Step, last: bool) -> None:
    """Write a step that is more than one call.

    Args:
        writer: a `script.Writer`.
        last: its answer is what the report speaks of, and is shown.
    """
    name = "train" if step.do == "train" else str(step.args[0])
    expansion = _EXPANSIONS.get(name)
    if expansion is None:  # nothing silent: the script then shows less than the check did
        writer.statement(f"# here the check did something that only the grader can do: {name}")
        return
    expansion(writer, step, last, *(step.args if step.do == "train" else step.args[1]))


def _vjp(writer: Any, step: Step, last: bool, f: Any, args: Any, cotangent: Any, wrt: Any, kwargs: Any) -> None:
    words, tensors = [], {}
    for position, arg in enumerate(args):
        source = writer.literals.source(arg)
        if position in wrt:
            tensors[position] = name = writer.names.new("x")
            writer.statement(f"{name} = {writer.tensor}({source}, requires_grad=True)")
        words.append(tensors.get(position, source))
    words += [f"{name}={writer.literals.source(value, name)}" for name, value in kwargs.items()]
    output = writer.names.new("y")
    writer.call(f"{output} = {writer.refer(f)}({', '.join(words)})")
    path = place(step.reply.get("value"), writer.message)
    if last and path[:1] != ("grads",):
        writer.show("value", f"{output}.data", step, path[1:])
    writer.statement(f"{output}.backward({writer.literals.source(cotangent, 'g') if cotangent is not None else ''})")
    for number, position in enumerate(wrt):
        if last and path[:2] in ((), ("grads", number)):
            writer.show(f"gradient of {tensors[position]}", f"{tensors[position]}.grad", step, path[2:])


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


_EXPANSIONS: dict[str, Callable[..., None]] = {
    "vjp": _vjp,
    "write": _write,
    "gradients": _gradients,
    "read": _read,
    "census": _census,
    "unwrap": _unwrap,
    "train": _train,
}
