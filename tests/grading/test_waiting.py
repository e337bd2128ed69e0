"""A grading that waits: the same report as one that did not, in another order, and nothing left where nobody comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinygrade.errors import GraderError, SubmissionError
from tinygrade.events import CheckFinished, Started
from tinygrade.grading.forkserver import is_available
from tinygrade.grading.run import grade
from tinygrade.grading.waiting import Waiting

pytestmark = pytest.mark.skipif(not is_available(), reason="gradings are forked on Linux only")


@pytest.mark.parametrize("forked", [True, False])
def test_the_report_is_that_of_a_grading_that_did_not_wait(job, server, facts, forked):
    waiting = Waiting(job, server if forked else None)
    report = waiting.grade((), False, lambda event: None)
    waiting.close()
    assert facts(report) == facts(grade(job, lambda event: None, server=server))


def test_checks_of_a_module_come_first_behind_what_they_need(job, server, facts):
    wanted = replace(job, select="test_causal_mask or test_logits or test_sgd or test_parameters")
    events = []
    report = Waiting(wanted, server).grade(("train",), False, events.append)
    order = [event.result.id.partition("::")[2] for event in events if isinstance(event, CheckFinished)]
    assert order == ["test_causal_mask", "test_logits", "test_sgd", "test_parameters"]
    assert next(event for event in events if isinstance(event, Started)).first == ("test_5_trajectory.py::test_sgd",)
    assert facts(report) == facts(grade(wanted, lambda event: None, server=server))


def test_it_reads_what_is_there_when_the_word_is_given(job, server, variant):
    folder = variant()
    waiting = Waiting(replace(job, source=str(folder)), server)
    (folder / "tinytorch" / "transformer.py").write_text("def (\n")
    assert not any(check.ok for check in waiting.grade((), False, lambda event: None).checks)


def test_what_cannot_be_read_is_told(job, server):
    with pytest.raises(SubmissionError):
        Waiting(replace(job, source="/nowhere"), server).grade((), False, lambda event: None)


def test_one_that_ended_while_it_waited_is_our_fault(job, server):
    waiting = Waiting(job, server)
    waiting.process.kill()
    waiting.process.wait()
    with pytest.raises(GraderError, match="ended without a report"):
        waiting.grade((), False, lambda event: None)


def test_nobody_comes(job, server, left_behind):
    for forked in (server, None):
        waiting = Waiting(job, forked)
        waiting.close()
        waiting.close()
        assert waiting.process.poll() is not None
    assert not left_behind()
