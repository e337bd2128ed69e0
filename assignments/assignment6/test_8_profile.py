"""Group 8: the student's own profiler, on operations whose cost is known: a clock that they move stays here."""

import numpy as np
import pytest

from tinygrade import StudentFailure

PIECE = "fast.profile"
REPEATS = 7
pytestmark = [pytest.mark.task("A6.11"), pytest.mark.where(PIECE)]


class Machine:
    """Operations of known cost: each call moves the clock.

    Args:
        costs: seconds of a call, by name.
        first: how many times longer the first call of an operation takes.
        spikes: how many times longer the calls of these numbers take, counted from 0 over all operations.
    """

    def __init__(self, costs, first=1.0, spikes=None):
        self.costs, self.first, self.spikes = costs, first, spikes or {}
        self.now, self.calls, self.order = 100.0, 0, []

    def clock(self):
        return self.now

    def operation(self, name):
        def call():
            factor = self.spikes.get(self.calls, 1.0) * (1.0 if name in self.order else self.first)
            self.now += self.costs[name] * factor
            self.calls += 1
            self.order.append(name)
            return 0.0

        return call

    def profile(self, student, repeats=REPEATS):
        """What the student's profiler says about them: pairs of a name and seconds."""
        clock, *operations = (self.clock, *map(self.operation, self.costs))
        handles = student.callbacks((clock, ()), *((operation, ()) for operation in operations))
        named = {name: handles[number] for number, name in enumerate(self.costs, 1)}
        got = student.fetch(student.fast.profile(named, handles[0], repeats))
        if type(got) is not list or not all(type(pair) in (tuple, list) and len(pair) == 2 for pair in got):
            raise StudentFailure("profile did not return a list of pairs (name, seconds)")
        if sorted(str(name) for name, _ in got) != sorted(self.costs):
            raise StudentFailure(f"profile of {len(self.costs)} operations told about other ones, or about {len(got)}")
        if not all(isinstance(seconds, int | float | np.number) and np.isfinite(seconds) for _, seconds in got):
            raise StudentFailure("profile gave something else than seconds")
        return [(str(name), float(seconds)) for name, seconds in got]


@pytest.fixture
def costs(rng):
    """Costs of five operations, none close to another, in random order."""
    names = ("linear", "attention", "gelu", "norm", "optimizer")
    return {str(name): 1e-3 * 1.7 ** float(power) for name, power in zip(names, rng.permutation(5), strict=True)}


def dearest(costs):
    return sorted(costs, key=lambda name: -costs[name])


def require_names(got, costs, message, **diagnosis):
    told = [name for name, _ in got]
    if told != dearest(costs):
        code = diagnosis.get("code") or ("profile-upside-down" if told == dearest(costs)[::-1] else "")
        said = f"{message}: yours says {', '.join(told[:3])} cost most, and {', '.join(dearest(costs)[:3])} do"
        raise diagnosis["mistake"](code, said) if code else StudentFailure(said)


@pytest.mark.points(3)
@pytest.mark.title("profile: medians of calls, most expensive first")
@pytest.mark.hint("What exactly do you read the clock around?")
def test_profile(student, costs, mistake):
    machine = Machine(costs)
    got = machine.profile(student)
    for name, seconds in got:
        if abs(seconds - costs[name]) > 1e-9:
            raise StudentFailure(f"a call of {name} takes {costs[name]:.6f} s, yours says {seconds:.6f}")
    require_names(got, costs, "the order", mistake=mistake)
    if machine.calls != len(costs) * (REPEATS + 1):
        raise StudentFailure(f"{machine.calls} calls; each operation is called once, and then {REPEATS} times")


@pytest.mark.points(3)
@pytest.mark.title("profile: on a machine that is slow at times")
@pytest.mark.needs("test_profile")
@pytest.mark.hint("Which of your times would you not believe, and does every operation meet the slow moments alike?")
@pytest.mark.parametrize("trouble", ["slow first calls", "two interrupted calls", "slow for a while"])
def test_profile_under_trouble(student, costs, mistake, trouble):
    cheapest = list(costs).index(dearest(costs)[-1])
    count = len(costs)
    if trouble == "slow first calls":
        machine = Machine(costs, first=500.0)
        code = "profile-counts-first-call"
    elif trouble == "two interrupted calls":
        # Whatever the order of the calls, two calls of one operation are the most that these can be.
        machine = Machine(costs, spikes={count * 3 + cheapest: 400.0, count * 5 + cheapest: 400.0})
        code = "profile-mean"
    else:
        # Two rounds and a half, longer than any operation alone would take.
        start = count + 2
        machine = Machine(costs, spikes=dict.fromkeys(range(start, start + 2 * count + count // 2), 50.0))
        code = "profile-one-after-the-other"
    plain = Machine(costs).profile(student)
    if [name for name, seconds in plain if abs(seconds - costs[name]) > 1e-9]:
        raise StudentFailure("wrong on a machine without any trouble, too")  # no trouble is to blame
    got = machine.profile(student)
    wrong = [name for name, seconds in got if abs(seconds - costs[name]) > 1e-9]
    if wrong:
        told = dict(got)[wrong[0]]
        raise mistake(code, f"{trouble}: a call of {wrong[0]} takes {costs[wrong[0]]:.6f} s, yours says {told:.6f}")
    require_names(got, costs, trouble, mistake=mistake)
