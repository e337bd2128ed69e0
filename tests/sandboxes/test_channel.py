"""Real workers of both sandboxes: answers, deadlines, deaths, nonsense, prints, and nothing left behind."""

import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from tinygrade.model import Limits
from tinygrade.sandbox import WorkerDied, WorkerNonsense, WorkerTimeout
from tinygrade.sandboxes.deadline import Deadline
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.worker.wire import MAX_ARRAY, WireError

# ---- answers -----------------------------------------------------------------------------------------


def test_answers_are_data(start):
    student = start()
    assert student.call("add", 2, 3) == 5
    assert student.call("add", [1], ["b"]) == [1, "b"]
    assert student.call("add", np.arange(3.0), 1.0).tolist() == [1.0, 2.0, 3.0]


def test_a_large_argument_is_written_piece_by_piece(start):
    array = np.ones(MAX_ARRAY // 8)
    assert start().call("add", array, 1.0)[-1] == 2.0


def test_an_exception_is_an_answer(start):
    student = start()
    add = student.ask("get", student.module, "add")["value"]
    error = student.ask("call", add, [1, "a"], {})["error"]
    assert error["type"] == "TypeError"
    assert error["frames"][-1][0] == "main.py"
    assert student.call("add", 1, 1) == 2


def test_what_cannot_be_sent_by_us_is_said_before_anything_is_written(start):
    student = start()
    with pytest.raises(WireError):
        student.ask("fetch", object())
    assert student.call("add", 1, 1) == 2


def test_a_message_without_request_has_no_answer(start):
    student = start()
    student.worker.post({"used": 1.0, "budget": 2.0})
    assert student.call("add", 1, 1) == 2


def test_the_worker_starts_from_nothing(start, monkeypatch):
    monkeypatch.setenv("TINYGRADE_SECRET", "token")
    environment, folder, path, umask = start().call("facts")
    assert "TINYGRADE_SECRET" not in environment
    assert environment["OMP_NUM_THREADS"] == "1"
    assert folder == "/"
    assert umask == 0o077
    assert not any("site-packages" in entry or "tinygrade" in entry for entry in path)


# ---- deadlines ---------------------------------------------------------------------------------------


def test_an_endless_loop_is_stopped_with_its_place(start):
    student = start()
    with pytest.raises(WorkerTimeout, match=r"more than 0.2 s of CPU time") as caught:
        student.call("spin", cpu_seconds=0.2)
    assert 'main.py", line ' in caught.value.place
    assert " in spin" in caught.value.place


def test_waiting_does_not_last_forever(start, monkeypatch):
    monkeypatch.setattr("tinygrade.sandboxes.deadline.WALL_EXTRA", 0.1)
    student = start()
    with pytest.raises(WorkerTimeout, match="there was no answer within 0.5 s") as caught:
        student.call("sleep", cpu_seconds=0.1)
    assert " in sleep" in caught.value.place


def test_what_was_printed_before_the_time_out_is_kept_without_the_stack(start):
    student = start()
    with pytest.raises(WorkerTimeout) as caught:
        student.call("say_and_spin", "hello", cpu_seconds=0.2)
    assert student.worker.output() == "hello\n"
    assert "hello" not in caught.value.place


def test_sleeping_a_little_in_every_request_adds_up(start, monkeypatch):
    monkeypatch.setattr("tinygrade.sandboxes.deadline.WALL_EXTRA", 0.5)
    student = start()
    naps = (student.call("nap", cpu_seconds=0.1) for _ in range(20))
    with pytest.raises(WorkerTimeout, match="there was no answer within 0.9 s"):
        list(naps)


def test_a_worker_that_dies_of_our_question_where_it_is_has_timed_out(start):
    student = start()
    with pytest.raises(WorkerTimeout, match="CPU time") as caught:
        student.call("forget_and_spin", cpu_seconds=0.2)
    assert caught.value.place == ""


def test_time_spent_waiting_for_a_cpu_is_not_counted(monkeypatch):
    now, waited, cpu = [0.0], [0.0], [0.0]
    monkeypatch.setattr("tinygrade.sandboxes.deadline.time.monotonic", lambda: now[0])
    worker = SimpleNamespace(waited_seconds=lambda: waited[0], cpu_seconds=lambda: cpu[0])
    deadline = Deadline(worker, SimpleNamespace(waited_seconds=lambda: 0.0), 2.0)
    now[0], waited[0], cpu[0] = 113.0, 100.0, 2.0
    assert deadline.passed() == ""
    now[0] = 113.1
    assert deadline.passed() == "there was no answer within 13 s"
    cpu[0] = 2.1
    assert deadline.passed() == "it used more than 2 s of CPU time"


# ---- deaths ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 77])
def test_a_worker_that_exits(start, code):
    with pytest.raises(WorkerDied, match=f"its process ended with exit code {code}") as caught:
        start().call("end", code)
    assert not caught.value.out_of_memory


def test_a_worker_that_is_killed_by_the_kernel(start):
    with pytest.raises(WorkerDied, match="lack of memory") as caught:
        start().call("kill", int(signal.SIGKILL))
    assert caught.value.out_of_memory


def test_a_worker_that_crashes(start):
    with pytest.raises(WorkerDied, match="SIGSEGV") as caught:
        start().call("kill", int(signal.SIGSEGV))
    assert not caught.value.out_of_memory


def test_the_limit_of_the_kernel_is_a_time_out(start):
    with pytest.raises(WorkerTimeout, match="CPU time limit"):
        start().call("kill", int(signal.SIGXCPU))


def test_a_dead_worker_stays_dead(start):
    student = start()
    with pytest.raises(WorkerDied):
        student.call("end", 3)
    for _ in range(2):
        with pytest.raises(WorkerDied, match="its process has ended"):
            student.call("add", 1, 1)
        with pytest.raises(WorkerDied):
            student.worker.post({})
    assert student.worker.cpu_seconds() == 0.0
    assert student.worker.output() == ""


# ---- nonsense ----------------------------------------------------------------------------------------


def frame(text):
    return (len(text).to_bytes(4, "big") + text.encode()).decode("latin-1")


@pytest.mark.parametrize(
    "data",
    [
        "\xff\xff\xff\xff",
        frame("not json at all"),
        frame('{"value": 1, "arrays": []}'),
        frame('{"value": [], "arrays": []}'),
        frame('{"value": {"t": "dict", "v": [[1, 2]]}, "arrays": []}'),
        frame('{"value": {"t": "code", "v": ""}, "arrays": []}'),
        frame(
            '{"value": {"t": "array", "v": 0}, "arrays": [{"dtype": "<f8", "shape": [0, 8388608, 8388608, 8388608]}]}'
        ),
        frame('{"value": {"t": "array", "v": 0}, "arrays": [{"dtype": "<f8", "shape": [1000000000000]}]}'),
    ],
)
def test_nonsense_in_the_pipe_is_named_and_ends_the_worker(start, alive, data):
    student = start()
    pid = student.worker._process.pid
    with pytest.raises(WorkerNonsense, match="not an answer"):
        student.call("lie", data)
    assert not alive(pid)


def test_half_a_frame_is_waited_for_until_the_deadline(start, monkeypatch):
    monkeypatch.setattr("tinygrade.sandboxes.deadline.WALL_EXTRA", 0.1)
    with pytest.raises(WorkerTimeout):
        start().call("lie", "\0\0\1\0{", cpu_seconds=0.1)


# ---- prints ------------------------------------------------------------------------------------------


def test_prints_of_both_streams_are_kept(start):
    student = start()
    assert student.call("say", "hello") == 5
    text = student.worker.output()
    assert "hello\n" in text
    assert "and on stderr\n" in text
    assert student.worker.output() == ""


def test_a_worker_that_prints_megabytes_is_neither_blocked_nor_kept(start):
    student = start()
    assert student.call("chatter", 4 << 20) == 4 << 20
    text = student.worker.output()
    assert "bytes left out" in text
    assert len(text) < (8 << 10) + 200


def test_a_worker_that_prints_without_reading_does_not_block_us(start):
    student = start()
    chatter = student.ask("get", student.module, "chatter")["value"]
    student.worker.post({"do": "call", "args": [chatter, [4 << 20], {}]})
    student.worker.post({"budget": np.zeros(MAX_ARRAY // 8)})
    assert "bytes left out" in student.worker.output()


def test_what_was_printed_survives_the_end(start):
    student = start()
    student.call("say", "last words")
    student.worker.close()
    assert "last words" in student.worker.output()


# ---- events ------------------------------------------------------------------------------------------


def event(**more):
    pairs = ", ".join(f'["{key}", {value}]' for key, value in more.items())
    return frame(f'{{"value": {{"t": "dict", "v": [{pairs}]}}, "arrays": []}}')


def test_events_and_ticks(start, monkeypatch):
    monkeypatch.setattr("tinygrade.sandboxes.deadline.WALL_EXTRA", 0.5)
    events, ticks = [], []
    student = start()

    def on_event(message):
        events.append(message)
        return {"used": 0.0} if len(events) == 1 else None

    data = event(event='"step"', step=1) + event(event='"step"', step=2)
    with pytest.raises(WorkerTimeout):
        student.call("lie", data, cpu_seconds=0.1, on_event=on_event, on_tick=lambda: ticks.append(1))
    assert [message["step"] for message in events] == [1, 2]
    assert len(ticks) > 2


@pytest.mark.parametrize("hook", ["on_event", "on_tick"])
def test_what_a_hook_raises_is_passed_on_and_the_worker_can_be_closed(start, alive, hook):
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    student = start()
    pid = student.worker._process.pid
    with pytest.raises(Stop):
        student.call("lie", event(event='"step"'), **{hook: stop})
    student.worker.close()
    assert not alive(pid)


# ---- nothing is left behind --------------------------------------------------------------------------


def test_close_twice(start, alive):
    student = start()
    pid = student.worker._process.pid
    assert alive(pid)
    student.worker.close()
    student.worker.close()
    assert not alive(pid)


def test_a_child_that_fled_from_its_group_is_ended(folder, student_of, left_behind):
    """Where seccomp is missing; only the zygote hears of orphans."""
    sandbox = LocalSandbox(Limits(), without=["seccomp"])
    student = student_of(sandbox, folder)
    student.call("leave_behind")
    student.worker.close()
    sandbox.close()
    assert left_behind() == []


def test_many_workers_in_a_row_leak_nothing(sandbox, open_files, processes):
    count = 200 if type(sandbox).__name__ == "LocalSandbox" else 8
    for _ in range(2):  # the second has what the sandbox keeps ready
        sandbox.open(cpu_seconds=5.0).close()
    files, threads, living = open_files(), threading.active_count(), processes()
    for number in range(count):
        worker = sandbox.open(cpu_seconds=5.0)
        if number % 20 == 0:
            worker.ask({"do": "generator", "args": [number]}, cpu_seconds=5.0)
        worker.close()
    assert open_files() == files
    assert threading.active_count() == threads
    assert processes() == living


def test_closing_the_sandbox_ends_everything(start, sandbox, alive, open_files, left_behind):
    pids = [start().worker._process.pid for _ in range(3)]
    assert all(map(alive, pids))
    sandbox.close()
    assert not any(map(alive, pids))
    sandbox.close()
    assert left_behind() == []
