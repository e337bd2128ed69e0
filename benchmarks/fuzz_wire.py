"""Feed the reader of the wire with random and crafted frames: no crash, no hang, no memory beyond its bounds.

    python -m benchmarks.fuzz_wire --runs 1000000

Guided by coverage when atheris is there (`pip install 'tinygrade[fuzz]'`), else by random changes of good frames, and
then says so. Prints JSON: runs, seconds, the memory that the process took on top of what it had before, and the most
that one of the crafted frames, which are as large as a frame may be, made the reader allocate. Ends with 1 after a
crash or a hang; the input lies in the folder that it names.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tinygrade.worker import wire

#: A frame of the fuzzer's is short: what it announces may be large all the same.
MAX_LENGTH = 4096
HANG_SECONDS = 10


def frame(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(header)) + header + payload


def read(data: bytes) -> None:
    """Everything in these bytes. Only WireError may be raised."""
    frames = wire.Frames()
    try:
        frames.feed(data)
        for _ in range(8):
            if frames.next() is None:
                return
    except wire.WireError:
        return


def one(data: bytes) -> None:
    """One input of the fuzzer: half of them are headers whose length is right, so that the fuzzer gets behind it."""
    if len(data) > 2 and data[0] & 1:
        cut = int.from_bytes(data[1:3], "big") % (len(data) + 1)
        read(frame(data[3 : 3 + cut], data[3 + cut :]))
    else:
        read(data[1:])


def seeds() -> list[bytes]:
    """Good frames of every kind of value, and headers alone, in both forms that `one` takes."""
    values = [
        None,
        [True, -1, 2.5, float("nan"), float("-inf"), "text\ud800"],
        {"a": (1, [2.0]), 3: {}, None: "x", False: 1},
        [np.arange(6.0).reshape(2, 3), np.float32(1), np.zeros((0, 3), np.int8), np.bool_(True)],
        [wire.HandleRef(3, "Tensor")],
        {"event": "given", "part": "a.b", "args": [np.zeros((2, 2))], "weights": {}, "cotangent": None, "wrt": [0]},
    ]
    whole = [b"".join(wire.encode(value)) for value in values]
    headers = [data[4 : 4 + int.from_bytes(data[:4], "big")] for data in whole]
    wrapped = [b"\1" + len(h).to_bytes(2, "big") + h + d[4 + len(h) :] for h, d in zip(headers, whole, strict=True)]
    return [*(b"\0" + data for data in whole), *wrapped]


# ---- frames as large as they may be ------------------------------------------------------------------


def crafted() -> dict[str, bytes]:
    """Headers of a megabyte that make as much as possible of themselves."""
    room = wire.MAX_HEADER - 100

    def filled(piece: bytes, around: bytes = b'{"value":[%s],"arrays":[]}') -> bytes:
        return frame(around % b",".join([piece] * (room // (len(piece) + 1))))

    array = b'{"t":"array","v":0}'
    largest = [{"dtype": "<f8", "shape": [wire.MAX_ARRAY // 8]}] * (wire.MAX_TOTAL // wire.MAX_ARRAY)
    empty = json.dumps({"value": 0, "arrays": [{"dtype": "<f8", "shape": [0] * 8}] * wire.MAX_ARRAYS}).encode()
    announced = json.dumps({"value": 0, "arrays": largest}).encode()
    return {
        "empty lists": filled(b"[]"),
        "empty dicts": filled(b"{}"),
        "small dicts": filled(b'{"t":0}'),
        "numbers": filled(b"1e5"),
        "long numbers": filled(b"1" * 4000),
        "strings": filled(b'"ab"'),
        "escapes": filled(b'"' + b"\\ud83d\\ude00" * 80 + b'"'),
        "tuples": filled(b'{"t":"tuple","v":[]}'),
        "handles": filled(b'{"t":"handle","v":1,"type":""}'),
        "one array, often": frame(
            b'{"value":[%s],"arrays":[{"dtype":"<f8","shape":[1]}]}' % b",".join([array] * (room // 21)), bytes(8)
        ),
        "pairs of one dict": filled(b"[1,2]", b'{"value":{"t":"dict","v":[%s]},"arrays":[]}'),
        "keys of one object": frame(
            b'{"value":{%s},"arrays":[]}' % b",".join(b'"%d":0' % i for i in range(room // 12))
        ),
        "brackets": frame(b"[" * room),
        "announced, and not there": frame(announced),
        "announced, and there": frame(announced, bytes(wire.MAX_TOTAL)),
        "empty arrays": frame(empty),
    }


def worst() -> tuple[str, int, float]:
    """Name of the crafted frame that takes most memory, bytes on top of its own, and most CPU seconds of any."""
    most, slowest = ("", 0), 0.0
    for name, data in crafted().items():
        before = time.process_time()
        read(data)
        slowest = max(slowest, time.process_time() - before)
        tracemalloc.start()
        read(data)
        most = max(most, (name, tracemalloc.get_traced_memory()[1]), key=lambda pair: pair[1])
        tracemalloc.stop()
    return *most, slowest


# ---- running -----------------------------------------------------------------------------------------


def mutated(chance: random.Random, good: list[bytes]) -> bytes:
    """A good frame with a few changes, or noise."""
    data = bytearray(chance.choice(good) if chance.random() < 0.9 else chance.randbytes(chance.randrange(200)))
    pieces = (b"[", b"}", b'"', b"9" * 30, b"-", b"null", b"1e999")
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        piece = chance.choice((*pieces, chance.randbytes(2), data[:at][-20:]))
        data[at : at + chance.randrange(3)] = piece
    return bytes(data)


def by_chance(runs: int) -> None:
    chance, good = random.Random(0), seeds()
    for _ in range(runs):
        one(mutated(chance, good))


def guided(runs: int, folder: str) -> None:
    """Does not return: libFuzzer ends the process."""
    import atheris

    for number, data in enumerate(seeds()):
        Path(folder, f"seed-{number}").write_bytes(data)
    atheris.instrument_func(one)
    for name in ("_parse", "_layout", "_from_tree", "_tagged", "_unique", "_size"):
        setattr(wire, name, atheris.instrument_func(getattr(wire, name)))
    for name in ("next", "feed", "_read_header", "_take_arrays"):
        setattr(wire.Frames, name, atheris.instrument_func(getattr(wire.Frames, name)))
    bounds = [f"-max_len={MAX_LENGTH}", f"-timeout={HANG_SECONDS}", "-rss_limit_mb=1024", "-verbosity=1"]
    atheris.Setup([sys.argv[0], f"-runs={runs}", *bounds, f"-artifact_prefix={folder}/", folder], one)
    atheris.Fuzz()


def in_child(runs: int, way: str, folder: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "benchmarks.fuzz_wire", "--runs", str(runs), "--child", way, "--folder", folder]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def child(way: str, runs: int, folder: str) -> None:
    ways: dict[str, Callable[[], None]] = {
        "guided": lambda: guided(runs, folder),
        "chance": lambda: by_chance(runs),
        "nothing": lambda: None,
    }
    print(f"MEMORY {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}", file=sys.stderr, flush=True)
    ways[way]()


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.runs, options.folder)
        return 0
    way = "guided"
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not there (pip install 'tinygrade[fuzz]'): frames are changed by chance", file=sys.stderr)
        way = "chance"
    folder = tempfile.mkdtemp(prefix="fuzz-wire-")
    in_child(0, "nothing" if way == "chance" else "guided", folder)
    empty = peak_kib()
    start = time.monotonic()
    code, text = in_child(options.runs, way, folder)
    seconds = time.monotonic() - start
    name, taken, slowest = worst()
    covered = re.findall(r"cov: (\d+) ft: (\d+)", text)
    print(
        json.dumps(
            {
                "runs": options.runs,
                "way": way,
                "seconds": round(seconds, 1),
                "runs_per_second": round(options.runs / seconds),
                "coverage": [int(n) for n in covered[-1]] if covered else None,
                "exit_code": code,
                "memory_added_mib": round((peak_kib() - empty) / 1024, 1),
                "worst_frame": name,
                "worst_frame_mib": round(taken / (1 << 20), 1),
                "slowest_frame_cpu_seconds": round(slowest, 3),
            },
            indent=2,
        )
    )
    if code:
        print(text[-4000:], file=sys.stderr)
        print(f"the input lies in {folder}", file=sys.stderr)
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
