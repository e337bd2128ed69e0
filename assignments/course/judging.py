"""How well a trained model knows the strings: its loss above the floor, and its probabilities case by case.

Several strings begin alike, so the best model's argmax is a coin flip on a third of the cases. Credit asks
instead whether the model gives the right characters about the probability that they have in the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log

import numpy as np

from .prefix_tree import PrefixTree, decisive
from .strings import CASES, CATEGORIES, END, VOCABULARY, Category, category, inputs_and_targets

#: Nats above the entropy floor that still earn full credit.
LOSS_MARGIN = 0.02
#: Nats below the floor that sampling and rounding may explain. Anything lower has seen the targets.
LEAK_MARGIN = 0.003
#: Missing probability up to which a case is learned, and from which on it earns nothing.
FULL_CREDIT, NO_CREDIT = 0.25, 0.5
#: Mean credit of the fresh strings up to which training is not shown, and from which on it is.
GUESSED, PROVEN = 2 / 3, 0.9


@dataclass(frozen=True)
class Prediction:
    """One case: what should follow the first character, what the model says, and what that is worth."""

    input: str
    expected: str
    got: str
    exact: bool
    credit: float
    note: str
    category: Category


def mean_loss(log_probs: np.ndarray, y: np.ndarray) -> float:
    """Mean cross-entropy in nats over all positions, padding counted; (N,T,V) and (N,T)."""
    picked = np.take_along_axis(_log_softmax(log_probs), y[..., None], axis=-1)  # (N,T,1)
    return -float(picked.mean())


def loss_credit(loss: float, floor: float, none_at: float) -> float:
    """Credit in [0, 1] for a training loss, linear in log(loss - floor).

    Linear in the loss itself would give a bigram table 97 %. `none_at` is the loss of a model that knows the
    position only. A loss below the floor earns nothing, because no causal model reaches it.
    """
    if not isfinite(loss) or is_leak(loss, floor):
        return 0.0
    above = max(loss - floor, LOSS_MARGIN)
    credit = log((none_at - floor) / above) / log((none_at - floor) / LOSS_MARGIN)
    return max(0.0, credit)


def is_leak(loss: float, floor: float) -> bool:
    """Whether a loss is lower than a causal model's can be."""
    return isfinite(loss) and loss < floor - LEAK_MARGIN


def judge_predictions(log_probs: np.ndarray, tree: PrefixTree) -> list[Prediction]:
    """The 15 cases, from one forward pass over them: (15, 9, V), against all strings trained on."""
    return [judge_case(case, rows, tree) for case, rows in zip(CASES, log_probs, strict=True)]


def judge_case(string: str, log_probs: np.ndarray, tree: PrefixTree) -> Prediction:
    """One case, from the model's log-probabilities (T, V) after each of its prefixes."""
    log_probs = _log_softmax(log_probs)
    expected = string[1:]
    if np.isnan(log_probs).any():
        return Prediction(string, expected, "", False, 0.0, "not a number", category(string))
    choices = [VOCABULARY[i] for i in log_probs.argmax(axis=-1)]
    got = _up_to_end(choices[: len(expected)])
    credit = _credit(_worst_deficit(string, log_probs, tree, with_end=False))
    note = _note(string, choices, credit, tree)
    return Prediction(string, expected, got, got == expected, credit, note, category(string))


def fresh_credit(log_probs: np.ndarray, strings: Sequence[str], tree: PrefixTree) -> float:
    """Mean credit of the fresh strings, from one forward pass over them: (N, T, V).

    Nothing else begins like a fresh string, so its end is no coin flip and counts as well: without it, the
    long run from a character would be an answer to the short run, too.
    """
    if not strings:
        return 0.0
    rows = _log_softmax(log_probs)
    worst = [_worst_deficit(s, r, tree, with_end=True) for s, r in zip(strings, rows, strict=True)]
    return float(np.mean([_credit(deficit) for deficit in worst]))


