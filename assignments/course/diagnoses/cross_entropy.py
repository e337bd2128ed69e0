"""Cross-entropy: what is averaged over what, which targets count, and what the inputs are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, values

LOSS, RULE = "functional.cross_entropy", "functional.cross_entropy_vjp"


class _Rows:
    """The pieces of a loss, flattened: probabilities (N,V), targets (N,), which of them count."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.logits = np.asarray(call.logits, dtype=np.float64)
        width = self.logits.shape[-1]
        self.targets = np.asarray(call.targets).reshape(-1)
        ignored = call.ignore_index
        self.counts = np.ones(self.targets.size, bool) if ignored is None else self.targets != ignored
        self.has_ignored = not self.counts.all()
        self.rows = self.logits.reshape(-1, width)
        self.log_p = call.right.functional.log_softmax(self.rows)
        self.p = np.exp(self.log_p)
        #: Any index in range: rows that do not count are left out or weighted by the formulas.
        self.picks = np.where((self.targets >= 0) & (self.targets < width), self.targets, 0)
        self.one_hot = np.eye(width)[self.picks]
        self.losses = -self.log_p[np.arange(self.picks.size), self.picks]

    @property
    def denominators(self) -> dict[str, float]:
        """By what a sum may be divided, and the right one."""
        shape = self.logits.shape
        found = {
            "1 (a sum)": 1.0,
            "all positions": float(self.targets.size),
            "the sequences": float(shape[0]),
            "the width": float(shape[-1]),
            "positions times width": float(self.logits.size),
            "counted targets plus 1": float(self.counts.sum() + 1),
            "counted targets minus 1": float(self.counts.sum() - 1),
        }
        if len(shape) > 2:
            found["the length"] = float(shape[1])
        return found

    @property
    def n(self) -> int:
        return int(self.counts.sum())


def _denominators(call: Call) -> Claims:
    r = _Rows(call)
    total = r.losses[r.counts].sum()
    for name, size in r.denominators.items():
        if size > 0:
            yield {"divided_by": name}, lambda size=size: np.asarray(total / size)


def _ignored_counted(call: Call) -> Claims:
    r = _Rows(call)
    if r.has_ignored:
        yield {}, lambda: np.asarray(r.losses.mean())
        yield {}, lambda: np.asarray(r.losses.sum() / r.n)


def _wrong_ones_ignored(call: Call) -> Claims:
    """Targets that are left out though they count."""
    r = _Rows(call)
    for name, kept in _other_choices(r).items():
        if kept.any():
            yield {"left_out": name}, lambda kept=kept: np.asarray(r.losses[kept].mean())
            yield {"left_out": name}, lambda kept=kept: np.asarray(r.losses[kept].sum() / r.n)


def _other_choices(r: _Rows) -> dict[str, np.ndarray]:
    width = r.rows.shape[-1]
    first, last = np.ones(r.targets.size, bool), np.ones(r.targets.size, bool)
    first[0], last[-1] = False, False
    ignored = -1 if r.call.ignore_index is None else r.call.ignore_index
    return {
        "all up to the ignored one": r.targets > ignored,
        "all from the ignored one on": r.targets < ignored,
        "every target that is 0": r.targets != 0,
        "targets that are 0, and the ignored ones": (r.targets != 0) & r.counts,
        "the last class": r.targets != width - 1,
        "all that should count": ~r.counts,
        "the first position": first & r.counts,
        "the last position": last & r.counts,
    }


def _probabilities(call: Call) -> Claims:
    """Softmax is taken twice, or of something that is none."""
    r = _Rows(call)
    rows, picks = np.arange(r.n), r.picks[r.counts]
    yield {"inputs": "probabilities"}, lambda: _mean_at(call.right.functional.log_softmax(r.p)[r.counts], rows, picks)
    yield (
        {"inputs": "log-probabilities, without softmax"},
        lambda: _mean_at(r.rows[r.counts], rows, picks),
    )
    yield {"inputs": "probabilities, without logarithm"}, lambda: _mean_at(r.p[r.counts], rows, picks)
    yield {"inputs": "one minus probability"}, lambda: 1.0 + _mean_at(r.p[r.counts], rows, picks)
    yield {"inputs": "base 2"}, lambda: _mean_at(r.log_p[r.counts], rows, picks) / np.log(2.0)
    yield {"inputs": "base 10"}, lambda: _mean_at(r.log_p[r.counts], rows, picks) / np.log(10.0)


def _mean_at(table: np.ndarray, rows: np.ndarray, picks: np.ndarray) -> np.ndarray:
    return np.asarray(-table[rows, picks].mean())


def _overflows(call: Call) -> Claims:
    r = _Rows(call)
    raised = np.exp(r.rows)
    p = raised / raised.sum(axis=-1, keepdims=True)
    at = (np.arange(r.picks.size), r.picks)
    yield {}, lambda: np.asarray(-np.log(p)[at][r.counts].mean())
    yield {}, lambda: np.asarray((np.log(raised.sum(axis=-1)) - r.rows[at])[r.counts].mean())
    yield {"logarithm": "of the rounded softmax"}, lambda: np.asarray(-np.log(r.p[at])[r.counts].mean())
    picked = r.one_hot * np.log(r.p)  # 0 times the logarithm of 0 is not a number
    yield {"logarithm": "of all probabilities"}, lambda: np.asarray(-picked.sum(axis=-1)[r.counts].mean())
    for eps in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15):
        yield {"added": eps}, lambda eps=eps: np.asarray(-np.log(r.p[at] + eps)[r.counts].mean())
        yield {"clipped": eps}, lambda eps=eps: np.asarray(-np.log(np.clip(r.p[at], eps, 1.0))[r.counts].mean())


