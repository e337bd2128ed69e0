"""Assignment 4 through the real command: stubs have nothing, and neither has what keeps a run in memory only.

Full marks of the solution and of other styles, and what mistakes cost: `test_audit.py`.
"""

MEMORY = """
_KEPT = {}


def save_checkpoint(path, model, opt, step, rng):
    open(path, "wb").close()
    _KEPT[str(path)] = state_dict(model), {k: v for k, v in vars(opt).items()}, step, rng.bit_generator.state


def load_checkpoint(path, model, opt, rng):
    weights, memory, step, state = _KEPT[str(path)]
    load_state_dict(model, weights)
    vars(opt).update(memory)
    rng.bit_generator.state = state
    return step
"""


def test_stubs_have_nothing(check, repository):
    run = check(repository / "student_template", assignment="assignment4")
    assert run.report["score"] == 0
    assert run.statuses() <= {"not_implemented", "blocked"}


def test_what_is_only_in_memory_comes_to_no_other_process(check, variant):
    run = check(variant(("checkpoint.py", "", MEMORY)), "-k", "checkpoint or resume", assignment="assignment4")
    assert run.check("test_weights")["status"] == "failed"
    assert run.check("test_new_process")["points"] == 0
    assert "grader_error" not in run.statuses()
    assert "no archive of plain arrays" in run.check("test_no_pickle")["message"]