def training_proof(credit: float) -> float:
    """Factor in [0, 1] by which the fresh strings show that these weights were trained in this run.

    Weights made beforehand can bet on one of three shapes per start, or spread their probability, which earns
    less: one string in three on average, more than four of six at best in one run of 44. So up to four earn
    nothing. Training brings all six long before the loss reaches its window: over 30 draws the lowest
    credit was 0.78 at step 75 of a full-batch run (loss 0.07) and 1 from step 100 on (loss 0.054).
    """
    if not isfinite(credit):
        return 0.0
    return min(1.0, max(0.0, (credit - GUESSED) / (PROVEN - GUESSED)))


def exact_count(predictions: Sequence[Prediction]) -> int:
    """Cases whose characters are all the argmax: the seed's own measure."""
    return sum(p.exact for p in predictions)


def learned_count(predictions: Sequence[Prediction]) -> int:
    """Cases with full credit."""
    return sum(p.credit == 1.0 for p in predictions)


def improvement(initial: float, final: float) -> float:
    """The part of the initial loss that training removed; NaN where that has no meaning."""
    if not (isfinite(initial) and isfinite(final) and initial > 0):
        return float("nan")
    return 1.0 - final / initial


def order_of_learning(
    history: Sequence[tuple[int, Sequence[Prediction]]],
) -> list[tuple[Category, int | None]]:
    """The first step at which all cases of a category had full credit (None if never), earliest first."""
    first = {name: _first_learned(name, history) for name in CATEGORIES}
    return sorted(first.items(), key=lambda item: float("inf") if item[1] is None else item[1])


def _first_learned(name: Category, history: Sequence[tuple[int, Sequence[Prediction]]]) -> int | None:
    for step, predictions in sorted(history, key=lambda item: item[0]):
        own = [p.credit for p in predictions if p.category == name]
        if own and min(own) == 1.0:
            return step
    return None


def _worst_deficit(string: str, log_probs: np.ndarray, tree: PrefixTree, with_end: bool) -> float:
    """Largest p_data - p_model of the right next character, over the string's decisive positions."""
    steps = decisive(string) + ([(string, END)] if with_end else [])
    _, targets = inputs_and_targets([string], len(log_probs) + 1)
    worst = 0.0
    for (prefix, char), row, target in zip(steps, log_probs, targets[0], strict=False):
        p_data = tree.probability(prefix, char)
        if p_data == 0.0:
            raise ValueError(f"{string!r} is not among the strings of this tree")
        deficit = p_data - float(np.exp(row[target]))
        worst = deficit if not deficit <= worst else worst  # a NaN is the worst
    return worst


def _credit(deficit: float) -> float:
    """Full up to 0.25, then linear to none at 0.5: no cliff, and no tie decides."""
    if not isfinite(deficit):
        return 0.0
    return min(1.0, max(0.0, (NO_CREDIT - deficit) / (NO_CREDIT - FULL_CREDIT)))


def _note(string: str, choices: Sequence[str], credit: float, tree: PrefixTree) -> str:
    """The kind of miss in a student's words, "" when there is none."""
    steps = zip(decisive(string), choices, strict=False)
    misses = [(prefix, got) for (prefix, char), got in steps if got != char]
    if not misses:
        return "" if credit == 1.0 else "right, but not sure enough"
    if _is_shifted(string, choices):
        return "off by one"
    prefix, got = misses[0]
    if tree.probability(prefix, got) > 0.0:
        return "two strings begin alike" + ("" if credit == 1.0 else ", and the other one is too likely")
    return "truncated" if got == END else "wrong"


def _is_shifted(string: str, choices: Sequence[str]) -> bool:
    """Whether the answer is the input itself, or the character after the next one, all along."""
    if len(string) <= 2 or len(set(string)) == 1:  # one character, or equal ones, cannot show a shift
        return False
    repeats_input = all(got == char for got, char in zip(choices, string[:-1], strict=False))
    skips_one = all(got == char for got, char in zip(choices, string[2:], strict=False))
    return repeats_input or skips_one


def _up_to_end(chars: Sequence[str]) -> str:
    return "".join(chars[: chars.index(END)] if END in chars else chars)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    """Log-probabilities that sum to one on the last axis; leaves true ones as they are.

    Without it, a model that answered "log-probability 0" for every character would be right everywhere.
    """
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        z = z - z.max(axis=-1, keepdims=True)
        normalised: np.ndarray = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return normalised
