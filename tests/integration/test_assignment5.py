"""Assignment 5 through the real command: stubs have nothing, and a quick run leaves the ten trainings out.

Full marks of the solution with them, and what mistakes cost: `test_audit.py`.
"""

import pytest

#: Stubs of earlier assignments are replaced by their solutions; only one check is about them.
FIRST_STUB = {"test_own_stack": "A1"}


@pytest.fixture
def check(check):
    """The real command, on assignment 5."""
    return lambda folder, *options, **more: check(folder, *options, assignment="assignment5", **more)


def test_the_template_has_none(check, repository):
    run = check(repository / "student_template")
    assert run.exit_code == 1, run.text
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
    for result in run.report["checks"]:
        assert result["message"].startswith(FIRST_STUB.get(result["id"].split("::")[1], result["task"])), result


def test_a_quick_run_trains_nothing(check, repository):
    run = check(repository / "reference", "--quick")
    assert run.exit_code == 0, run.text
    assert run.statuses() == {"passed"}
    assert "test_two_layers_win" not in {c["id"].split("::")[1] for c in run.report["checks"]}
