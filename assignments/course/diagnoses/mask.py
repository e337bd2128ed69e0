"""causal_mask: who may read whom, and in which form that is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule, same
from tinygrade.diagnosis.observations import ValueMismatch

from .formulas import Call, Claims, values

MASK = "transformer.causal_mask"
FARTHEST = 3


def _positions(call: Call) -> tuple[np.ndarray, np.ndarray, int]:
    """Queries (Tq,1), keys (Tk,), and how far the queries start behind the first key.

    Raises ValueError for a mask so small that it tells nothing.
    """
    t_q, t_k = int(call.t_q), int(call.t_q if call.t_k is None else call.t_k)
    if t_q < 2:
        raise ValueError("one row is the same under several mistakes")
    return np.arange(t_q)[:, None], np.arange(t_k), t_k - t_q


def _shifted(sign: int) -> Any:
    def claims(call: Call) -> Claims:
        queries, keys, start = _positions(call)
        for distance in range(1, FARTHEST + 1):
            shift = sign * distance
            yield {"shift": shift}, lambda shift=shift: keys <= queries + start + shift

    return claims


def _inverted(call: Call) -> Claims:
    queries, keys, start = _positions(call)
    yield {"says": "what is hidden"}, lambda: keys > queries + start


def _transposed(call: Call) -> Claims:
    queries, keys, start = _positions(call)
    yield {"sees": "itself and the future"}, lambda: keys >= queries + start
    yield {"sees": "itself and the future"}, lambda: keys >= queries
    yield {"sees": "itself and the future"}, lambda: keys >= queries - start


def _aligned_elsewhere(call: Call) -> Claims:
    queries, keys, start = _positions(call)
    if start:
        yield {"first_query_stands_at": "the first key"}, lambda: keys <= queries


def _everything(call: Call) -> Claims:
    queries, keys, _ = _positions(call)
    yield {"sees": "everything"}, lambda: np.ones((queries.size, keys.size), dtype=bool)
    yield {"sees": "nothing"}, lambda: np.zeros((queries.size, keys.size), dtype=bool)
    yield {"sees": "itself only"}, lambda: np.eye(queries.size, keys.size, keys.size - queries.size, dtype=bool)


def _is_number_mask(seen: ValueMismatch) -> Mapping[str, Any] | None:
    """The right mask, said in numbers: 1 and 0, or 0 and very small."""
    got = seen.got
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "fiu" or got.shape != np.shape(seen.expected):
        return None
    allowed = np.asarray(seen.expected, dtype=bool)
    if same(got, allowed.astype(np.float64)):
        return {"numbers": "1 and 0"}
    hidden = got[~allowed]
    if same(got[allowed], np.zeros(int(allowed.sum()))) and hidden.size and (hidden <= -1e3).all():
        return {"numbers": "0 and very small"}
    return None


RULES: list[Rule] = [
    Rule("mask-in-numbers", ValueMismatch, _is_number_mask, Rank.STRUCTURE, (MASK,)),
    values("mask-inverted", MASK, _inverted),
    values("mask-aligned-left", MASK, _aligned_elsewhere),
    values("mask-transposed", MASK, _transposed),
    values("mask-sees-ahead", MASK, _shifted(1)),
    values("mask-hides-itself", MASK, _shifted(-1)),
    values("mask-without-order", MASK, _everything),
]
