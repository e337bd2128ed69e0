"""Group 3: what holds for every right implementation, whatever its weights and its random numbers."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.loops import listed

#: Rounding when sums run in another order; far below any mistake.
CLOSE = 1e-9
#: Standard deviations that a right share of dropped entries may be off: once in two million runs it is further.
SIGMAS = 5.0


@pytest.mark.points(2)
@pytest.mark.title("rows of softmax sum to 1, whatever is added to a row and stands in others")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.softmax")
@pytest.mark.needs("test_softmax")
@pytest.mark.hint("Which numbers does one row of your result depend on?")
def test_softmax_rows(student, mistake, rng):
    def rows(x):
        y = student.functional.softmax(student.tensor.Tensor(x))
        return student.fetch(y, shape=x.shape, dtype="f", finite=True, name="softmax")

    x = rng.standard_normal((4, 5))
    levels = np.array([[0.0], [1000.0], [-1000.0], [10.0]])
    alone, together = rows(x), rows(x + levels)
    if np.abs(alone.sum(axis=-1) - 1.0).max() > CLOSE:
        raise mistake("softmax-axis", f"a row of softmax(x) sums to {_worst(alone.sum(axis=-1), 1.0):.6g}")
    if np.abs(together.sum(axis=-1) - 1.0).max() > CLOSE:
        told = f"with rows around 0, 1000, -1000 and 10, a row sums to {_worst(together.sum(axis=-1), 1.0):.6g}"
        raise mistake("softmax-global-maximum", told)
    if np.abs(together - alone).max() > CLOSE:
        raise StudentFailure("softmax changes when the same number is added to a whole row")


@pytest.mark.points(2)
@pytest.mark.title("layer_norm: rows of mean square 1 that do not see each other")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.layer_norm")
@pytest.mark.needs("test_layer_norm")
@pytest.mark.hint("With weight 1 and bias 0, what is the mean square of a row? Which other rows may change that?")
def test_layer_norm_rows(student, mistake, rng):
    def normed(x):
        tensors = [student.tensor.Tensor(array) for array in (x, np.ones(6), np.zeros(6))]
        y = student.functional.layer_norm(*tensors)
        return student.fetch(y, shape=x.shape, dtype="f", finite=True, name="layer_norm")

    x = 5.0 * rng.standard_normal((3, 4, 6)) + 2.0
    y = normed(x)
    squares = np.square(y).mean(axis=-1)
    # eps is added to a variance of about 25, which takes less than 1e-5 away from 1.
    if np.abs(squares - 1.0).max() > 1e-3:
        raise StudentFailure(f"with weight 1 and bias 0, a row has mean square {_worst(squares, 1.0):.6g}, expected 1")
    if np.abs(y.mean(axis=-1)).max() > CLOSE:
        raise StudentFailure(f"with weight 1 and bias 0, a row has mean {_worst(y.mean(axis=-1), 0.0):.6g}, expected 0")
    for i in range(3):
        if np.abs(normed(x[i : i + 1])[0] - y[i]).max() > CLOSE:
            raise mistake("batch-leak", f"sequence {i} gives another result alone than in a batch of 3")


@pytest.mark.points(2)
@pytest.mark.title("ignored targets do not matter, and every other one does")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.cross_entropy")
@pytest.mark.needs("test_cross_entropy")
@pytest.mark.given("test_softmax", "test_log_softmax")
@pytest.mark.hint("Take one target out of the batch. Did the loss change as you expected?")
def test_ignored_targets(student, mistake, rng):
    for ignored in (0, 2):
        _require_ignored(student, mistake, rng, ignored)


def _require_ignored(student, mistake, rng, ignored):
    logits = rng.standard_normal((2, 5, 4))
    targets = rng.choice([t for t in range(4) if t != ignored], (2, 5))
    targets[0, 3:], targets[1, 0] = ignored, ignored

    def loss(z, t):
        value = student.functional.cross_entropy(student.tensor.Tensor(z), t, ignore_index=ignored)
        return float(student.fetch(value, shape=(), dtype="f", finite=True, name="cross_entropy"))

    before = loss(logits, targets)
    for index in np.ndindex(2, 5):
        changed = logits.copy()
        # Logits that were drawn anew: shifting a whole row would change no loss.
        changed[index] = rng.standard_normal(4)
        moved = abs(loss(changed, targets) - before) > CLOSE
        place = f"at {index}, where the target is {targets[index]} and {ignored} is ignored,"
        if moved and targets[index] == ignored:
            raise mistake("cross-entropy-ignored-counted", f"the logits {place} change the loss")
        if not moved and targets[index] != ignored:
            raise mistake("cross-entropy-ignores-too-much", f"the logits {place} do not change the loss")
    kept = targets.reshape(-1) != ignored
    alone = loss(logits.reshape(-1, 4)[kept], targets.reshape(-1)[kept])
    if abs(alone - before) > CLOSE:
        told = f"the loss is {before:.6g}, and {alone:.6g} once the ignored positions are taken out"
        raise mistake("cross-entropy-count", told)


@pytest.mark.points(2)
@pytest.mark.title("Dropout keeps the mean, entry by entry")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Dropout")
@pytest.mark.hint("Drop 30 % of 10,000 ones. What is the mean of what is left, and what should it be?")
def test_dropout(student, mistake, rng):
    p, x, g = 0.3, 1.0 + rng.random((100, 100)), rng.standard_normal((100, 100))
    layer = student.nn.Dropout(p, rng=student.generator(int(rng.integers(1 << 62))))
    x_tensor = student.tensor.Tensor(x, requires_grad=True)
    first = layer(x_tensor)
    first.backward(g)
    again = layer(student.tensor.Tensor(x))
    y, dx, other = (
        student.fetch(value, shape=x.shape, dtype="f", finite=True, name=name)
        for value, name in ((first, "Dropout(x)"), (x_tensor.grad, "the gradient of x"), (again, "Dropout(x)"))
    )
    _require_pattern(y / x, p, mistake)
    if np.array_equal(y == 0, other == 0):
        raise mistake("dropout-pattern", "two calls in training drop the same entries")
    if np.abs(dx - g * y / x).max() > CLOSE:
        raise StudentFailure("the gradient of x is not the incoming gradient times what was done to x")
    for wrong in (1.0, -0.1):
        student.raises(
            ValueError,
            lambda wrong=wrong: student.nn.Dropout(wrong, rng=student.generator(0)),
            valid=lambda: student.nn.Dropout(0.5, rng=student.generator(0)),
        )


def _require_pattern(factors, p, mistake):
    """`factors` must be 0 with probability p and 1 / (1 - p) elsewhere, independently for each entry."""
    mean = factors.mean()
    if abs(mean - 1.0) > SIGMAS * np.sqrt(p / (1 - p) / factors.size):
        told = f"in training with p = {p}, the mean of Dropout(x) / x is {mean:.4f}, expected 1"
        raise mistake("dropout-not-rescaled", told)
    dropped = (factors == 0).mean()
    if abs(dropped - p) > SIGMAS * np.sqrt(p * (1 - p) / factors.size):
        raise mistake("dropout-rate", f"with p = {p}, {dropped:.1%} of the entries are dropped", share=float(dropped))
    kept = factors[factors != 0]
    if np.abs(kept - 1 / (1 - p)).max() > CLOSE:
        raise StudentFailure("the entries that are kept did not all grow by the same factor")
    for axis, what in ((0, "column"), (1, "row")):
        shares = (factors == 0).mean(axis=axis)
        if (shares == 0).any() or (shares == 1).any():
            raise mistake("dropout-pattern", f"a whole {what} of 100 entries was kept or dropped together")


@pytest.mark.points(2)
@pytest.mark.title("eval() and train() reach every module inside")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Module")
@pytest.mark.needs("test_dropout")
@pytest.mark.hint("Who tells a module that lies in a list of a module?")
def test_train_and_eval(student, mistake, rng):
    nn = student.nn

    def dropout():
        return nn.Dropout(0.5, rng=student.generator(int(rng.integers(1 << 62))))

    places = {
        "itself": dropout(),
        "an attribute": dropout(),
        "a list": dropout(),
        "a tuple": dropout(),
        "a dict": dropout(),
        "a list of an inner module": dropout(),
    }
    outer, inner = places["itself"], nn.LayerNorm(2)
    inner.parts = [places["a list of an inner module"]]
    outer.attribute = places["an attribute"]
    outer.blocks = [inner, places["a list"]]
    outer.pair = (places["a tuple"], nn.LayerNorm(2))
    outer.named = {"first": places["a dict"]}
    x = 1.0 + rng.random((4, 50))

    def require_mode(training, call):
        for place, layer in places.items():
            passes = np.array_equal(student.fetch(layer(student.tensor.Tensor(x)), shape=x.shape, name="Dropout(x)"), x)
            if passes == training:
                does = "drops nothing" if training else "still drops entries"
                code = "dropout-in-evaluation" if place == "itself" and not training else "mode-not-passed-on"
                raise mistake(code, f"after {call} a Dropout in {place} {does}", place=place)

    require_mode(True, "making it")
    outer.eval()
    require_mode(False, "eval()")
    outer.train()
    require_mode(True, "eval() and train()")
    inner.eval().train().train(False)
    if not np.array_equal(student.fetch(places["a list of an inner module"](student.tensor.Tensor(x))), x):
        raise mistake("mode-not-passed-on", "after train(False) a Dropout in a list still drops entries")


@pytest.mark.points(3)
@pytest.mark.title("every parameter is found, each once, under its path")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Module")
@pytest.mark.hint("Which container does your search not enter, and what does it do when it meets something again?")
def test_parameters(student, mistake, rng):
    model, expected = _tree(student, rng)
    pairs = listed(student, model.named_parameters(), 100)
    found = {}
    for pair in pairs:
        if type(pair) not in (tuple, list) or len(pair) != 2 or type(pair[0]) is not str:
            raise StudentFailure("named_parameters() gives something else than pairs of a name and a parameter")
        name = _first_name(pair[0])
        if name in found:
            raise mistake("parameter-twice", f"named_parameters() has {name} twice (once as {pair[0]})", name=name)
        found[name] = pair[1]
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or extra:
        told = [f"misses {', '.join(missing[:4])}"] if missing else []
        told += [f"has {', '.join(extra[:4])}"] if extra else []
        message = f"named_parameters() {' and '.join(told)}"
        raise StudentFailure(message) if extra else mistake("parameters-missing", message, missing=missing)
    for name, value in expected.items():
        if not _equal(found[name], value):
            raise StudentFailure(f"{name} in named_parameters() is not the parameter at that place")
    alone = listed(student, model.parameters(), 100)
    if len(alone) != len(pairs) or not all(_equal(a, b) for a, (_, b) in zip(alone, pairs, strict=True)):
        raise StudentFailure("parameters() does not give the parameters of named_parameters(), in the same order")


def _tree(student, rng):
    """A module with parameters in every place, two of them in two places, and each parameter by its first name."""
    nn, expected = student.nn, {}

    def made(layer, path, shapes):
        drawn = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        student.write(layer, drawn)
        expected.update({f"{path}{name}": value for name, value in drawn.items()})
        return layer

    def norm(path):
        return made(nn.LayerNorm(2), path, {"weight": (2,), "bias": (2,)})

    model = made(nn.Linear(2, 3, rng=student.generator(0)), "", {"weight": (3, 2), "bias": (3,)})
    model.inner = norm("inner.")
    model.inner.parts = [norm("inner.parts.0.")]
    model.blocks = [
        norm("blocks.0."),
        made(nn.Linear(2, 2, bias=False, rng=student.generator(0)), "blocks.1.", {"weight": (2, 2)}),
    ]
    expected["pair.1"] = rng.standard_normal((1, 4))
    expected["named.scale"] = rng.standard_normal(3)
    model.pair = (norm("pair.0."), nn.Parameter(expected["pair.1"]))
    model.named = {"norm": norm("named.norm."), "scale": nn.Parameter(expected["named.scale"])}
    model.again = model.inner
    model.tied = model.weight
    model.note = "no parameter"
    return model, expected


def _first_name(name):
    """What is reached on two ways may have either name."""
    return "weight" if name == "tied" else f"inner.{name.removeprefix('again.')}" if name.startswith("again.") else name


@pytest.mark.points(1)
@pytest.mark.title("zero_grad forgets the gradients")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Module")
@pytest.mark.needs("test_parameters")
@pytest.mark.hint("What is left in `grad` of each parameter after the call?")
def test_zero_grad(student, mistake, rng):
    layers = [student.nn.Linear(2, 3, rng=student.generator(0)) for _ in range(2)]
    layers[0].blocks = [layers[1]]
    parameters = [getattr(layer, name) for layer in layers for name in ("weight", "bias")]
    clear = {"Module.zero_grad()": layers[0].zero_grad}
    for name in ("SGD", "AdamW"):
        clear[f"{name}.zero_grad()"] = getattr(student.optim, name)(parameters, lr=0.1).zero_grad
    for name, call in clear.items():
        for parameter, shape in zip(parameters, ((3, 2), (3,)) * 2, strict=True):
            parameter.grad = rng.standard_normal(shape)
        call()
        left = student.fetch([parameter.grad for parameter in parameters])
        if not all(value is None or (isinstance(value, np.ndarray) and not value.any()) for value in left):
            raise mistake("gradients-kept", f"a gradient is left after {name}")


def _equal(got, expected):
    return isinstance(got, np.ndarray) and np.array_equal(got, expected)


def _worst(values, expected):
    """The value that is furthest from what is expected."""
    return values.flat[np.argmax(np.abs(values - expected))]
