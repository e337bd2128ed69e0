"""Group 1: sweeps over runs that stay here and are called back, killed in the middle and begun again."""

from collections import Counter

import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe

pytestmark = [pytest.mark.task("A5.2"), pytest.mark.where("experiments.sweep")]
LOG = "runs.jsonl"


@pytest.fixture
def grid(rng):
    """Six configurations; the values are drawn, so that a run cannot be known."""
    return {"lr": rng.uniform(0.001, 0.1, 3).round(5).tolist(), "width": [int(w) for w in rng.permutation(64)[:2] + 8]}


@pytest.fixture
def seeds(rng):
    return rng.permutation(100)[:3].tolist()


def require_once(mistake, bench, runs, keys):
    """What came back are these runs, each once, with the values that `make_run` gave."""
    wrong = next((run for run in runs if not bench.same(run)), None)
    if wrong is not None:
        told = "a run came back that is not what make_run gave"
        raise StudentFailure(f"{told}: its metric is {describe(wrong['metric'])}")
    back, expected = Counter(map(bench.key_of, runs)), Counter(keys)
    if back != expected:
        missing, more = (expected - back).total(), (back - expected).total()
        told = f"of {len(keys)} runs, {missing} did not come back, and {more} came that are none of this sweep"
        raise mistake("sweep-returns-others", told, missing=missing, more=more)


def require_rest(mistake, bench, finished, wanted, what):
    """A sweep that goes on makes what is missing, and nothing else."""
    asked = Counter(bench.asked)
    if again := sum(asked[key] for key in finished):
        told = f"{what}, {again} of {len(finished)} runs that stand in the log were made again"
        raise mistake("sweep-repeats-runs", told, repeated=again)
    if lost := sum(key not in asked for key in set(wanted) - set(finished)):
        raise mistake("sweep-loses-runs", f"{what}, {lost} runs were never made", lost=lost)
    if most := sum(times - 1 for times in asked.values()):
        raise StudentFailure(f"{what}, {most} runs were made more than once")


@pytest.mark.points(6)
@pytest.mark.title("sweep: every configuration with every seed, once")
@pytest.mark.hint("Two values of one key and three of another, and two seeds: how many runs? Print each call.")
def test_every_run_once(bench, mistake, grid, seeds):
    made = bench(grid, seeds)
    runs = made.sweep()
    counted = Counter(made.asked)
    if missing := [key for key in made.wanted() if not counted[key]]:
        raise mistake("sweep-loses-runs", f"{len(missing)} of {len(made.outcomes)} runs were never made")
    if twice := [key for key in made.wanted() if counted[key] > 1]:
        raise StudentFailure(f"{len(twice)} of {len(made.outcomes)} runs were made more than once")
    require_once(mistake, made, runs, made.wanted())


@pytest.mark.points(3)
@pytest.mark.title("sweep: one seed after the other")
@pytest.mark.needs("test_every_run_once")
@pytest.mark.hint("The budget ends after half of the runs. What can you compare then, and on which seeds?")
def test_one_seed_after_the_other(bench, mistake, grid, seeds):
    made = bench(grid, seeds)
    runs = made.sweep()
    order = [made.outcomes[key]["seed"] for key in made.asked]
    blocks = [seed for seed in seeds for _ in range(6)]
    if order == blocks:
        back = [int(run["seed"]) for run in runs if made.same(run)]
        if back != blocks:
            raise StudentFailure("the runs come back in another order than they were made in")
        return
    if len(set(order[:3])) > 1 or order[:6] != order[:1] * 6:
        first = made.outcomes[made.asked[0]]["config"]
        if all(made.outcomes[key]["config"] == first for key in made.asked[: len(seeds)]):
            told = "one configuration runs with all seeds before the next one runs at all"
            raise mistake("seeds-not-paired", told)
    raise StudentFailure(f"the first six runs have the seeds {order[:6]}, expected one seed for all configurations")


@pytest.mark.points(3)
@pytest.mark.title("sweep: each run is in the log before the next one begins")
@pytest.mark.needs("test_every_run_once")
@pytest.mark.hint("Print the file from inside make_run. What would be left if the computer went off right now?")
def test_log(student, bench, mistake, grid, seeds):
    made = bench(grid, seeds)
    made.sweep()
    for number, call in enumerate([*made.calls, None]):
        files = call.files if call else student.folder.files()
        written = len(made.lines(files))
        if written < number:
            told = f"when run {number + 1} begins" if call else "at the end"
            text = f"{told}, {number} runs are finished, and {written} lines of JSON stand in the log"
            raise mistake("log-written-late", text, finished=number, written=written)
        if len(files.get(LOG, b"").splitlines()) != number:
            raise StudentFailure(f"after {number} runs, the log does not have {number} lines")


