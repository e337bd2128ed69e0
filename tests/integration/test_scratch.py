"""Checks of code that must keep files: saved, read by another process, and what a hostile folder does to the grader."""

import textwrap

import pytest

SOLUTION = """
    import numpy as np

    def save(path, array):
        with open(path, "wb") as file:
            np.savez(file, array=array)

    def load(path):
        print("read", path)
        with np.load(path, allow_pickle=False) as data:
            return data["array"]
"""
ASSIGNMENT = """
title = "Files"
points = 10
files = ["store.py"]
minimum_isolation = "none"
[surface]
tensor = "store.Nothing"
[limits]
scratch_mib = 1
[[groups]]
file = "test_1.py"
title = "one"
points = 10
"""
CHECKS = """
    import numpy as np
    import pytest

    DATA = np.arange(6.0)

    @pytest.mark.points(4)
    def test_round_trip_through_another_process(student):
        student.store.save("a.npz", DATA)
        assert list(student.folder.files()) == ["a.npz"]
        student.folder.renew()
        assert (student.fetch(student.store.load("a.npz"), shape=(6,)) == DATA).all()

    @pytest.mark.points(3)
    def test_reads_what_the_solution_wrote(student, reference):
        reference.store.save("given.npz", DATA)
        student.folder.put(reference.folder.files())
        assert (student.fetch(student.store.load("given.npz"), shape=(6,)) == DATA).all()

    @pytest.mark.points(3)
    def test_starts_with_an_empty_folder(student):
        assert student.folder.files() == {}
"""
MEMORY = """
    SAVED = {}

    def save(path, array):
        SAVED[path] = array

    def load(path):
        return SAVED[path]
"""
#: What a worker says about its folder is a student's word.
FORGERIES = [
    "{'../../evil': np.zeros(1, np.uint8)}",
    "{'/etc/evil': np.zeros(1, np.uint8)}",
    "{'': np.zeros(1, np.uint8)}",
    "{'a\\x1b[2J': np.zeros(1, np.uint8)}",
    "{'a': np.zeros(1)}",
    "{'a': np.zeros((1, 1), np.uint8)}",
    "{'a': 'text'}",
    "{f'{i}': np.zeros(1, np.uint8) for i in range(300)}",
    "{'a': np.zeros((1 << 20) + 1, np.uint8)}",
    "['a']",
    "None",
]
FORGED = """
    import sys
    import numpy as np

    def forge(text):
        sys.modules["tinygrade_worker.routines"].ROUTINES["files"] = lambda surface: eval(text)
"""
FORGED_CHECKS = f"""
    import pytest

    @pytest.mark.points(10)
    @pytest.mark.parametrize("text", {FORGERIES!r})
    def test_forged(student, text):
        student.store.forge(text)
        student.folder.files()
"""


@pytest.fixture
def graded(make_course, tmp_path, check):
    """`graded(code, checks)`: the run of a submission with this code."""

    def run(code, checks=CHECKS, assignment=ASSIGNMENT):
        root = make_course(assignment=assignment)
        (root / "assignment1" / "test_1.py").write_text(textwrap.dedent(checks))
        for folder, text in (("reference", SOLUTION), ("submission", code)):
            (tmp_path / folder / "tinytorch").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "tinytorch" / "store.py").write_text(textwrap.dedent(text))
        return check(tmp_path / "submission", "--course", str(root), assignment="assignment1")

    return run


def test_files_are_kept_across_processes_and_not_across_checks(graded):
    run = graded(SOLUTION)
    assert run.exit_code == 0, run.text
    assert run.statuses() == {"passed"}
    assert run.check("test_round_trip_through_another_process")["output"] == "read a.npz\n"
    assert f"scratch folder {run.report['isolation']['scratch']}" in run.stdout


def test_what_is_only_in_memory_is_not_kept(graded):
    run = graded(MEMORY)
    assert run.check("test_round_trip_through_another_process")["status"] == "failed"
    assert run.check("test_starts_with_an_empty_folder")["status"] == "passed"


def test_a_forged_folder_is_the_students_failure(graded):
    run = graded(FORGED, FORGED_CHECKS)
    cases = run.check("test_forged")["cases"]
    assert [case["status"] for case in cases] == ["failed"] * len(FORGERIES), run.text


def test_a_check_that_needs_a_folder_which_is_not_asked_for_is_told_the_author(graded):
    run = graded(SOLUTION, assignment=ASSIGNMENT.replace("scratch_mib = 1", ""))
    assert run.exit_code == 4
    assert "set scratch_mib below [limits] in assignment.toml" in " ".join(run.stdout.split())
