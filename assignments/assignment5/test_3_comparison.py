"""Group 3: is one configuration better than another, or was it luck? Differences by pairs, and how sure they are.

Seeds move both sides of a pair far more than the configurations differ: whoever does not pair sees nothing.

What is random is judged by figures whose spread is known. An endpoint of a bootstrap with 1,000 resamples has a
standard error of 0.083 standard errors of the mean (0.025·0.975/1000, over the density of the normal distribution
there); over DATASETS intervals and beside the reference's own spread that is 0.9% of what is compared with 6%: a right
solution fails once in 10^10 runs.
"""

import math

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import require
from tinygrade.checks.loops import called

pytestmark = [pytest.mark.task("A5.4"), pytest.mark.where("experiments.paired_comparison")]
ABOUT = "experiments.paired_comparison"
DATASETS, PAIRS = 30, 12
#: Root mean square of what ends differ by from the reference's, in standard errors of the mean. With 1,000 resamples it
#: is 0.09, with 100 0.26; a right solution is above this once in 10^20 runs.
MOST_SCATTER = 0.17
#: The coverage of the percentile interval of 8 normal differences is P(|t_7| < 1.96·sqrt(7/8)) = 0.89.
EXPERIMENTS, FEW, COVERAGE = 100, 8, 0.89
#: How often a right solution may fail the coverage check.
FALSE_ALARM = 1e-6


def draw(rng, pairs, difference=0.3):
    """Metrics (pairs,) of two sides whose seeds differ by 5 and whose difference varies by 1 around `difference`."""
    luck = 5.0 * rng.standard_normal(pairs)
    a = luck + difference + rng.standard_normal(pairs)
    return a, luck


def runs_of(lib, metrics, seeds, order):
    """Runs with these metrics and seeds, in this order."""
    config = {"layers": 1}
    return [
        lib.experiments.Run(config=config, seed=int(seeds[i]), losses=[], seconds=1.0, metric=float(metrics[i]))
        for i in order
    ]


def compared(lib, datasets, generators):
    """What paired_comparison gives for each data set (a, b, seeds, order of a, order of b), in one request."""
    calls = []
    for (a, b, seeds, order_a, order_b), seed in zip(datasets, generators, strict=True):
        sides = runs_of(lib, a, seeds, order_a), runs_of(lib, b, seeds, order_b)
        calls.append(((*sides, lib.generator(seed)), {}))
    return called(lib, lib.experiments.paired_comparison, calls)


def number(found, name):
    """One number of the answer."""
    value = found.get(name) if type(found) is dict else None
    if value is None:
        raise StudentFailure(f"paired_comparison does not give a dict with {name!r}")
    require(value, shape=(), finite=True, name=f"{name!r} of paired_comparison")
    return float(value)


def ends(found, data):
    """Both ends of the interval in the answer; turned where the difference is, which another check judges."""
    low, high = number(found, "low"), number(found, "high")
    a, b, *_ = data
    return [-high, -low] if number(found, "difference") * (a - b).mean() < 0 else [low, high]


def shuffled(rng, pairs):
    """A data set of so many pairs, in which neither side has its seeds in order."""
    a, b = draw(rng, pairs)
    return a, b, rng.permutation(1000)[:pairs], rng.permutation(pairs), rng.permutation(pairs)


@pytest.mark.points(7)
@pytest.mark.title("paired_comparison: the difference by pairs, and how many there are")
@pytest.mark.hint("Side A has the seeds 1 to 5, side B has 3 to 8. Which runs have been through the same?")
def test_difference(student, reference, parity, rng):
    a, b = draw(rng, 12)
    seeds = rng.permutation(1000)[:12]
    # the first three seeds are those of A alone, the last three those of B alone
    order_a, order_b = rng.permutation(9), 3 + rng.permutation(9)
    generator = int(rng.integers(1 << 62))
    (got,), (expected,) = (
        compared(lib, [(a, b, seeds, order_a, order_b)], [generator]) for lib in (student, reference)
    )
    inputs = {"a": a, "b": b, "order_a": order_a, "order_b": order_b}
    parity.data(number(got, "difference"), expected["difference"], "difference", about=ABOUT, inputs=inputs)
    parity.data(number(got, "n"), expected["n"].astype(float), "n")


