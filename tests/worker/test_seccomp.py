"""The filter of system calls: its program for both architectures, run by hand, and the real thing in a process."""

import errno
import re
import signal
import struct
from pathlib import Path

import pytest

from tinygrade.worker import kernel, seccomp
from tinygrade.worker.syscalls import DENIED, LAST, PARTLY

PID = 4242
ARCHITECTURES = [0, 1]
needs_filter = pytest.mark.skipif(not seccomp.available(), reason="SKIPPED: no seccomp here")

EPERM, EAGAIN, ENOSYS = (seccomp.FAIL | number for number in (errno.EPERM, errno.EAGAIN, errno.ENOSYS))


def answer(program, number, *args, architecture):
    """What the kernel would do: classic BPF as in linux/filter.h, on a `struct seccomp_data`."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *[*args, 0, 0, 0, 0, 0, 0][:6])
    at = value = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == seccomp.LOAD:
            (value,) = struct.unpack_from("=I", data, k)
        elif code == seccomp.AND:
            value &= k
        elif code == seccomp.RETURN:
            return k
        else:
            met = {
                seccomp.IF_EQUAL: value == k,
                seccomp.IF_GREATER: value > k,
                seccomp.IF_ANY_BIT: value & k != 0,
            }[code]
            at += yes if met else no


@pytest.fixture(params=ARCHITECTURES, ids=["x86_64", "aarch64"])
def column(request, monkeypatch):
    monkeypatch.setattr(kernel, "COLUMN", request.param)
    return request.param


@pytest.fixture
def ask(column):
    """`ask(name or number, *args)`: the filter's answer on this architecture."""
    program = seccomp.program(PID)

    def run(call, *args, architecture=seccomp.AUDIT_ARCH[column]):
        number = call if isinstance(call, int) else {**DENIED, **PARTLY}[call][column]
        return answer(program, number, *args, architecture=architecture)

    return run


def test_every_listed_call_is_refused(ask, column):
    for name, numbers in DENIED.items():
        if numbers[column] is not None:
            assert ask(name) == EPERM, name


def test_what_is_not_listed_is_allowed(ask, column):
    listed = {numbers[column] for numbers in (*DENIED.values(), *PARTLY.values())}
    for number in range(LAST + 1):
        if number not in listed:
            assert ask(number) == seccomp.ALLOW, number


@pytest.mark.parametrize("number", [LAST + 1, LAST + 100, 0x3FFFFFFF])
def test_calls_newer_than_the_list_do_not_exist(ask, number):
    assert ask(number) == ENOSYS


def test_another_architecture_ends_the_process(ask):
    for foreign in (0x40000003, 0x40000028, seccomp.AUDIT_ARCH[0] ^ 1):
        assert ask(0, architecture=foreign) == seccomp.KILL


def test_numbers_of_x32_pass_by_nothing(ask, column):
    assert ask(seccomp.X32 | 41) == (seccomp.KILL if column == 0 else ENOSYS)


def test_processes_and_threads(ask):
    assert ask("clone", 0x10F00) == ask("clone", 17) == EAGAIN
    assert ask("clone3") == ENOSYS


@pytest.mark.parametrize("call", ["kill", "tkill", "tgkill"])
def test_signals_go_to_the_process_itself_only(ask, call):
    assert ask(call, PID, 9) == seccomp.ALLOW
    for other in (0, 1, PID + 1, 0xFFFFFFFF, (1 << 64) - 1, (1 << 64) - PID):
        assert ask(call, other, 9) == EPERM


def test_limits_of_itself_only(ask):
    assert ask("prlimit64", 0, 7) == seccomp.ALLOW
    assert ask("prlimit64", PID + 1, 7) == ask("prlimit64", 1, 7) == EPERM


def test_prctl(ask):
    assert ask("prctl", 15) == seccomp.ALLOW
    for option in (1, 4, 35, 36, 47, 0x59616D61):  # PDEATHSIG, DUMPABLE, MM, SUBREAPER, AMBIENT, PTRACER
        assert ask("prctl", option) == EPERM


def test_owners_of_files(ask):
    assert ask("fcntl", 3, 3) == ask("fcntl", 3, 4) == seccomp.ALLOW
    for command in (8, 10, 15, 1031):
        assert ask("fcntl", 3, command) == EPERM


def test_input_of_terminals(ask):
    assert ask("ioctl", 0, 0x5412) == EPERM
    assert ask("ioctl", 0, 0x5401) == seccomp.ALLOW


def test_reading_does_not_truncate(ask, column):
    for call, before in (("open", (0,)), ("openat", (0, 0))):
        if PARTLY[call][column] is not None:
            assert ask(call, *before, seccomp.O_TRUNC | 0o2000000) == EPERM
            assert ask(call, *before, 0o2000000) == ask(call, *before, 0o1 | seccomp.O_TRUNC | 0o100) == seccomp.ALLOW
    assert ask("openat2") == ENOSYS


HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_numbers_are_those_of_the_kernels_headers(architecture):
    header = Path(HEADERS[architecture])
    if not header.exists():
        pytest.skip(f"SKIPPED: {header} is not installed (linux-libc-dev)")
    text = header.read_text()
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    compared = [name for name in {**DENIED, **PARTLY} if name in known]
    assert len(compared) > 120
    for name in compared:
        assert {**DENIED, **PARTLY}[name][architecture] == known[name], name


def test_a_prepared_filter_becomes_the_one_of_a_process(column):
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in seccomp.program(PID))
    assert seccomp.of_process(seccomp.prepare(), PID) == packed


# ---- in a process ------------------------------------------------------------------------------------


@needs_filter
def test_the_kernel_refuses_every_listed_call(confined):
    code = """
from tinygrade_worker import kernel
from tinygrade_worker.syscalls import DENIED
result = {name: outcome(lambda: kernel.syscall(numbers[kernel.COLUMN], *[0] * 6))
          for name, numbers in DENIED.items() if numbers[kernel.COLUMN] is not None}
"""
    found = confined(code, without=["landlock"])
    assert len(found) > 120
    assert set(found.values()) == {"EPERM"}, {name: got for name, got in found.items() if got != "EPERM"}


@needs_filter
def test_what_python_offers_is_refused(confined):
    code = """
import fcntl, socket, threading
r, w = os.pipe()
result = {
    "fork": outcome(os.fork),
    "thread": outcome(threading.Thread(target=int).start),
    "socket": outcome(socket.socket),
    "pair": outcome(socket.socketpair),
    "kill": outcome(lambda: os.kill(os.getppid(), 0)),
    "group": outcome(lambda: os.kill(0, 0)),
    "all": outcome(lambda: os.kill(-1, 0)),
    "owner": outcome(lambda: fcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())),
    "own kill": outcome(lambda: os.kill(os.getpid(), 0)),
}
"""
    found = confined(code, without=["landlock"])
    assert found.pop("thread") == "RuntimeError"
    assert found.pop("fork") == "EAGAIN"
    assert found.pop("own kill") == "done"
    assert set(found.values()) == {"EPERM"}, found


@needs_filter
def test_an_x32_call_ends_the_process(confined):
    if kernel.COLUMN != 0:
        pytest.skip("SKIPPED: x32 is a matter of x86-64")
    code = "from tinygrade_worker import kernel\nkernel.syscall(0x40000000 | 39)\nresult = None"
    assert confined(code, without=["landlock"], ends=-signal.SIGSYS) is None
