"""The folder that an assignment may ask for: nothing else can be written, it is capped, empty, and gone after."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tinygrade.model import Limits
from tinygrade.sandbox import WorkerDied
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox
from tinygrade.worker import landlock, seccomp
from tinygrade.worker.confinement import STEPS
from tinygrade.worker.scratch import CAPPED, FILES, WATCHED

needs_all = pytest.mark.skipif(not (landlock.abi() and seccomp.available()), reason="SKIPPED: no Landlock or seccomp")
PACKAGE = """
import errno, os, time


def attempt(text):
    try:
        return repr(eval(text))
    except OSError as error:
        return errno.errorcode[error.errno]


def fill(size, count):
    written = 0
    try:
        for number in range(count):
            with open(f"f{number}", "wb", buffering=0) as file:
                for _ in range(size >> 16):
                    written += file.write(bytes(1 << 16))
    except OSError as error:
        return [errno.errorcode[error.errno], written]
    time.sleep(0.3)  # a watcher looks twenty times a second
    return ["done", written]


def churn():
    while True:
        for number in range(8):
            with open(f"f{number}", "wb", buffering=0) as file:
                for _ in range(14):
                    file.write(bytes(1 << 16))
"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "tinytorch"
    path.mkdir()
    (path / "main.py").write_text(PACKAGE)
    return path


@pytest.fixture
def root():
    """Where every user gets through, as in a grading."""
    path = Path(tempfile.mkdtemp(prefix="tinygrade-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


#: An ordinary folder, although a file system could be mounted: capabilities are not dropped then.
UNMOUNTED = ("privileges",)


@pytest.fixture(params=[(LocalSandbox, ()), (PortableSandbox, ()), (LocalSandbox, UNMOUNTED)], ids=str)
def sandbox(request, root):
    make, without = request.param
    made = make(Limits(scratch_mib=1), without, root)
    yield made
    made.close()


@pytest.fixture
def held(sandbox):
    """Who holds the cap; a watched one is what containers give."""
    isolation = sandbox.isolation()
    assert isolation.scratch in (CAPPED, WATCHED)
    return isolation.scratch


@needs_all
def test_the_level_says_who_holds_the_cap(root):
    for without, expected in (((), CAPPED), (UNMOUNTED, WATCHED)):
        made = LocalSandbox(Limits(scratch_mib=1), without, root)
        isolation = made.isolation()
        made.close()
        assert isolation.scratch in (expected, WATCHED)
        # root keeps its capabilities without that step, and nothing else is possible
        assert set(isolation.missing) <= ({"privileges", "limits of others"} if without else set())


#: What may be tried there, and what comes of it.
ACTS = {
    "open('a', 'w').write('x') + len(open('a').read())": "2",
    "[os.replace('a', 'b'), os.listdir(), os.unlink('b'), os.listdir()][1::2]": "[['b'], []]",
    "open(os.path.abspath('a'), 'w').write('xyz')": "3",
    "open('../a', 'w')": "EACCES",
    "open('/tmp/a', 'w')": "EACCES",
    "os.listdir('..')": "EACCES",
    "os.mkdir('d')": "EPERM",
    "os.symlink('/etc/passwd', 'l')": "EPERM",
    "os.link('/etc/ld.so.cache', 'l')": "EPERM",
    "os.mkfifo('f')": "EPERM",
    "os.mknod('f', 0o20666, 259)": "EPERM",
    "os.rename('/etc/ld.so.cache', 'c')": "EXDEV EACCES",
    "os.rename('a', '../a')": "EXDEV EACCES",
    "os.unlink('/etc/ld.so.cache')": "EACCES",
    "os.truncate('/etc/ld.so.cache', 0)": "EACCES",
    "os.chmod('a', 0o755)": "EPERM",
    "os.execv('./a', ['a'])": "EPERM",
}


@needs_all
def test_files_can_be_kept_there_and_nothing_else(sandbox, student_of, folder):
    student = student_of(sandbox, folder)
    wrong = {act: got for act in ACTS if not (got := student.call("attempt", act)) or got not in ACTS[act]}
    assert wrong == {}


def test_it_is_empty_for_each_worker_and_gone_afterwards(sandbox, student_of, folder, root):
    first = student_of(sandbox, folder)
    assert first.call("attempt", "[open('a', 'w').write('x'), os.listdir()][1]") == "['a']"
    other = student_of(sandbox, folder)  # while the first one lives
    assert other.call("attempt", "os.listdir()") == "[]"
    path = first.call("attempt", "os.getcwd()").strip("'")
    assert other.call("attempt", f"open({path + '/a'!r}).read()") in ("EACCES", "ENOENT")
    first.worker.close()
    assert student_of(sandbox, folder).call("attempt", "os.listdir()") == "[]"
    sandbox.close()
    assert os.listdir(root) == []


@pytest.mark.parametrize(("size", "count"), [(1 << 19, 8), (0, 4 * FILES)], ids=["bytes", "files"])
def test_it_cannot_be_overfilled(sandbox, held, student_of, folder, size, count):
    student = student_of(sandbox, folder)
    if held == CAPPED:
        word, written = student.call("fill", size, count)
        assert word == "ENOSPC"
        assert written <= 1 << 20
    else:
        with pytest.raises(WorkerDied, match=r"it (wrote more than 1 MiB|made more than 256 files)"):
            student.call("fill", size, count)


def test_one_file_cannot_be_larger_than_the_folder(sandbox, student_of, folder):
    word, written = student_of(sandbox, folder).call("fill", 2 << 20, 1)
    assert word in ("EFBIG", "ENOSPC")
    assert written <= 1 << 20


def test_files_that_come_and_go_do_not_hide_what_is_there(root, student_of, folder):
    watched = LocalSandbox(Limits(scratch_mib=1), UNMOUNTED, root)
    with pytest.raises(WorkerDied, match="it wrote more than 1 MiB"):
        student_of(watched, folder).call("churn")
    watched.close()


def test_a_folder_that_is_taken_away_is_the_students_doing(root, student_of, folder):
    """Where nothing holds a worker back."""
    open_to_all = LocalSandbox(Limits(scratch_mib=1), STEPS, root)
    with pytest.raises(WorkerDied, match="it took its folder away"):
        student_of(open_to_all, folder).call("attempt", "[os.rmdir(os.getcwd()), time.sleep(5)]")
    open_to_all.close()
    assert os.listdir(root) == []


def test_there_is_none_unless_it_is_asked_for(student_of, folder, root):
    for make in (LocalSandbox, PortableSandbox):
        made = make(Limits())
        student = student_of(made, folder)
        assert student.call("attempt", "os.getcwd()") == "'/'"
        assert student.call("attempt", "open('a', 'w')") in ("EACCES", "EPERM")
        assert made.isolation().scratch == ""
        made.close()
