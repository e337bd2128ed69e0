"""Make the shipped model: `scripts/pretrain`. The same command on the same machine writes the same bytes.

Another numpy or processor may round differently, and then the weights differ in their last digits and soon in all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinygrade import Course

from . import checkpoints, corpus
from .models import Reference, Size
from .recipes import Recipe
from .trainer import trained

FILE = Path(__file__).with_name("pretrained.npz")
SIZE = Size(2, 28)
SEED = 20
RECIPE = Recipe("pretrain", 1e-2, batch=32, steps=4000, warmup=100, floor=1e-4)


def make(course: Course, file: Path = FILE, steps: int = RECIPE.steps) -> None:
    """Train and write the model; half precision would do, single is plenty, and double is twice as long."""
    weights = trained(Reference(course), SIZE, RECIPE, corpus.strings(), steps, SEED)
    checkpoints.save(file, SIZE, {name: array.astype(np.float32) for name, array in weights.items()})
