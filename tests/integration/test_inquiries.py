"""Student code that is killed in the middle of a call: what its folder held at that moment, seen by real workers."""

import textwrap

import pytest

SOLUTION = """
    class Run:
        def __init__(self, seed, metric):
            self.seed, self.metric = seed, metric

    def keep(make_run, seeds, log):
        found = []
        for seed in seeds:
            found.append(make_run(seed, twice=True))
            with open(log, "a") as file:
                file.write(f"{seed}\\n")
        return found
"""
#: What was written waits in the process.
UNFLUSHED = SOLUTION.replace("        found = []\n", '        found = []\n        file = open(log, "a")\n').replace(
    '            with open(log, "a") as file:\n                file.write', "            file.write"
)
ASSIGNMENT = """
title = "Runs"
points = 10
files = ["store.py"]
minimum_isolation = "none"
[surface]
tensor = "store.Run"
[limits]
scratch_mib = 1
[[groups]]
file = "test_1.py"
title = "one"
points = 10
"""
CHECKS = """
    import pytest
    from tinygrade.checks.loops import attributes

    class Killed(Exception):
        pass

    def sweep(student, answer):
        make = student.callbacks((answer, student.store.Run))[0]
        return attributes(student, student.store.keep(make, [5, 6, 7], "log"), ["seed", "metric"], 9)

    @pytest.mark.points(5)
    def test_objects_are_made_of_answers(student):
        asked = []
        def answer(call):
            asked.append((call.args, call.kwargs))
            return {"seed": call.args[0], "metric": 0.5}
        assert sweep(student, answer) == [{"seed": seed, "metric": 0.5} for seed in (5, 6, 7)]
        assert asked == [([seed], {"twice": True}) for seed in (5, 6, 7)]

    @pytest.mark.points(5)
    def test_a_kill_leaves_what_was_flushed(student):
        seen = []
        def answer(call):
            seen.append(call.files)
            if len(seen) == 3:
                raise Killed
            return {"seed": call.args[0], "metric": 0.5}
        with pytest.raises(Killed):
            sweep(student, answer)
        assert seen == [{}, {"log": b"5\\n"}, {"log": b"5\\n6\\n"}]
        student.folder.resume(seen[-1])
        assert student.folder.files() == seen[-1]
        sweep(student, lambda call: {"seed": 0, "metric": 0.0})
        assert student.folder.files() == {"log": b"5\\n6\\n5\\n6\\n7\\n"}
"""


@pytest.fixture
def graded(make_course, tmp_path, check):
    """`graded(code)`: the run of a submission with this code."""

    def run(code, *options):
        root = make_course(assignment=ASSIGNMENT)
        (root / "assignment1" / "test_1.py").write_text(textwrap.dedent(CHECKS))
        for folder, text in (("reference", SOLUTION), ("submission", code)):
            (tmp_path / folder / "tinytorch").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "tinytorch" / "store.py").write_text(textwrap.dedent(text))
        return check(tmp_path / "submission", "--course", str(root), *options, assignment="assignment1")

    return run


@pytest.mark.parametrize("sandbox", ["local", "portable"])
def test_answers_become_objects_and_kills_are_seen(graded, sandbox):
    run = graded(SOLUTION, "--sandbox", sandbox)
    assert run.exit_code == 0, run.text
    assert run.statuses() == {"passed"}


def test_what_waits_in_memory_is_gone(graded):
    run = graded(UNFLUSHED)
    assert run.check("test_objects_are_made_of_answers")["status"] == "passed", run.text
    assert run.check("test_a_kill_leaves_what_was_flushed")["status"] == "failed"


def test_a_forged_call_is_not_heard(graded):
    question = '{"event": "call", "function": 0, "args": [1], "kwargs": {}, "files": {"../x": 1}}'
    run = graded(SOLUTION.replace("        found = []\n", f"        make_run._pipe.send({question})\n"))
    assert run.statuses() == {"failed"}
    assert "were not files" in run.check("test_objects_are_made_of_answers")["message"]
