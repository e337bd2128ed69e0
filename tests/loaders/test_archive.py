"""Archives of students: the rules of folders hold, and what only an archive can do is refused by name."""

import gzip
import io
import os
import resource
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinygrade.errors import SubmissionError
from tinygrade.loaders import archive, builtin, directory, rules, tar, zipped

FILES = {"tinytorch/__init__.py": b"", "tinytorch/tensor.py": b"x = 1\n"}
KINDS = ["work.zip", "work.tar", "work.tar.gz", "work.tgz"]


def entry(name, mode=0o644, kind=stat.S_IFREG, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | mode) << 16
    info.compress_type = method
    return info


def packed(kind, files, links=()):
    """An archive with these files in this order; `links` are pairs of name and target."""
    out = io.BytesIO()
    if kind.endswith(".zip"):
        with zipfile.ZipFile(out, "w") as file:
            for name, content in files:
                file.writestr(entry(name, kind=stat.S_IFDIR if name.endswith("/") else stat.S_IFREG), content)
            for name, target in links:
                file.writestr(entry(name, kind=stat.S_IFLNK), target)
        return out.getvalue()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            file.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            file.addfile(info)
    return gzip.compress(out.getvalue()) if kind.endswith("gz") else out.getvalue()


@pytest.fixture
def load(assignment, tmp_path, into):
    """`load(kind, files, links)`, or `load(kind, bytes)`."""

    def read(kind, files, links=()):
        source = tmp_path / kind
        source.write_bytes(files if isinstance(files, bytes) else packed(kind, list(dict_items(files)), links))
        return builtin.tinygrade_load_submission(str(source), assignment, into)

    return read


def dict_items(files):
    return files.items() if isinstance(files, dict) else files


def refused(load, problem, *args):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(*args)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


# ---- what is taken ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "files",
    [
        FILES,
        {f"./{name}": content for name, content in FILES.items()},
        {f"mine-main/{name}": content for name, content in FILES.items()},
        {f"mine/{name.removeprefix('tinytorch/')}": content for name, content in FILES.items()},
        {name.removeprefix("tinytorch/"): content for name, content in FILES.items()},
        [("tinytorch/", b""), *FILES.items(), ("__MACOSX/tinytorch/._tensor.py", b"\0"), (".DS_Store", b"")],
    ],
    ids=["at the top", "with dots", "in one folder", "renamed", "without its folder", "with folders and leftovers"],
)
def test_the_package_is_found(load, kind, files):
    submission = load(kind, files)
    assert submission.files == ("tinytorch/__init__.py", "tinytorch/tensor.py")
    assert (submission.root / "tinytorch/tensor.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_and_a_folder_give_the_same_submission(load, kind, assignment, tmp_path):
    folder, copy = tmp_path / "folder", tmp_path / "other"
    copy.mkdir()
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    one, two = load(kind, FILES), directory.load(str(folder), assignment, copy)
    assert (one.sha256, one.files) == (two.sha256, two.files)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_package_does_not_need_is_left_behind(load, kind):
    names = ("notes.md", "weights.npz", "tensor (1).py", ".hidden.py", "__pycache__/a.py", ".git/b.py", "bad-name/c.py")
    more = {f"tinytorch/{name}": b"\0" * 1000 for name in names}
    more |= {"conftest.py": b"raise SystemExit", "other/tensor.py": b"", "tinytorch/weights.pkl": b"\0" * 3_000_000}
    assert load(kind, FILES | more).files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


# ---- what is refused -------------------------------------------------------------------------------


NAMES = {
    "/etc/passwd": "begins at the root",
    "C:/a.py": "begins at the root",
    "../tinytorch/a.py": "leads out",
    "tinytorch/../../a.py": "leads out",
    "tinytorch/..": "leads out",
    "tinytorch\\a.py": "backslash",
    "tinytorch//a.py": "roundabout",
    "tinytorch/./a.py": "roundabout",
}


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_elsewhere(load, kind, name):
    refused(load, NAMES[name], kind, FILES | {name: b""})
    assert not os.path.exists("/a.py")


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_are_there_twice(load, kind):
    refused(
        load, r"tinytorch/tensor\.py is in the archive twice", kind, [*FILES.items(), ("tinytorch/tensor.py", b"2")]
    )
    refused(load, "differ only in upper and lower case", kind, [*FILES.items(), ("tinytorch/Tensor.py", b"2")])
    refused(load, "differ only in upper", kind, [*FILES.items(), ("tinytorch/a/b.py", b""), ("tinytorch/A/b.py", b"")])


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("name", ["tinytorch/ops.py", "tinytorch/sub", "tinytorch/data"])
def test_links_are_not_followed(load, kind, name):
    refused(load, f"{name} is a symbolic link; only plain files", kind, FILES, [(name, "/etc/passwd")])


@pytest.mark.parametrize(
    ("type", "problem"),
    [(tarfile.LNKTYPE, "link"), (tarfile.FIFOTYPE, "pipe"), (tarfile.CHRTYPE, "device"), (tarfile.BLKTYPE, "device")],
)
def test_other_kinds_of_members(load, type, problem):
    out = io.BytesIO(packed("work.tar", FILES.items()))
    with tarfile.open(fileobj=out, mode="a") as file:
        info = tarfile.TarInfo("tinytorch/ops.py")
        info.type, info.linkname = type, "tinytorch/tensor.py"
        file.addfile(info)
    refused(load, f"tinytorch/ops.py is .*{problem}", "work.tar", out.getvalue())


def test_a_device_in_a_zip(load):
    out = io.BytesIO(packed("work.zip", FILES.items()))
    with zipfile.ZipFile(out, "a") as file:
        file.writestr(entry("tinytorch/ops.py", kind=stat.S_IFCHR), b"")
    refused(load, "is a device", "work.zip", out.getvalue())


def test_a_file_with_holes(load):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as file:
        info = tarfile.TarInfo("tinytorch/ops.py")
        info.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.realsize": str(1 << 40),
            "GNU.sparse.name": "tinytorch/ops.py",
        }
        content = b"1\n0\n" + bytes(508)
        info.size = len(content)
        file.addfile(info, io.BytesIO(content))
    refused(load, "with holes|larger than 256 KiB|cannot be read", "work.tar", out.getvalue())


