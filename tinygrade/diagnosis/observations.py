"""What rules look at: each class is one way in which a student's numbers were seen to be wrong.

Whatever came from the student (`got`, `grads`, `output`) may be anything at all, except in rules that ask for arrays:
see `Rank`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Unanswered(Exception):
    """Raised by `rerun` when one side could not answer, or was asked too often: nothing follows from that."""


@dataclass(frozen=True)
class GradientMismatch:
    """A vector-Jacobian product differs from the reference's for one argument of one call."""

    #: Path of the op in the package, such as `functional.softmax`.
    about: str
    #: Name of the argument, and its position among `inputs`.
    argument: str
    position: int
    got: Any
    expected: np.ndarray
    #: The call: positional inputs, keyword arguments, and the cotangent that was pulled back.
    inputs: Sequence[Any]
    kwargs: Mapping[str, Any]
    cotangent: np.ndarray
    #: The positions that were tensors, and all gradients there, the student's and the reference's.
    wrt: Sequence[int] = (0,)
    grads: Sequence[Any] = ()
    expected_grads: Sequence[Any] = ()
    #: Results of the forward, the student's and the reference's.
    output: Any = None
    expected_output: Any = None
    #: Both sides again on other inputs, same kwargs, new cotangent: the mismatch of this argument there, or None where
    #: they agree. Raises Unanswered, also where the right gradient is zero, so that anything would agree.
    rerun: Callable[[Sequence[Any]], GradientMismatch | None] | None = None
    #: The solved package behind handles, for formulas that are built from its pieces.
    reference: Any = None
    #: All positions of this tensor, where one stands at several; empty for `(position,)`.
    positions: Sequence[int] = ()
    #: Names of the inputs, as far as they are known.
    names: Sequence[str] = ()
    #: What is special about the call, and how its arrays lay in memory; `rerun` has them in the plain order "C".
    label: str = ""
    layout: str = "C"
    #: The reference's gradient by each way on which the tensor acts on the result; they add up to `expected`.
    contributions: Callable[[], Sequence[np.ndarray]] | None = None
    #: Does the student's x + x have twice the gradient of x? None when that cannot be told.
    adds_up: Callable[[], bool | None] | None = None
    #: Are the student's gradients those of the student's own forward? None when that cannot be told.
    fits: Callable[[], bool | None] | None = None


@dataclass(frozen=True)
class ValueMismatch:
    """A value differs from the reference's."""

    #: Path of what was called, or "" when a rule cannot know it.
    about: str
    got: Any
    expected: np.ndarray
    #: What it was called with, by name: plain data.
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rerun: Callable[[Mapping[str, Any]], ValueMismatch | None] | None = None
    reference: Any = None
    #: Where gradients came along: are they those of the student's own forward? None when that cannot be told.
    fits: Callable[[], bool | None] | None = None


@dataclass(frozen=True)
class TrajectoryMismatch:
    """Parameters under an optimiser leave the reference's path."""

    #: Path of the optimiser, such as `optim.AdamW`.
    about: str
    #: Its keyword arguments.
    settings: Mapping[str, Any]
    #: Parameters before the first step.
    starts: Sequence[np.ndarray]
    #: Per step one gradient per parameter; None for a parameter that gets none.
    gradients: Sequence[Sequence[np.ndarray | None]]
    #: Per step all parameters, the student's and the reference's.
    got: Sequence[Sequence[Any]]
    expected: Sequence[Sequence[np.ndarray]]
    reference: Any = None


@dataclass(frozen=True)
class Curve:
    """The losses of a training run, as the trusted side recomputed them."""

    steps: Sequence[int]
    losses: Sequence[float]
    #: The entropy floor of the data: no causal model can have a lower expected loss, in nats.
    floor: float
    #: The loss of guessing uniformly, and that of knowing the position only, in nats.
    uniform: float
    position_only: float


@dataclass(frozen=True)
class Prediction:
    """One case of a prediction test that earned no full credit."""

    input: str
    expected: str
    got: str
    credit: float


Observation = GradientMismatch | ValueMismatch | TrajectoryMismatch | Curve | Prediction
