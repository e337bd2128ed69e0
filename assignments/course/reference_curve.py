"""How the loss of the reference falls, to compare a training run with: recorded, so that no run has to repeat it.

One run of the reference's `train` from weights and on strings drawn with `SEED`; its batches are all of the data, so
nothing else is drawn: with seven other seeds the loss differed by 0.02 at the most at step 60, and by 0.002 at steps 90
to 180. `record` makes the numbers again, and `tests/course/test_reference_curve.py` holds that they are those of the
reference as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .strings import SEED_STRINGS, fresh_strings, inputs_and_targets
from .weights import initial_weights

SEED = 0
#: Every tenth step after a few early ones: where a run with full credit ends, and twice as far.
STEPS = (0, 1, 2, 5, *range(10, 201, 10))
#: Nats after each of these steps.
LOSSES: tuple[float, ...] = (
    3.7239, 3.4968, 3.1047, 2.2676, 1.6063, 0.6917, 0.3857, 0.2036, 0.1135, 0.0761, 0.0596, 0.0518,
    0.0492, 0.0497, 0.0479, 0.0471, 0.0464, 0.0461, 0.0458, 0.0461, 0.0456, 0.0454, 0.0454, 0.0453,
)


def record(lib: Any, shapes: Mapping[str, tuple[int, ...]]) -> list[float]:
    """The losses of the reference `lib` after `STEPS`."""
    rng = np.random.default_rng(SEED)
    x, y = inputs_and_targets([*SEED_STRINGS, *fresh_strings(rng)])
    model = lib.transformer.GPT(rng=lib.generator(SEED))
    lib.write(model, initial_weights(shapes, rng))
    before: list[float] = []  # of each step: what `train` tells is the loss before it

    def on_step(_: int, loss: float) -> float:
        before.append(loss)
        return float(len(before) > STEPS[-1])

    lib.train.train(model, x, y, rng=lib.generator(SEED), on_step=on_step)
    return [round(before[step], 4) for step in STEPS]