def patched(data, flags=None, method=None, size=None, packed_size=None):
    """A zip with fields of the first module changed, in its table and before its content."""
    data = bytearray(data)
    for mark, at in ((b"PK\x01\x02", (8, 10, 20, 24)), (b"PK\x03\x04", (6, 8, 18, 22))):
        start = data.find(mark)
        for value, offset, form in zip((flags, method, packed_size, size), at, "HHII", strict=True):
            if value is not None:
                struct.pack_into(f"<{form}", data, start + offset, value)
    return bytes(data)


MODULE = {"tinytorch/tensor.py": b"x = 1\n" * 20}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"flags": 1}, "tinytorch/tensor.py is encrypted"),
        ({"method": 14}, "is packed by method 14"),
        ({"method": 99}, "is packed by method 99"),
        ({"size": 1 << 31}, "is larger than 256 KiB"),
        ({"size": 5}, "cannot be read"),
        ({"size": 200_000}, "packed more than 100 times smaller|cannot be read"),
    ],
)
def test_fields_that_lie_or_ask_for_too_much(load, change, problem):
    refused(load, problem, "work.zip", patched(packed("work.zip", MODULE.items()), **change))


@pytest.mark.parametrize("kind", KINDS[:3])
def test_sizes_and_numbers(load, kind, monkeypatch):
    large = os.urandom(rules.MAX_FILE_BYTES + 1)
    refused(load, "is larger than 256 KiB", kind, FILES | {"tinytorch/a.py": large})
    refused(load, r"more than 200 \.py files", kind, {f"tinytorch/m{i}.py": b"" for i in range(201)})
    refused(load, "larger than 4 MiB together", kind, {f"tinytorch/m{i}.py": large[:250_000] for i in range(17)})
    refused(load, "more than 3 levels deep", kind, {"tinytorch/a/b/c/d.py": b""})
    monkeypatch.setattr(rules, "MAX_ENTRIES", 50)
    refused(load, "more than 50 entries", kind, {f"{i}.txt": b"" for i in range(60)})


def test_a_zip_bomb_of_one_member(load):
    refused(load, "packed more than 100 times smaller", "work.zip", {"tinytorch/a.py": b"#" * 250_000})


def test_a_zip_whose_table_is_the_bomb(load):
    data = packed("work.zip", FILES.items())
    end = data.rfind(b"PK\x05\x06")
    data = data[:end] + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 1 << 30, 0, 0)
    refused(load, "table of 1,073,741,824 bytes", "work.zip", data)


def test_a_zip_of_the_64_bit_kind(load):
    data = packed("work.zip", FILES.items())
    end = data.rfind(b"PK\x05\x06")
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    refused(load, "64-bit kind", "work.zip", data[:end] + locator + data[end:])


def test_a_tar_bomb_is_read_no_further_than_its_bound(load):
    bomb = zlib.compressobj(9, wbits=31)
    info = tarfile.TarInfo("notes.bin")
    info.size = 1 << 40
    data = bomb.compress(info.tobuf()) + b"".join(bomb.compress(bytes(1 << 20)) for _ in range(100)) + bomb.flush()
    refused(load, "unpacks to more than 64 MiB", "work.tar.gz", data)