@pytest.mark.points(6)
@pytest.mark.title("sweep: goes on after a kill, with nothing repeated and nothing lost")
@pytest.mark.needs("test_every_run_once")
@pytest.mark.hint("How do you know that a run is finished? Does that tell it from every other run of the grid?")
def test_resume(student, bench, mistake, grid, seeds, rng):
    made = bench(grid, seeds, diverged=1)
    kill_in = int(rng.integers(5, 14))
    files = made.killed(kill_in)
    finished = made.asked[: kill_in - 1]
    if (written := len(made.lines(files))) < len(finished):
        told = f"killed in run {kill_in}, the sweep leaves {written} lines of JSON in its log"
        raise mistake("log-written-late", told, finished=len(finished), written=written)
    student.folder.resume(files)
    runs = made.sweep()
    require_rest(mistake, made, finished, made.wanted(), f"killed in run {kill_in} and begun again")
    require_once(mistake, made, runs, made.wanted())
    student.folder.renew()
    runs = made.sweep()
    require_rest(mistake, made, made.wanted(), made.wanted(), "begun again after its end")
    require_once(mistake, made, runs, made.wanted())


@pytest.mark.points(4)
@pytest.mark.title("sweep: a last line that was cut off")
@pytest.mark.needs("test_resume")
@pytest.mark.hint("Cut the log in the middle of its last line. What does your reader see, and what the one after it?")
def test_cut_line(student, bench, mistake, grid, seeds, rng):
    made = bench(grid, seeds)
    kill_in = int(rng.integers(5, 14))
    files = made.killed(kill_in)
    finished, written = made.asked[: kill_in - 1], made.lines(files)
    if len(written) < len(finished):
        raise StudentFailure(f"killed in run {kill_in}, the sweep leaves no line for each finished run")
    student.folder.resume(files)
    made.sweep()  # what fails here has nothing to do with the last line
    cut = files[LOG].rstrip(b"\n")
    student.folder.resume({**files, LOG: cut[: len(cut) - len(written[-1]) // 2]})
    runs = survived(mistake, made.sweep, "the last line of the log is cut off")
    require_rest(mistake, made, finished[:-1], made.wanted(), "where the last line of the log is cut off")
    if finished[-1] not in made.asked:
        raise mistake("log-cut-line", "the run whose line is cut off was not made again")
    require_once(mistake, made, runs, made.wanted())
    student.folder.renew()
    runs = survived(mistake, made.sweep, "the sweep had gone on behind a line that was cut off")
    if made.calls:
        told = f"after a sweep that went on behind a cut line, the next one makes {len(made.calls)} runs again"
        raise mistake("log-cut-line", told)
    require_once(mistake, made, runs, made.wanted())


def survived(mistake, sweep, what):
    try:
        return sweep()
    except StudentFailure as failure:
        if failure.status != "failed":
            raise
        raise mistake("log-cut-line", f"{what}: {failure.message}") from None


@pytest.mark.points(2)
@pytest.mark.title("sweep: another grid, the same log")
@pytest.mark.needs("test_resume")
@pytest.mark.hint("Is {'lr': 1, 'width': 8} another configuration than {'width': 8, 'lr': 1}? Does your log know?")
def test_other_grid(student, bench, mistake, grid, seeds):
    made = bench(grid, seeds)
    smaller = {**grid, "lr": grid["lr"][:2]}
    made.sweep(grid=smaller, seeds=seeds[:2])
    finished = made.asked
    turned = {name: list(reversed(values)) for name, values in reversed(grid.items())}
    student.folder.renew()
    made.sweep(grid=turned, seeds=seeds[::-1])
    if again := len(set(finished) & set(made.asked)):
        told = f"with the keys of the grid in another order, {again} of {len(finished)} runs were made again"
        raise mistake("config-by-order", told, repeated=again)
    require_rest(mistake, made, finished, made.wanted(), "with a larger grid")
    part = {name: values[:1] for name, values in grid.items()}
    require_once(mistake, made, made.sweep(grid=part), made.wanted(grid=part))


@pytest.mark.points(2)
@pytest.mark.title("sweep: the budget counts what the log has cost")
@pytest.mark.needs("test_resume")
@pytest.mark.hint("What have the runs cost that stand in the log? When may one more begin?")
def test_budget(student, bench, mistake, grid, seeds):
    made = bench(grid, seeds)
    budget = 0.4 * sum(run["seconds"] for run in made.outcomes.values())
    runs = made.sweep(budget=budget)
    spent = [made.outcomes[key]["seconds"] for key in made.asked]
    if sum(spent[:-1]) >= budget:
        told = f"with a budget of {budget:.1f} s, {len(spent)} runs were made that cost {sum(spent):.1f} s together"
        raise mistake("budget-ignored", told)
    if sum(spent) < budget:
        raise StudentFailure(f"{len(spent)} runs cost {sum(spent):.1f} s: one more may begin below {budget:.1f} s")
    require_once(mistake, made, runs, made.asked)
    finished = made.asked
    student.folder.renew()
    runs = made.sweep(budget=budget)
    if made.calls:
        told = f"the log has used up the budget of {budget:.1f} s, and {len(made.calls)} more runs were made"
        raise mistake("budget-forgets-log", told)
    require_once(mistake, made, runs, finished)
    made.sweep(budget=2 * budget)
    if not made.calls:
        raise StudentFailure(f"with a budget of {2 * budget:.1f} s, no run was made after {sum(spent):.1f} s")
