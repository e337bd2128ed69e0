"""What a worker answers, or does not, becomes the student's failure with the right status, or is named ours."""

import numpy as np
import pytest

from tinygrade.checks.library import Handle
from tinygrade.checks.package import Package, Part
from tinygrade.checks.student import StudentLibrary
from tinygrade.errors import GraderError
from tinygrade.failures import StudentFailure
from tinygrade.model import Limits, Surface
from tinygrade.sandbox import WorkerDied, WorkerNonsense, WorkerTimeout
from tinygrade.worker.wire import HandleRef, encode

HANDLE = {"value": HandleRef(0, "Tensor")}


class Worker:
    """Answers opening and importing; then whatever the test wants, in turn."""

    def __init__(self, answers):
        self.answers, self.requests, self.seconds, self.closed = answers, [], [], 0
        self.printed = ""

    def ask(self, request, *, cpu_seconds, **_):
        encode(request)
        self.requests.append(request)
        self.seconds.append(cpu_seconds)
        answer = self.answers.pop(0) if self.answers else HANDLE
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed += 1

    @property
    def is_open(self):
        return not self.closed

    def output(self):
        text, self.printed = self.printed, ""
        return text


@pytest.fixture
def package(tmp_path):
    files = frozenset({"__init__.py", "ops.py", "sub/deep.py"})
    for name in files:
        (tmp_path / "tinytorch" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tinytorch" / name).touch()
    return Package("tinytorch", tmp_path / "tinytorch", files, Surface(), Limits(import_cpu_seconds=2.0, output_kib=1))


@pytest.fixture
def library(package):
    """`library(answer, ...)`: a student's library whose worker gives these answers after opening."""

    def make(*answers, opening=(HANDLE,)):
        made = StudentLibrary(package, lambda **_: made.started(), lambda question: {}, 5.0)
        made.workers = []

        def started():
            made.workers.append(Worker([*opening, *answers]))
            return made.workers[-1]

        made.started = started
        return made

    return make


def error(**more):
    """The answer of a worker in which an exception was raised."""
    return {"error": {"type": "ValueError", "message": "bad", "frames": [], **more}}


# ---- statuses ----------------------------------------------------------------------------------------

FOLDER = "{folder}"
STACK = f'Stack:\n  File "/usr/lib/numpy.py", line 3 in dot\n  File "{FOLDER}/ops.py", line 12 in softmax\n'


@pytest.mark.parametrize(
    ("answer", "status", "words", "where"),
    [
        (error(), "failed", "ValueError: bad", ""),
        (error(frames=[["ops.py", 3, "f", "x"]]), "failed", "ValueError: bad", "ops.py:3 f"),
        (error(frames=[["ops.py", 3, "f", ""], ["sub/deep.py", 9, "<module>", ""]]), "failed", "", "sub/deep.py:9"),
        (error(stub=True, message="Task A3.1"), "not_implemented", "Task A3.1", ""),
        (error(stub=True, message=""), "not_implemented", "not implemented yet", ""),
        (error(memory=True), "out_of_memory", "more memory than it may use", ""),
        (error(exit=True), "crashed", "your code called exit", ""),
        (
            WorkerTimeout("it used more than 5 s of CPU time", STACK),
            "timed_out",
            "stopped: it used",
            "ops.py:12 softmax",
        ),
        (WorkerTimeout("no answer", ""), "timed_out", "stopped: no answer", ""),
        (WorkerDied("exit code 3"), "crashed", "ended the grading process: exit code 3", ""),
        (WorkerDied("lack of memory", out_of_memory=True), "out_of_memory", "lack of memory", ""),
        (WorkerNonsense("what came back was not an answer"), "failed", "not an answer", ""),
        ({"unsendable": "a value of type set"}, "failed", "returned a value of type set, which cannot be graded", ""),
        ({"value": [1, 2]}, "failed", "not an answer", ""),
        ({}, "failed", "not an answer", ""),
    ],
)
def test_ends_of_a_request(library, package, fails, answer, status, words, where):
    if isinstance(answer, WorkerTimeout):
        answer = WorkerTimeout(str(answer), answer.place.replace(FOLDER, str(package.folder)))
    student = library(HANDLE, answer)
    module = student.ops
    with fails(words, status) as caught:
        module.softmax  # noqa: B018
    assert caught.failure.where == where


@pytest.mark.parametrize(
    "told",
    [
        *(None, 3, "text", [], ["ValueError"]),
        *({}, {"type": 3, "message": None, "frames": "text"}, {"type": ["a"], "frames": [["ops.py"]]}),
        {"type": "E", "message": "m", "frames": [["ops.py", "3", "f", ""]]},
        {"type": "E", "message": "m", "frames": [["ops.py", -3, "f", ""]]},
        {"type": "E", "message": "m", "frames": [[["ops.py"], 3, "f", ""]]},
        {"type": "E", "message": "m", "frames": [["/etc/passwd", 3, "f", ""]]},
        {"type": "E", "message": "m", "frames": [["grader.py", 3, "f", ""]]},
        {"type": "E", "message": "m", "frames": [[{}, {}, {}, {}]]},
        {"type": "E", "message": "m", "stub": 1, "memory": "yes", "exit": [True]},
    ],
)
def test_whatever_an_error_looks_like_it_is_a_failure_without_place(library, fails, told):
    student = library(HANDLE, {"error": told})
    module = student.ops
    with fails() as caught:
        module.softmax  # noqa: B018
    assert caught.failure.where == ""


@pytest.mark.parametrize("place", [1, "x" * 3_000_000, 'File "' * 100_000, 'File "ops.py", line 1 in f', "\0\udcff"])
def test_a_stack_is_only_text(library, fails, place):
    student = library(HANDLE, WorkerTimeout("late", str(place)))
    module = student.ops
    with fails("late", "timed_out") as caught:
        module.softmax  # noqa: B018
    assert caught.failure.where == ""


def test_texts_of_students_are_cleaned_and_cut(library, fails):
    hostile = "\x1b[2J" + "a\u202eb" + "x" * 100_000
    frames = [["ops.py", 1, "\x1b[31mname" + "n" * 500, ""]]
    student = library(HANDLE, error(type=hostile, message=hostile, frames=frames))
    module = student.ops
    with fails("abx") as caught:
        module.softmax  # noqa: B018
    assert "\x1b" not in caught.failure.message + caught.failure.where
    assert len(caught.failure.message) < 1200
    assert len(caught.failure.where) < 100


def test_the_type_of_a_handle_is_cleaned(library):
    student = library(HANDLE, {"value": HandleRef(1, "\x1b[31m" + "T" * 500)})
    assert repr(student.ops.softmax) in {f"<handle of {'T' * n} [cut]>" for n in range(90, 100)}


# ---- importing ---------------------------------------------------------------------------------------


def test_nothing_is_started_before_it_is_needed(library):
    student = library()
    assert student.workers == []
    student.close()
    assert student.printed() == ""
    student.ops  # noqa: B018
    student.ops  # noqa: B018
    assert [request["do"] for request in student.workers[0].requests] == ["open", "module"]


def test_imports_have_a_limit_of_their_own(library):
    student = library()
    student.ops.softmax  # noqa: B018
    assert student.workers[0].seconds == [2.0, 2.0, 5.0]


def test_a_module_that_cannot_be_imported_blocks_without_trying_again(library, fails):
    student = library(error(type="TypeError", frames=[["ops.py", 3, "<module>", ""]]))
    with fails("tinytorch/ops.py cannot be imported: TypeError: bad", "blocked") as caught:
        student.ops  # noqa: B018
    assert caught.failure.where == "ops.py:3"
    asked = len(student.workers[0].requests)
    with fails("tinytorch/ops.py cannot be imported", "blocked"):
        student.ops  # noqa: B018
    assert len(student.workers[0].requests) == asked


@pytest.mark.parametrize(
    ("answer", "first"),
    [(WorkerTimeout("late"), "timed_out"), (WorkerDied("gone"), "crashed"), (error(exit=True), "crashed")],
)
def test_only_the_first_check_tells_how_an_import_ended(library, fails, answer, first):
    student = library(answer)
    with fails("ops.py cannot be imported", first):
        student.ops  # noqa: B018
    with fails("ops.py cannot be imported", "blocked"):
        student.ops  # noqa: B018


def test_a_package_that_cannot_be_opened(library, fails):
    student = library(opening=[error(type="ImportError")])
    with fails("tinytorch/__init__.py cannot be imported: ImportError: bad", "blocked"):
        student.ops  # noqa: B018


def test_a_stub_at_import_blocks_nothing(library, package, fails):
    student = library(error(stub=True))
    with fails("bad", "not_implemented"):
        student.ops  # noqa: B018
    assert package.broken == {}


def test_a_missing_module_suggests_one_that_is_there(library, fails):
    student = library(error(type="ModuleNotFoundError", message="No module named 'tinytorch.opps'"))
    with fails("did you mean 'ops.py'?", "blocked"):
        student.opps  # noqa: B018


# ---- what checks use ---------------------------------------------------------------------------------


def test_fetch_with_expectations(library, fails):
    student = library(*({"value": value} for value in (np.zeros(2), np.zeros(2), "text", None)))
    assert student.fetch(1).tolist() == [0.0, 0.0]
    with fails("has shape (2,), expected (3,)"):
        student.fetch(1, shape=(3,))
    with fails("is a string, expected an array"):
        student.fetch(1, finite=True)
    assert student.fetch(1) is None


def test_raises(library, fails):
    def call(student):
        return lambda: student.fetch(1)

    right = library({"value": 1}, error(message="negative"))
    right.raises(ValueError, call(right), valid=call(right))
    nothing = library({"value": 1}, {"value": 2})
    with fails("no ValueError was raised"):
        nothing.raises(ValueError, call(nothing), valid=call(nothing))
    other = library({"value": 1}, error(type="TypeError"))
    with fails("TypeError: bad"):
        other.raises(ValueError, call(other), valid=call(other))
    stub = library(error(stub=True), error())
    with fails("bad", "not_implemented"):
        stub.raises(ValueError, call(stub), valid=call(stub))
    always = library(error(), error())
    with fails("ValueError: bad"):
        always.raises(ValueError, call(always), valid=call(always))
    dead = library({"value": 1}, WorkerDied("ValueError"))
    with fails("ended the grading process", "crashed"):
        dead.raises(ValueError, call(dead), valid=call(dead))


@pytest.mark.parametrize("value", [object(), {1}, np.array([1j]), b"bytes"])
def test_what_a_check_cannot_send_is_our_fault(library, value):
    student = library()
    with pytest.raises(GraderError, match="a check tried to send"):
        student.ops.softmax(value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda folder: [f"{folder}/ops.py", 7, "softmax"], "ops.py:7 softmax"),
        (lambda folder: (f"{folder}/sub/deep.py", 7, "softmax"), "sub/deep.py:7 softmax"),
        (lambda folder: [f"{folder}/other.py", 7, "softmax"], ""),
        (lambda folder: ["/etc/passwd", 7, "softmax"], ""),
        (lambda folder: [f"{folder}/ops.py", "7", "softmax"], ""),
        (lambda folder: [3, 7, "softmax"], ""),
        (lambda folder: [f"{folder}/ops.py"], ""),
        (lambda folder: None, ""),
        (lambda folder: 3, ""),
    ],
)
def test_where_believes_only_files_of_the_package(library, package, answer, expected):
    student = library(HANDLE, HANDLE, {"value": answer(package.folder)})
    assert student.where("ops.softmax") == expected


