"""From logits to a token: temperature, top-k, top-p, and the number that picks. Plain formulas, right and wrong."""

from __future__ import annotations

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, values

FILTER, SAMPLE = "generate.filter_logits", "generate.sample"


def softmax(z: np.ndarray) -> np.ndarray:
    p = np.exp(z - z.max())
    return np.asarray(p / p.sum())


def largest(z: np.ndarray, top_k: int | None) -> np.ndarray:
    """The logits with -inf for all but the k largest; of equal ones the first."""
    kept = np.argsort(-z, kind="stable")[:top_k]
    return np.asarray(np.where(np.isin(np.arange(z.size), kept), z, -np.inf))


def nucleus(p: np.ndarray, top_p: float | None, more: int = 0) -> np.ndarray:
    """The fewest largest probabilities that reach top_p, as they are, 0 for the others; `more` of them than right."""
    if top_p is None:
        return p
    order = np.argsort(-p, kind="stable")
    ranked = p[order]
    count = int((np.cumsum(ranked) - ranked < top_p).sum()) + more
    return np.asarray(np.where(np.isin(np.arange(p.size), order[: max(count, 0)]), p, 0.0))


def scaled(p: np.ndarray) -> np.ndarray:
    return p / p.sum()


def choose(z: np.ndarray, temperature: float, top_k: int | None, top_p: float | None) -> np.ndarray:
    """The right probabilities."""
    if temperature == 0:
        return np.asarray(np.eye(z.size)[int(np.argmax(z))])
    return scaled(nucleus(softmax(largest(z / temperature, top_k)), top_p))


class _Settings:
    """Arguments of one call. Raises ValueError at temperature 0, where nothing but the largest logit is left."""

    def __init__(self, call: Call) -> None:
        self.z = np.asarray(call.z, dtype=np.float64)
        self.t = float(call.temperature)
        self.k = None if call.top_k is None else int(call.top_k)
        self.p = None if call.top_p is None else float(call.top_p)
        if self.t == 0:
            raise ValueError("temperature 0 has rules of its own")

    def after(self, z: np.ndarray) -> np.ndarray:
        """What follows the temperature."""
        return scaled(nucleus(softmax(largest(z, self.k)), self.p))


def _temperature_elsewhere(call: Call) -> Claims:
    s = _Settings(call)
    if s.t == 1:
        return
    yield {"used": "on probabilities"}, lambda: s.after(s.z) / s.t
    yield {"used": "on probabilities"}, lambda: s.after(softmax(s.z) / s.t)
    if s.k is not None or s.p is not None:
        chosen = np.where(s.after(s.z) > 0, s.z, -np.inf)
        yield {"used": "after the filters"}, lambda: softmax(chosen / s.t)


def _temperature_size(call: Call) -> Claims:
    s = _Settings(call)
    yield {"logits": "multiplied by it"}, lambda: s.after(s.z * s.t)
    yield {"logits": "as they were"}, lambda: s.after(s.z)
    yield {"logits": "divided by its square"}, lambda: s.after(s.z / s.t**2)
    yield {"logits": "divided by its root"}, lambda: s.after(s.z / np.sqrt(s.t))


def _temperature_zero(call: Call) -> Claims:
    z = np.asarray(call.z, dtype=np.float64)
    if float(call.temperature) != 0:
        return
    best = (z == z.max()).astype(np.float64)
    yield {"at_temperature_0": "the softmax of the logits"}, lambda: choose(z, 1.0, call.top_k, call.top_p)
    yield {"at_temperature_0": "the softmax of the logits"}, lambda: softmax(z)
    yield {"at_temperature_0": "several tokens"}, lambda: scaled(best)
    yield {"at_temperature_0": "several tokens"}, lambda: best
    yield {"at_temperature_0": "the smallest logit"}, lambda: np.eye(z.size)[int(np.argmin(z))]
    yield {"at_temperature_0": "the last of equal ones"}, lambda: np.eye(z.size)[z.size - 1 - int(np.argmax(z[::-1]))]


