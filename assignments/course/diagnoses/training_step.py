"""train_step, evaluate and predict_next: which loss, of which targets, in which order, and which row is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, NoSolution, plain, values

STEP, EVALUATE, PREDICT = "train.train_step", "train.evaluate", "train.predict_next"
#: From library, model, inputs and targets to the loss as a handle.
Loss = Callable[[Any, Any, Any, Any], Any]


def _mean(lib: Any, model: Any, x: Any, y: Any) -> Any:
    return lib.functional.cross_entropy(model(x), y)


def _end_ignored(lib: Any, model: Any, x: Any, y: Any) -> Any:
    return lib.functional.cross_entropy(model(x), y, ignore_index=0)


def _scaled(by: Callable[[np.ndarray], float]) -> Loss:
    return lambda lib, model, x, y: lib.ops.mul(_mean(lib, model, x, y), by(y))


def _rows(chosen: Any) -> Loss:
    """The loss of some positions or sequences only."""

    def loss(lib: Any, model: Any, x: Any, y: Any) -> Any:
        return lib.functional.cross_entropy(lib.ops.getitem(model(x), chosen), y[chosen])

    return loss


LOSSES: dict[str, dict[str, Loss]] = {
    "end-mark-ignored": {"targets that are 0": _end_ignored},
    "targets-not-shifted": {
        "the inputs": lambda lib, model, x, y: _mean(lib, model, x, x),
        "inputs and targets exchanged": lambda lib, model, x, y: _mean(lib, model, y, x),
        "the targets for inputs as well": lambda lib, model, x, y: _mean(lib, model, y, y),
        **{
            f"moved by {k}": lambda lib, model, x, y, k=k: _mean(lib, model, x, np.roll(y, k, axis=1))
            for k in (-2, -1, 1, 2)
        },
    },
    "loss-not-averaged": {
        "a sum over all positions": _scaled(lambda y: y.size),
        "a sum over the positions of a sequence": _scaled(lambda y: y.shape[1]),
        "a sum over the sequences": _scaled(lambda y: y.shape[0]),
        "divided once more by the sequences": _scaled(lambda y: 1.0 / y.shape[0]),
        "divided once more by the positions": _scaled(lambda y: 1.0 / y.size),
    },
    "loss-of-a-part": {
        "the last position": _rows((slice(None), slice(-1, None))),
        "the first position": _rows((slice(None), slice(0, 1))),
        "all but the last position": _rows((slice(None), slice(None, -1))),
        "all but the first position": _rows((slice(None), slice(1, None))),
        "the first sequence": _rows((slice(0, 1),)),
    },
}


def _losses(call: Call, loss: Loss = _mean, order: str = "zero backward step") -> Iterator[float]:
    """What train_step gives, step by step, when it does these things in this order."""
    lib = call.seen.reference
    if lib is None:
        raise NoSolution
    model = lib.transformer.GPT(rng=lib.generator(0))
    lib.write(model, call.weights)
    optimizer = getattr(lib.optim, call.optimizer)(model.parameters(), **call.settings)
    for x, y in call.batches:
        value = loss(lib, model, np.asarray(x), np.asarray(y))
        if "again" not in order:
            yield _number(lib, value)
        for word in order.split():
            _do(word, lib, model, optimizer, value, np.shape(y))
        if "again" in order:
            yield _number(lib, loss(lib, model, np.asarray(x), np.asarray(y)))


def _number(lib: Any, loss: Any) -> float:
    return float(plain(lib.fetch(loss.item())))


def _do(word: str, lib: Any, model: Any, optimizer: Any, loss: Any, shape: tuple[int, ...]) -> None:
    if word == "zero":
        model.zero_grad()
    elif word == "backward":
        loss.backward()
    elif word in FACTORS:
        loss.backward(np.array(FACTORS[word](*shape)))
    elif word == "step":
        optimizer.step()
    elif word == "clip":
        lib.optim.clip_grad_norm(model.parameters(), 1.0)


#: Gradients of a loss that is larger or smaller than the one that is told, by batch and length.
FACTORS: dict[str, Callable[[int, int], float]] = {
    "backward*batch": lambda batch, time: float(batch),
    "backward*length": lambda batch, time: float(time),
    "backward*all": lambda batch, time: float(batch * time),
    "backward/batch": lambda batch, time: 1.0 / batch,
    "backward/length": lambda batch, time: 1.0 / time,
    "backward/all": lambda batch, time: 1.0 / (batch * time),
}
ORDERS: dict[str, dict[str, str]] = {
    "gradients-kept": {"never forgotten": "backward step"},
    "step-without-gradients": {
        "forgotten after backward": "backward zero step",
        "no step": "zero backward",
        "no backward": "zero step",
    },
    "step-before-backward": {
        "the step uses old gradients": "step zero backward",
        "the step uses all old gradients": "step backward",
    },
    "loss-after-step": {"measured after the step": "zero backward step again"},
    "step-twice": {"two steps": "zero backward step step", "two backwards": "zero backward backward step"},
    "loss-not-averaged": {f"gradients of {word}": f"zero {word} step" for word in FACTORS},
    "step-clips": {"gradients shortened to norm 1": "zero backward clip step"},
}


def _orders(ways: dict[str, str]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        for name, order in ways.items():
            yield {"as_if": name}, lambda order=order: _losses(call, order=order)

    return claims


def _other_losses(ways: dict[str, Loss]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        for name, loss in ways.items():
            yield {"loss_of": name}, lambda loss=loss: _losses(call, loss)

    return claims


def _evaluated(ways: dict[str, Loss]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        lib = call.seen.reference
        if lib is None:
            return
        model = lib.transformer.GPT(rng=lib.generator(0))
        lib.write(model, call.weights)
        for name, loss in ways.items():
            yield (
                {"loss_of": name},
                lambda loss=loss: float(plain(lib.fetch(loss(lib, model, call.x, call.y).item()))),
            )

    return claims


def _means_of_batches(call: Call) -> Claims:
    """The mean of the means of batches, of which the last one is smaller and counts as much."""
    lib = call.seen.reference
    if lib is None:
        return
    model = lib.transformer.GPT(rng=lib.generator(0))
    lib.write(model, call.weights)

    def of_batch(start: int, size: int) -> float:
        x, y = (rows[start : start + size] for rows in (call.x, call.y))
        return float(plain(lib.fetch(_mean(lib, model, x, y).item())))

    def of_batches(size: int) -> float:
        return float(np.mean([of_batch(start, size) for start in range(0, len(call.x), size)]))

    for size in range(1, len(call.x)):
        yield {"mean_of": f"batches of {size}"}, lambda size=size: of_batches(size)


# ---- predict_next ----------------------------------------------------------------------------------

Ask = Callable[[Call, np.ndarray], Any]
ROWS: dict[str, dict[str, Ask]] = {
    "prediction-row": {
        "the first": lambda call, z: call.right.functional.log_softmax(z[0]),
        "the last but one": lambda call, z: call.right.functional.log_softmax(z[max(len(z) - 2, 0)]),
        "the mean of all": lambda call, z: call.right.functional.log_softmax(z.mean(axis=0)),
        "the sum of all": lambda call, z: call.right.functional.log_softmax(z.sum(axis=0)),
        "the mean of all log-probabilities": lambda call, z: call.right.functional.log_softmax(z).mean(axis=0),
        "the largest of all": lambda call, z: call.right.functional.log_softmax(z.max(axis=0)),
    },
    "prediction-not-log": {
        "probabilities": lambda call, z: call.right.functional.softmax(z[-1]),
        "logits": lambda call, z: z[-1],
        "negative log-probabilities": lambda call, z: -call.right.functional.log_softmax(z[-1]),
    },
    "prediction-axis": {
        "over the positions": lambda call, z: call.right.functional.log_softmax(z, 0)[-1],
        "over everything": lambda call, z: call.right.functional.log_softmax(z.reshape(-1)).reshape(z.shape)[-1],
    },
}


def _asked(ways: dict[str, Ask]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        lib = call.seen.reference
        if lib is None:
            return
        model = lib.transformer.GPT(rng=lib.generator(0))
        lib.write(model, call.weights)
        logits = [plain(lib.fetch(model(np.asarray(prompt)[None])))[0] for prompt in call.prompts]
        for name, ask in ways.items():
            yield {"asked": name}, lambda ask=ask: [np.asarray(ask(call, z)) for z in logits]

    return claims


RULES: list[Rule] = [
    *(values(code, STEP, _other_losses(ways)) for code, ways in LOSSES.items()),
    *(values(code, EVALUATE, _evaluated(ways)) for code, ways in LOSSES.items()),
    values("loss-not-averaged", EVALUATE, _means_of_batches),
    *(values(code, STEP, _orders(ways)) for code, ways in ORDERS.items()),
    *(values(code, PREDICT, _asked(ways)) for code, ways in ROWS.items()),
]