def test_where_of_what_is_not_there(library):
    assert library(HANDLE, error(type="AttributeError")).where("ops.softmax") == ""


# ---- life --------------------------------------------------------------------------------------------


def test_a_restart_is_a_fresh_worker_with_given_parts(library):
    student = library()
    student.ops  # noqa: B018
    student.restart([Part("ops.mask"), Part("nn.Linear", ("weight",))])
    assert student.workers[0].closed
    student.ops  # noqa: B018
    assert len(student.workers) == 2
    parts = student.workers[1].requests[0]["args"][4]
    assert parts == [{"path": "ops.mask", "parameters": []}, {"path": "nn.Linear", "parameters": ["weight"]}]
    assert [request["do"] for request in student.workers[1].requests] == ["open", "module"]


def test_prints_are_kept_clean_and_cut(library):
    student = library()
    student.ops  # noqa: B018
    student.workers[0].printed = "\x1b[31mfirst\n" + "x" * 10_000
    student.close()
    text = student.printed()
    assert text.startswith("first\nx")
    assert len(text) <= 1024


def test_a_restart_prints_nothing_a_second_time(library):
    student = library()
    student.ops  # noqa: B018
    student.workers[0].printed = "once\n"
    student.restart()
    student.ops  # noqa: B018
    student.workers[1].printed = "once\n"
    student.close()
    assert student.printed() == "once\n"


def test_names_with_an_underscore_are_no_modules(library):
    with pytest.raises(AttributeError):
        library()._ops  # noqa: B018


def test_handles_inside_lists_and_dicts_are_resolved(library):
    student = library()
    x = student.ops.x
    assert type(x) is Handle
    student.ops.f([x, {"a": (x, 1)}])
    sent = student.workers[0].requests[-1]["args"][1]
    assert type(sent[0][0]) is HandleRef
    assert type(sent[0][1]["a"][0]) is HandleRef


def test_an_object_of_another_students_worker_is_our_fault(library):
    first, second = library(), library()
    x = first.ops
    with pytest.raises(GraderError):
        second.ops(x)


def test_a_failure_is_never_shared_by_mistake(library, package):
    """The failure that is kept for later checks is not the one that was raised: its status differs."""
    student = library(WorkerTimeout("late"))
    with pytest.raises(StudentFailure) as caught:
        student.ops  # noqa: B018
    assert package.broken["ops"] is not caught.value
