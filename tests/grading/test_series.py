"""Several gradings on one sandbox: the same reports as alone, and none that another one touches."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tinygrade.errors import GraderError, SubmissionError
from tinygrade.grading import series
from tinygrade.grading.forkserver import is_available
from tinygrade.grading.ready import DEPENDS_ON, Run, ready
from tinygrade.grading.run import grade, message
from tinygrade.isolation import Isolation

pytestmark = pytest.mark.skipif(not is_available(), reason="gradings are forked on Linux only")
#: Ends the parent of all workers, where it is let.
DEADLY = "\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"
WRONG = ("transformer.py", "return np.arange(t_k) <= query_positions", "return np.arange(t_k) < query_positions")


def test_each_report_is_that_of_a_grading_alone(job, server, facts, variant):
    jobs = [job, replace(job, source=str(variant(WRONG))), job]
    alone = [grade(each, lambda event: None, server=server) for each in jobs[:2]]
    first, wrong, again = series.grade(jobs, server)
    assert facts(first) == facts(again) == facts(alone[0])
    assert facts(wrong) == facts(alone[1])
    assert [check.status for check in wrong.checks] != [check.status for check in first.checks]


def test_what_gradings_share_depends_on_nothing_else_of_a_job(job, manager, tmp_path):
    read = set()

    class Noting(dict):
        def __getitem__(self, key):
            read.add(key)
            return super().__getitem__(key)

    sandbox = SimpleNamespace(isolation=lambda: Isolation("strong", ()))
    for each in (job, replace(job, isolation="strong"), replace(job, recording=tmp_path / "record.npz")):
        ready(Run(Noting(message(each, tmp_path)), manager, job.assignment, lambda event: None), sandbox)
    assert {"isolation", "recording"} < read <= set(DEPENDS_ON)


def test_a_job_that_is_no_job_of_the_first_ones_kind_is_judged_as_alone(job, server, facts):
    """Another seed means other inputs, and here another reference: nothing of the first one's is taken for it."""
    other = replace(job, seed=8, shared_inputs=True)
    _, second = series.grade([job, other], server)
    assert second.seed == 8
    assert facts(second) == facts(grade(other, lambda event: None, server=server))


def test_what_one_breaks_stays_its_own(job, server, variant):
    """Not even a worker that is free to end the parent of all of them, as at no isolation, disturbs the next."""
    free = replace(job, isolation="none")
    deadly = replace(free, source=str(variant(("transformer.py", "", DEADLY))))
    missing = replace(free, source="/nowhere")
    before, broken, refused, after = series.grade([free, deadly, missing, free], server)
    assert all(check.ok for check in before.checks)
    assert not any(check.ok for check in broken.checks)
    assert isinstance(refused, SubmissionError)
    assert all(check.ok for check in after.checks)


def test_when_it_is_ended_none_is_left_out(job, server, left_behind):
    outcomes = series.grade([job, job, job], server, lambda process: process.kill())
    assert [type(outcome) for outcome in outcomes] == [GraderError] * 3
    assert not left_behind()


def test_who_asks_for_no_more_ends_it(job, server, left_behind):
    outcomes = series.grade([job] * 3, server)
    assert next(outcomes).checks
    outcomes.close()
    assert not left_behind()