def test_a_tar_whose_header_asks_for_gigabytes(load):
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 1 << 40
        refused(load, "cannot be read|holds no", "work.tar", info.tobuf() + bytes(10_240))


def test_long_names_within_long_names(load):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 512
    refused(load, "cannot be read", "work.tar.gz", gzip.compress((info.tobuf() + bytes(512)) * 20_000))


def test_an_archive_that_is_too_large(load, tmp_path, assignment, into):
    with open(tmp_path / "large.zip", "wb") as file:
        file.truncate(archive.MAX_ARCHIVE_BYTES + 1)
    with pytest.raises(SubmissionError, match="is larger than 16 MiB"):
        builtin.tinygrade_load_submission(str(tmp_path / "large.zip"), assignment, into)


@pytest.mark.parametrize("kind", KINDS)
def test_archives_that_are_cut_off_or_empty(load, kind):
    whole = packed(kind, [*FILES.items(), ("tinytorch/z.py", os.urandom(4000))])
    for length in (0, 10, len(whole) // 3, len(whole) // 2):
        refused(load, "cannot be read|is empty|holds no", kind, whole[:length])


@pytest.mark.parametrize("kind", KINDS)
def test_archives_of_another_kind(load, kind):
    refused(load, "cannot be read|is empty", kind, b"no archive at all" * 100)
    refused(load, "holds no folder tinytorch/", kind, {"a/b.py": b"", "c/d.py": b""})
    refused(load, "holds no .py file", kind, {"tinytorch/notes.md": b""})


def test_a_checksum_that_is_wrong(load):
    data = bytearray(packed("work.zip", [("tinytorch/tensor.py", b"x" * 100)]))
    data[data.find(b"PK\x03\x04") + 14] ^= 1
    data[data.find(b"PK\x01\x02") + 16] ^= 1
    refused(load, "cannot be read: BadZipFile", "work.zip", bytes(data))


def test_a_name_with_control_characters_reaches_no_terminal(load):
    refused(load, "leads out", "work.zip", FILES | {"../\x1b[31mred\x1b.py": b""})


def test_other_files_are_answered_with_what_can_be_read(load):
    refused(load, r"is not a folder; .* or pack it as \.zip or \.tar\.gz", "work.rar", b"")


# ---- anything at all -------------------------------------------------------------------------------


SMALL = {kind: packed(kind, FILES.items()) for kind in ("work.zip", "work.tar", "work.tar.gz")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(SMALL)), st.lists(st.tuples(st.integers(0, 11_000), st.integers(0, 255)), max_size=4))
def test_flipped_bytes_are_a_submission_or_a_refusal(assignment, tmp_path_factory, kind, flips):
    data = bytearray(SMALL[kind])
    for at, byte in flips:
        data[at % len(data)] = byte
    folder = tmp_path_factory.mktemp("flip")
    (folder / kind).write_bytes(data)
    (folder / "into").mkdir()
    try:
        submission = archive.load(str(folder / kind), assignment, folder / "into")
    except SubmissionError:
        return
    assert all(name.startswith("tinytorch/") for name in submission.files)


def test_the_modules_of_this_loader_extract_nothing():
    """`extractall`, `extract` and `unpack_archive` would write to paths that the archive chose."""
    for module in (archive, zipped, tar):
        with open(module.__file__, encoding="utf-8") as file:
            source = file.read()
        assert ".extractall(" not in source
        assert ".extract(" not in source
        assert "unpack_archive" not in source


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is that of Linux")
def test_bombs_are_refused_in_little_memory(tmp_path):
    """With 200 MiB of address space beyond Python's own: what is announced is never allocated."""
    bombs = {
        "one.zip": patched(packed("work.zip", MODULE.items()), size=(1 << 32) - 2),
        "two.tar.gz": gzip.compress(tarfile.TarInfo("a").tobuf()[:124] + b"7" * 11 + b"\0" + bytes(1 << 20)),
    }
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    bombs["three.tar.gz"] = gzip.compress(info.tobuf() + bytes(80 << 20))
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
        code = (
            "import sys, tempfile; from pathlib import Path; from types import SimpleNamespace as N\n"
            "from tinygrade.loaders import archive; from tinygrade.errors import SubmissionError\n"
            "a = N(course=N(package='tinytorch'), files=('tensor.py',))\n"
            "try:\n    archive.load(sys.argv[1], a, Path(tempfile.mkdtemp()))\n"
            "except SubmissionError as error:\n    print('refused:', error)\n"
        )

        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / name)],
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=limited,
            check=False,
        )
        assert done.stdout.startswith("refused:"), done.stderr
        assert "MemoryError" not in done.stdout
