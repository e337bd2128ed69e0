"""What a model would write: continuations of a prefix, and how sure it is of each character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrade import UsageError
from tinygrade.reporters.lines import Line, table

from ..strings import END, VOCABULARY
from .data import LONGEST

#: Ids (T,) of a prefix -> logits (V,) of what comes next.
NextLogits = Callable[[np.ndarray], np.ndarray]
_IDS = {char: i for i, char in enumerate(VOCABULARY)}
_BAR = 20


@dataclass(frozen=True)
class Continuation:
    """The likeliest character each time, until the end; `probability` is that of all of them together."""

    prefix: str
    text: str
    probability: float


def next_logits(model: object) -> NextLogits:
    """What `model` says after a prefix."""

    def ask(ids: np.ndarray) -> np.ndarray:
        return np.asarray(model(ids[None]).data)[0, -1]  # type: ignore[operator]

    return ask


def check_prefix(prefix: str) -> None:
    """Raise UsageError for what no model can be asked."""
    unknown = sorted(set(prefix) - set(VOCABULARY[1:]))
    if unknown:
        raise UsageError(f"unknown: {' '.join(map(repr, unknown[:5]))}; the characters are 0-9 and A-T")
    if not 0 < len(prefix) <= LONGEST:
        raise UsageError(f"write 1 to {LONGEST} characters")


def distribution(ask: NextLogits, prefix: str) -> dict[str, float]:
    """Probability of each next character, "" being the end, the likeliest first."""
    z = np.asarray(ask(np.array([_IDS[char] for char in prefix])), dtype=np.float64)
    p = np.exp(z - z.max())
    p /= p.sum()
    return {VOCABULARY[i]: float(p[i]) for i in np.argsort(-p, kind="stable")}


def continuation(ask: NextLogits, prefix: str) -> Continuation:
    """Greedy, at most as long as the model can read."""
    text, probability = prefix, 1.0
    while len(text) <= LONGEST:
        char, p = next(iter(distribution(ask, text).items()))
        probability *= p
        text += char
        if char == END:
            break
    return Continuation(prefix, text, probability)


def prefixes_of(strings: Sequence[str], count: int = 12) -> tuple[str, ...]:
    """The first two characters of the strings, each once: what to ask before and after training."""
    return tuple(dict.fromkeys(string[:2] for string in strings if len(string) > 1))[:count]


def before_and_after(before: Sequence[Continuation], after: Sequence[Continuation], known: Sequence[str]) -> list[Line]:
    """Both side by side; what is one of the strings stands in green."""
    rows = [("prefix", "before", "", "after", "", "")]
    for a, b in zip(before, after, strict=True):
        verdict = "one of the strings" if b.text in known else ""
        rows.append((a.prefix, a.text, f"{a.probability:.0%}", b.text, f"{b.probability:.0%}", verdict))
    lines = table(rows, right=(2, 4))
    styles = ["dim", *("green" if b.text in known else "" for b in after)]
    return [Line(f"  {line}", style) for line, style in zip(lines, styles, strict=True)]


def bars(ask: NextLogits, prefix: str, count: int = 5) -> list[Line]:
    """The likeliest next characters, with their probabilities as bars."""
    likeliest = list(distribution(ask, prefix).items())[:count]
    shown = [(char or "end", p) for char, p in likeliest if p >= 0.005]
    return [Line(f"    {char:<3} {p:>4.0%} {'█' * max(1, round(p * _BAR))}") for char, p in shown]
