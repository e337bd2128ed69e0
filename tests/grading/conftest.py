"""A small grading, and what there is to say about its report."""

from dataclasses import replace

import pytest

from tinygrade import config, plugins
from tinygrade.grading.forkserver import Forkserver, is_available
from tinygrade.grading.run import Job

CHECK = "test_causal_mask or test_logits"


@pytest.fixture(scope="module")
def server():
    with Forkserver() as server:
        if is_available():
            server.start()  # now, so that it is nothing that a test leaves behind
        yield server


@pytest.fixture(scope="module")
def manager():
    return plugins.make_plugin_manager()


@pytest.fixture(scope="module")
def job(repository):
    course = config.load_course(repository / "assignments")
    assignment = config.load_assignment(course, "assignment3")
    return Job(assignment, str(repository / "reference"), 7, select=CHECK, smoke=False, secret="5e" * 32)


@pytest.fixture(scope="session")
def facts():
    """All that must not depend on how a grading was started."""

    def found(report):
        checks = [replace(check, seconds=0.0) for check in report.checks]
        return checks, report.isolation, report.environment, report.submission

    return found
