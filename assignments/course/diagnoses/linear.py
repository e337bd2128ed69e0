"""The affine map and the look-up of rows: which factor stands where, which rows are meant, what adds up."""

from __future__ import annotations

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, values

LINEAR, ROWS = "functional.linear", "ops.take_rows"


def _maps(call: Call) -> Claims:
    x, weight, bias = call.x, call.weight, call.bias
    none = np.zeros(weight.shape[0])
    b = none if bias is None else bias
    yield {"weight": "not transposed"}, lambda: x @ weight + b
    yield {"weight": "reshaped, not transposed"}, lambda: x @ weight.reshape(weight.shape[::-1]) + b
    yield {"order": "weight first"}, lambda: weight @ x + b


def _bias(call: Call) -> Claims:
    x, weight, bias = call.x, call.weight, call.bias
    yield {"bias": "left out"}, lambda: x @ weight.T
    yield {"bias": "subtracted"}, lambda: x @ weight.T - bias
    yield {"bias": "added twice"}, lambda: x @ weight.T + 2.0 * bias
    yield {"bias": "along the other axis"}, lambda: x @ weight.T + bias[:, None]


def _weight_slopes(call: Call) -> Claims:
    """Visible on square weights only: elsewhere the shape is wrong."""
    rows, g = call.x.reshape(-1, call.x.shape[-1]), call.g.reshape(-1, call.g.shape[-1])
    yield {"averaged": "over the rows"}, lambda: g.T @ rows / len(rows)
    yield {"only": "the last row"}, lambda: np.outer(g[-1], rows[-1])
    first_g, first_x = call.g[:1].reshape(-1, g.shape[1]), call.x[:1].reshape(-1, rows.shape[1])
    yield {"only": "the first of the batch"}, lambda: first_g.T @ first_x


def _input_slopes(call: Call) -> Claims:
    yield {"weight": "transposed"}, lambda: call.g @ call.weight.T
    turned = np.asarray(call.weight).T
    yield {"weight": "read in another order"}, lambda: call.g @ turned.reshape(call.weight.shape)
    yield {"weight": "read in another order"}, lambda: call.g @ np.reshape(call.weight, turned.shape).T


def _bias_slopes(call: Call) -> Claims:
    g = call.g.reshape(-1, call.g.shape[-1])
    yield {"averaged": "over the rows"}, lambda: g.mean(axis=0)
    yield {"only": "one row"}, lambda: g[-1]
    yield {"only": "the first of the batch"}, lambda: call.g[0].reshape(-1, g.shape[1]).sum(axis=0)
    yield {"summed": "along the rows"}, lambda: call.g.sum(axis=-1).reshape(call.bias.shape)


def _rows_elsewhere(call: Call) -> Claims:
    table, ids = np.asarray(call.weight), np.asarray(call.ids)
    for shift in (-1, 1):
        yield {"rows_off_by": shift}, lambda shift=shift: np.roll(table, shift, axis=0)[ids]
    yield {"read": "columns"}, lambda: table.T[ids]
    yield {"read": "columns"}, lambda: table[:, ids]


def _skipped(call: Call) -> Claims:
    ids, g = np.asarray(call.ids), call.g
    for row in (0, len(call.weight) - 1):
        yield {"row": row}, lambda row=row: _added(call.weight, ids, g * (ids != row)[..., None])


def _added(table: np.ndarray, ids: np.ndarray, g: np.ndarray) -> np.ndarray:
    total = np.zeros_like(table)
    np.add.at(total, ids, g)
    return total


def _averaged(call: Call) -> Claims:
    ids = np.asarray(call.ids)
    counts = np.bincount(ids.reshape(-1), minlength=len(call.weight))
    total = _added(call.weight, ids, call.g)
    yield {"divided_by": "how often the row is used"}, lambda: total / np.maximum(counts, 1)[:, None]
    yield {"divided_by": "all ids"}, lambda: total / ids.size


RULES: list[Rule] = [
    values("linear-weight", LINEAR, _maps),
    values("linear-bias", LINEAR, _bias),
    gradients("linear-weight-gradient", LINEAR, 1, _weight_slopes),
    gradients("linear-weight-gradient", LINEAR, 2, _bias_slopes),
    gradients("linear-weight-gradient", LINEAR, 0, _input_slopes),
    values("rows-elsewhere", ROWS, _rows_elsewhere),
    gradients("padding-row-frozen", ROWS, 0, _skipped),
    gradients("repeated-rows-averaged", ROWS, 0, _averaged),
]
