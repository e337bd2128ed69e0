"""What is done once before the first fork: modules that students import, and a heap that keeps what is freed."""

import platform
from pathlib import Path

import pytest

import tinygrade.worker

MAIN = Path(tinygrade.worker.__file__).with_name("__main__.py")
FAULTS = """
import resource
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        blocks = [bytearray(100_000) for _ in range(4)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="SKIPPED: about glibc's allocator")
def test_freed_memory_is_kept(confined):
    """Each block lies below the size that is mapped; all of them together lie above what glibc gives back at once."""
    before = FAULTS + "first = faults()\nentry.calm_the_heap()\nfaults()"
    trimmed, kept = confined("result = [first, faults()]", before=before)
    assert kept < 1000 < trimmed


def test_what_students_import_is_there(confined):
    names = ["dataclasses", "typing", "random", "copy", "numpy.random"]
    code = f"result = [name for name in {names} if name not in sys.modules]"
    assert confined(code, before="entry.preload()") == []


def test_all_of_the_workers_own_code_is_loaded_before_it_is_confined(confined):
    """Its folder cannot be read afterwards."""
    own = {path.stem for path in MAIN.parent.glob("*.py")} - {"__main__", "__init__", "zygote"}
    code = 'result = [name.partition(".")[2] for name in sys.modules if name.startswith("tinygrade_worker.")]'
    found = set(confined(code, before="from tinygrade_worker import single"))
    assert own - found == set()
