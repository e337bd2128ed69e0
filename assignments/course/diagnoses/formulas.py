"""How a known-wrong formula is written down: a function of the call's arguments, by their names.

A formula may ask the solved package for right pieces (`call.right.functional.softmax(x)`): wrong ones are built from
them. Where there is no solved package, such a formula is silent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule, same
from tinygrade.diagnosis.observations import GradientMismatch, TrajectoryMismatch, Unanswered, ValueMismatch

#: Equality under random inputs says more than any pattern, also than "not finite": these are asked first. (Of the same
#: rank, what knows the op comes before what knows any.)
RANK = Rank.STRUCTURE
#: What mistakes give: pairs of evidence and a function for the numbers that follow, None where it does not apply. A
#: function may give an iterator over a list's numbers: where one is not the student's, the others are not computed.
Claims = Iterable[tuple[Mapping[str, Any], Callable[[], Any]]]


class NoSolution(Exception):
    """A formula needs pieces of the solved package, and there is none."""


class Call:
    """One observed call: its arguments as attributes, the cotangent `g`, and right pieces behind `right`."""

    def __init__(self, seen: GradientMismatch | ValueMismatch) -> None:
        self.seen = seen
        self.arguments = _arguments(seen)
        self.right = Solved(seen.reference)
        if isinstance(seen, GradientMismatch):
            self.arguments["g"] = seen.cotangent

    def __getattr__(self, name: str) -> Any:
        try:
            return self.arguments[name]
        except KeyError:
            # no AttributeError: the formula does not apply to a call without this argument
            raise ValueError(f"the call has no argument {name!r}") from None


class Solved:
    """The solved package as functions from plain data to plain data: `right.functional.softmax(x)`."""

    def __init__(self, library: Any, path: tuple[str, ...] = ()) -> None:
        self._library = library
        self._path = path

    def __getattr__(self, name: str) -> Solved:
        return Solved(self._library, (*self._path, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._library is None:
            raise NoSolution
        function = self._library
        for name in self._path:
            function = getattr(function, name)
        return plain(self._library.fetch(function(*args, **kwargs)))

    def vjp(self, g: Any, *inputs: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> list[Any]:
        """The right gradients of the function at this path."""
        if self._library is None:
            raise NoSolution
        function = self._library
        for name in self._path:
            function = getattr(function, name)
        return list(plain(self._library.vjp(function, list(inputs), g, wrt, **kwargs)["grads"]))


def plain(value: Any) -> Any:
    """Arrays of any subclass as plain arrays, also inside lists and tuples."""
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return np.asarray(value).view(np.ndarray) if isinstance(value, np.ndarray) else value


# ---- rules -----------------------------------------------------------------------------------------


def value(code: str, about: str, wrong: Callable[[Call], Any], **evidence: Any) -> Rule:
    """A wrong value of the function at the path `about`."""
    return values(code, about, lambda call: [(evidence, lambda: wrong(call))])


def values(code: str, about: str, claims: Callable[[Call], Claims]) -> Rule:
    """A family of wrong values, each with the evidence that tells them apart."""
    return Rule(code, ValueMismatch, Family(lambda seen: claims(Call(seen))), RANK, (about,))


def gradient(code: str, about: str, argument: int, wrong: Callable[[Call], Any], **evidence: Any) -> Rule:
    """A wrong gradient of one argument, by its position."""
    return gradients(code, about, argument, lambda call: [(evidence, lambda: wrong(call))])


def gradients(code: str, about: str, argument: int, claims: Callable[[Call], Claims]) -> Rule:
    """A family of wrong gradients of one argument."""

    def of_argument(seen: GradientMismatch) -> Claims:
        return claims(Call(seen)) if seen.position == argument else ()

    return Rule(code, GradientMismatch, Family(of_argument), RANK, (about,))


def trajectory(code: str, about: str, claims: Callable[[TrajectoryMismatch], Claims]) -> Rule:
    """A family of wrong paths of parameters."""
    return Rule(code, TrajectoryMismatch, Family(claims), RANK, (about,))


@dataclass(frozen=True)
class Family:
    """Sees whether the student's numbers are what one of several mistakes gives."""

    claims: Callable[[Any], Claims]

    def __call__(self, seen: Any) -> Mapping[str, Any] | None:
        """Evidence of the first claim that the numbers equal, and that is wrong."""
        for evidence, claimed in self._numbers(seen, lambda steps: _followed(steps, seen.got)):
            if same(claimed, seen.got):
                return evidence
        return None

    def numbers(self, seen: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """What each mistake gives here, where it applies and makes a difference."""
        return self._numbers(seen, list)

    def _numbers(
        self, seen: Any, listed: Callable[[Iterator[Any]], list[Any]]
    ) -> Iterator[tuple[Mapping[str, Any], Any]]:
        for evidence, wrong in _applicable(lambda: list(self.claims(seen))) or ():
            claimed = _applicable(lambda wrong=wrong: _complete(wrong(), listed))
            if isinstance(seen, GradientMismatch) and np.shape(claimed) != np.shape(seen.expected):
                continue  # the shape itself tells what is wrong
            if _says_something(claimed) and not same(claimed, seen.expected) and not _is_plainer(claimed, seen):
                yield evidence, claimed


def _complete(claimed: Any, listed: Callable[[Iterator[Any]], list[Any]]) -> Any:
    return listed(claimed) if isinstance(claimed, Iterator) else claimed


def _followed(steps: Iterator[Any], got: Any) -> list[Any]:
    """The steps up to the first one that is not as in `got`: a list that equals `got` only when all of it does."""
    theirs = got if isinstance(got, list | tuple) else ()
    taken: list[Any] = []
    for step in steps:
        taken.append(step)
        if len(taken) > len(theirs) or not same(step, theirs[len(taken) - 1]):
            break
    return taken


def _says_something(claimed: Any) -> bool:
    """Nothing but NaN equals every other NaN."""
    if isinstance(claimed, list | tuple):
        return any(_says_something(item) for item in claimed)
    return claimed is not None and bool(np.isfinite(claimed).any())


def _is_plainer(claimed: Any, seen: Any) -> bool:
    """Is the claim the right gradient with the other sign? Then its sign says more than any formula."""
    return isinstance(seen, GradientMismatch) and same(np.negative(claimed), seen.expected)


def _applicable(compute: Callable[[], Any]) -> Any:
    """What `compute` gives, or None where the formula does not apply: shapes do not fit, or a piece is missing."""
    try:
        with np.errstate(all="ignore"):
            return compute()
    except (NoSolution, Unanswered, ValueError, IndexError):
        return None


# ---- arguments -------------------------------------------------------------------------------------

#: Names and defaults of the arguments, for calls that were observed by position.
SIGNATURES: dict[str, Callable[..., None]] = {
    **dict.fromkeys(("ops.add", "ops.sub", "ops.mul", "ops.div", "ops.power", "ops.maximum"), lambda a, b: None),
    **dict.fromkeys(("ops.exp", "ops.log", "ops.tanh", "ops.relu", "ops.neg"), lambda x: None),
    "ops.where": lambda condition, a, b: None,
    "ops.matmul": lambda a, b: None,
    **dict.fromkeys(("ops.reduce_sum", "ops.mean"), lambda x, axis=None, keepdims=False: None),
    "ops.reshape": lambda x, shape: None,
    "ops.transpose": lambda x, axes=None: None,
    "ops.getitem": lambda x, index: None,
    "ops.unbroadcast": lambda g, shape: None,
    "ops.concat": lambda tensors, axis=0: None,
    "ops.take_rows": lambda weight, ids: None,
    **dict.fromkeys(("functional.softmax", "functional.log_softmax"), lambda x, axis=-1: None),
    "functional.softmax_vjp": lambda g, y, axis=-1: None,
    "functional.gelu": lambda x: None,
    "functional.cross_entropy": lambda logits, targets, ignore_index=None: None,
    "functional.cross_entropy_vjp": lambda g, logits, targets, ignore_index=None: None,
    "functional.layer_norm": lambda x, weight, bias, eps=1e-5: None,
    "functional.layer_norm_vjp": lambda g, x, weight, eps=1e-5: None,
    "functional.linear": lambda x, weight, bias=None: None,
    "transformer.scaled_dot_product_attention": lambda q, k, v, mask: None,
    "transformer.causal_mask": lambda t_q, t_k=None: None,
    "generate.filter_logits": lambda z, temperature=1.0, top_k=None, top_p=None: None,
    "generate.sample": lambda p, u: None,
    "optim.lr_at": lambda steps, peak, warmup, total, floor=0.0: None,
}


def _arguments(seen: GradientMismatch | ValueMismatch) -> dict[str, Any]:
    """Arguments by name, defaults included; whatever else was observed keeps its name."""
    signature = SIGNATURES.get(seen.about)
    names = list(inspect.signature(signature).parameters) if signature else []
    if isinstance(seen, GradientMismatch):
        given = {**dict(zip(names, seen.inputs, strict=False)), **seen.kwargs}
    else:
        given = _by_name(names, seen.inputs)
    return {key: plain(value) for key, value in {**_defaults(signature), **given}.items()}


def _by_name(names: Sequence[str], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A check may have called its arguments otherwise; then their order tells which they are."""
    known = set(inputs) & set(names)
    return {
        key if key in names or i >= len(names) or names[i] in known else names[i]: value
        for i, (key, value) in enumerate(inputs.items())
    }


def _defaults(signature: Callable[..., None] | None) -> dict[str, Any]:
    parameters = inspect.signature(signature).parameters.values() if signature else ()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