@pytest.mark.points(8)
@pytest.mark.title("paired_comparison: the 95% interval of the mean difference")
@pytest.mark.needs("test_difference")
@pytest.mark.timeout(30)
@pytest.mark.hint("What is drawn anew in each resample, how many of them, and what is computed from what was drawn?")
def test_interval(student, reference, parity, mistake, rng):
    datasets = [shuffled(rng, PAIRS) for _ in range(DATASETS)]
    generators = [int(seed) for seed in rng.integers(1 << 62, size=DATASETS)]
    answers = compared(student, datasets, generators)
    got = np.array([ends(*pair) for pair in zip(answers, datasets, strict=True)])
    expected = compared(reference, datasets, generators)
    right = [(np.asarray(found["low"]), np.asarray(found["high"])) for found in expected]
    # In standard errors from the mean, so that all intervals are alike.
    differences = np.array([a - b for a, b, *_ in datasets])
    center, error = differences.mean(axis=1), differences.std(axis=1, ddof=1) / math.sqrt(PAIRS)
    standard = lambda both: ((np.asarray(both, dtype=float) - center[:, None]) / error[:, None]).mean(axis=0)  # noqa: E731
    name = f"low and high, mean over {DATASETS} experiments, in standard errors from the mean difference"
    inputs = {"a": [a for a, *_ in datasets], "b": [b for _, b, *_ in datasets]}
    if (got[:, 0] == got[:, 1]).all():
        raise mistake("interval-empty", "low and high are equal: every resample has the same mean")
    parity.data(standard(got), standard(right), name, about=ABOUT, inputs=inputs, rtol=0.06, atol=0.0)
    scatter = float(np.sqrt((((got - np.array(right)) / error[:, None]) ** 2).mean()))
    if scatter > MOST_SCATTER:
        told = f"the ends of the interval jump by {scatter:.2f} standard errors from one generator to the next"
        raise mistake("few-resamples", told)
    same, other = compared(student, datasets[:1] * 2, [generators[0], generators[1]])
    same, other, first = (ends(found, datasets[0]) for found in (same, other, answers[0]))
    if same != first:
        raise mistake("seed-ignored", "two generators of the same seed give other intervals")
    if same == other:
        raise mistake("seed-ignored", "every generator gives the same interval")


@pytest.mark.points(3)
@pytest.mark.title("paired_comparison: how often the interval holds the truth")
@pytest.mark.needs("test_interval")
@pytest.mark.timeout(30)
@pytest.mark.hint("Draw a hundred experiments whose true difference you know. In how many does your interval hold it?")
def test_coverage(student, note, rng):
    truth = 0.3
    datasets = [shuffled(rng, FEW) for _ in range(EXPERIMENTS)]
    answers = compared(student, datasets, [int(seed) for seed in rng.integers(1 << 62, size=EXPERIMENTS)])
    intervals = [ends(*pair) for pair in zip(answers, datasets, strict=True)]
    held = sum(low <= truth <= high for low, high in intervals)
    told = f"{held} of {EXPERIMENTS} intervals hold the true difference"
    least = fewest(EXPERIMENTS, COVERAGE, FALSE_ALARM)
    if held < least:
        raise StudentFailure(f"{told}; of a right solution it is fewer than {least} once in a million runs")
    note(f"{told} (of a right solution about {EXPERIMENTS * COVERAGE:.0f})")


def fewest(trials, share, alarm):
    """The largest count that is undercut with at most this probability: the lower tail of the binomial distribution."""
    below = 0.0
    for count in range(trials + 1):
        below += math.comb(trials, count) * share**count * (1 - share) ** (trials - count)
        if below > alarm:
            return count
    return trials


@pytest.mark.points(2)
@pytest.mark.title("paired_comparison: what cannot be compared")
@pytest.mark.needs("test_difference")
@pytest.mark.hint("Four pairs, a seed that occurs twice, a run that diverged: what should the answer be?")
def test_refused(student, rng):
    a, b, seeds, *_ = shuffled(rng, 6)
    lost = np.where(np.arange(6) == 2, math.nan, a)
    all_six, twice = np.arange(6), [0, 1, 2, 3, 4, 4]

    def compare(metrics, order_a, order_b):
        sides = runs_of(student, metrics, seeds, order_a), runs_of(student, b, seeds, order_b)
        return student.experiments.paired_comparison(*sides, student.generator(0))

    wrong = [
        lambda: compare(a, all_six[:4], all_six),
        lambda: compare(a, all_six[:5], all_six[1:]),
        lambda: compare(a, [*all_six, *twice], all_six),
        lambda: compare(lost, all_six, all_six),
    ]
    for call in wrong:
        student.raises(ValueError, call, valid=lambda: compare(a, all_six[:5], all_six))