def _axis(call: Call) -> Claims:
    """Probabilities over the sequence or the batch instead of the classes."""
    r = _Rows(call)
    for axis in range(r.logits.ndim - 1):
        yield (
            {"axis": axis},
            lambda axis=axis: _mean_at(
                call.right.functional.log_softmax(r.logits, axis).reshape(r.rows.shape)[r.counts],
                np.arange(r.n),
                r.picks[r.counts],
            ),
        )


# ---- gradients of the logits -----------------------------------------------------------------------


def _target_forgotten(call: Call) -> Claims:
    r = _Rows(call)
    yield {"left_out": "the target"}, lambda: _shaped(r, r.p)
    yield {"left_out": "the probabilities"}, lambda: _shaped(r, -r.one_hot)
    yield {"left_out": "the weight of the target"}, lambda: _shaped(r, r.p - r.one_hot * r.p)
    yield {"target": "added"}, lambda: _shaped(r, r.p + r.one_hot)
    yield {"target": "set, not changed"}, lambda: _shaped(r, r.p * (1.0 - r.one_hot) - r.one_hot)
    yield {"target": "divided by its probability"}, lambda: _shaped(r, -r.one_hot / r.p)
    yield {"target": "one class further"}, lambda: _shaped(r, r.p - np.roll(r.one_hot, 1, axis=-1))
    yield {"target": "one class before"}, lambda: _shaped(r, r.p - np.roll(r.one_hot, -1, axis=-1))


def _shaped(r: _Rows, grad: np.ndarray, size: float | None = None, kept: np.ndarray | None = None) -> np.ndarray:
    """`grad` (N,V) times the incoming number, over the counted rows, in the shape of the logits."""
    weight = (r.counts if kept is None else kept)[:, None]
    g = float(np.asarray(r.call.g))
    return np.asarray(g * grad * weight / (r.n if size is None else size)).reshape(r.logits.shape)


def _gradient_scale(call: Call) -> Claims:
    r = _Rows(call)
    for name, size in r.denominators.items():
        if size > 0:
            yield {"divided_by": name}, lambda size=size: _shaped(r, r.p - r.one_hot, size)


def _gradient_of_ignored(call: Call) -> Claims:
    r = _Rows(call)
    everyone = np.ones(r.targets.size, bool)
    if r.has_ignored:
        for size in (r.n, r.targets.size):
            yield {}, lambda size=size: _shaped(r, r.p - r.one_hot, size, everyone)
            clean = r.one_hot * r.counts[:, None]
            partly = r.p - clean
            yield {"left_out": "the target only"}, lambda size=size, p=partly: _shaped(r, p, size, everyone)


def _gradient_of_others_ignored(call: Call) -> Claims:
    r = _Rows(call)
    for name, kept in _other_choices(r).items():
        for size in {r.n, int(kept.sum())} - {0}:
            yield (
                {"left_out": name},
                lambda kept=kept, size=size: _shaped(r, r.p - r.one_hot, size, kept),
            )


def _gradient_of_probabilities(call: Call) -> Claims:
    """The right rule for logits, applied to what softmax gave."""
    r = _Rows(call)
    yield {"inputs": "probabilities"}, lambda: _shaped(r, call.right.functional.softmax(r.p) - r.one_hot)
    yield {"inputs": "logits as they are"}, lambda: _shaped(r, r.rows - r.one_hot)
    yield {"inputs": "log-probabilities"}, lambda: _shaped(r, r.log_p - r.one_hot)


def _incoming_forgotten(call: Call) -> Claims:
    r = _Rows(call)
    size = 1.0 / float(np.asarray(call.g)) if float(np.asarray(call.g)) else 0.0
    yield {}, lambda: _shaped(r, (r.p - r.one_hot) * size)


VALUES: dict[str, tuple[Callable[[Call], Claims], ...]] = {
    "cross-entropy-overflow": (_overflows,),
    "cross-entropy-ignored-counted": (_ignored_counted,),
    "cross-entropy-count": (_denominators,),
    "cross-entropy-ignores-too-much": (_wrong_ones_ignored,),
    "cross-entropy-of-probabilities": (_probabilities,),
    "cross-entropy-axis": (_axis,),
}
GRADIENTS: dict[str, tuple[Callable[[Call], Claims], ...]] = {
    "cross-entropy-no-one-hot": (_target_forgotten,),
    "cross-entropy-ignored-counted": (_gradient_of_ignored,),
    "cross-entropy-count": (_gradient_scale,),
    "cross-entropy-ignores-too-much": (_gradient_of_others_ignored,),
    "cross-entropy-of-probabilities": (_gradient_of_probabilities,),
    "incoming-gradient-forgotten": (_incoming_forgotten,),
}
RULES: list[Rule] = [
    *(values(code, LOSS, claims) for code, families in VALUES.items() for claims in families),
    *(gradients(code, LOSS, 0, claims) for code, families in GRADIENTS.items() for claims in families),
    *(values(code, RULE, claims) for code, families in GRADIENTS.items() for claims in families),
]