def _ties(call: Call) -> Claims:
    s = _Settings(call)
    if s.k is None or s.k >= s.z.size:
        return
    threshold = np.sort(s.z)[::-1][s.k - 1]
    tied = np.where(s.z >= threshold, s.z / s.t, -np.inf)
    yield {"kept": "all that are as large as the last"}, lambda: scaled(nucleus(softmax(tied), s.p))
    above = np.where(s.z > threshold, s.z / s.t, -np.inf)
    if np.sum(s.z == threshold) > 1:
        yield {"kept": "only what is larger than the last"}, lambda: scaled(nucleus(softmax(above), s.p))
    late = np.where(np.isin(np.arange(s.z.size), np.argsort(s.z, kind="stable")[-s.k :]), s.z / s.t, -np.inf)
    yield {"kept": "of equal ones the last"}, lambda: scaled(nucleus(softmax(late), s.p))


def _count(call: Call) -> Claims:
    s = _Settings(call)
    if s.k is None or s.k > s.z.size or s.p is not None:
        return
    for more in (-1, 1):
        if 0 < s.k + more <= s.z.size:
            kept = largest(s.z / s.t, s.k + more)
            yield {"kept": s.k + more, "top_k": s.k}, lambda kept=kept: softmax(kept)
    worst = np.where(np.isin(np.arange(s.z.size), np.argsort(s.z, kind="stable")[: s.k]), s.z / s.t, -np.inf)
    yield {"kept": "the smallest"}, lambda: softmax(worst)


def _filtered_to_zero(call: Call) -> Claims:
    s = _Settings(call)
    z = s.z / s.t
    if s.k is not None:
        zeroed = np.where(np.isfinite(largest(z, s.k)), z, 0.0)
        yield {"filtered": "logits are 0"}, lambda: scaled(nucleus(softmax(zeroed), s.p))
    if s.p is not None:
        kept = nucleus(softmax(largest(z, s.k)), s.p) > 0
        yield {"filtered": "logits are 0"}, lambda: softmax(np.where(kept, z, 0.0))


def _not_scaled(call: Call) -> Claims:
    s = _Settings(call)
    kept = largest(s.z / s.t, s.k)
    if s.k is not None:
        yield {"sums_to": "less than 1"}, lambda: nucleus(np.where(np.isfinite(kept), softmax(s.z / s.t), 0.0), s.p)
    if s.p is not None:
        yield {"sums_to": "less than 1"}, lambda: nucleus(softmax(kept), s.p)


def _boundary(call: Call) -> Claims:
    s = _Settings(call)
    if s.p is None or s.k is not None:  # with both, their order may be to blame
        return
    p = softmax(largest(s.z / s.t, s.k))
    for more in (-1, 1):
        yield {"tokens_more_than_needed": more}, lambda more=more: scaled(nucleus(p, s.p, more))
    yield {"kept": "each that is at least p"}, lambda: scaled(np.where((p >= s.p) | (p == p.max()), p, 0.0))


def _order(call: Call) -> Claims:
    s = _Settings(call)
    if s.p is None or s.k is None:
        return
    first = nucleus(softmax(s.z / s.t), s.p)
    kept = np.isfinite(largest(s.z / s.t, s.k)) & (first > 0)
    yield {"first": "top_p"}, lambda: scaled(np.where(kept, first, 0.0))


def _boundary_of_sample(call: Call) -> Claims:
    p, u = np.asarray(call.p, dtype=np.float64), float(call.u)
    ends = np.cumsum(p)
    yield {"boundary": "belongs to the token before it"}, lambda: int(np.searchsorted(ends, u, side="left"))


def _past_the_end(call: Call) -> Claims:
    p, u = np.asarray(call.p, dtype=np.float64), float(call.u)
    if u < np.cumsum(p)[-1]:
        return
    yield {"picked": "an id that does not exist"}, lambda: p.size
    yield {"picked": "the last id, whose probability is 0"}, lambda: p.size - 1
    yield {"picked": "the first id"}, lambda: 0
    yield {"picked": "no id"}, lambda: -1


RULES: list[Rule] = [
    values("greedy-not-greedy", FILTER, _temperature_zero),
    values("top-k-ties", FILTER, _ties),
    values("top-k-count", FILTER, _count),
    values("temperature-after-softmax", FILTER, _temperature_elsewhere),
    values("temperature-size", FILTER, _temperature_size),
    # Its page comes first, too: what is filtered to zero is seen without top_p as well, and by an earlier check.
    values("top-p-before-top-k", FILTER, _order),
    values("filtered-to-zero", FILTER, _filtered_to_zero),
    values("top-p-boundary", FILTER, _boundary),
    values("probabilities-not-scaled", FILTER, _not_scaled),
    values("sample-past-the-end", SAMPLE, _past_the_end),
    values("sample-boundary", SAMPLE, _boundary_of_sample),
]
