"""A record that cannot be trusted to be the right one is refused in one line."""

import json
import zipfile

import numpy as np
import pytest

from tinygrade.checks.recorded import file
from tinygrade.checks.recorded.answers import Store
from tinygrade.checks.recorded.session import require_seed
from tinygrade.config import load_assignment, load_course
from tinygrade.errors import CourseError, UsageError


@pytest.fixture
def assignment(make_course):
    return load_assignment(load_course(make_course()), "assignment1")


@pytest.fixture
def header(assignment):
    return file.Header("assignment1", (3, 8), file.check_files(assignment, []), {"numpy": "2"})


@pytest.fixture
def record(tmp_path, header):
    path = tmp_path / "assignment1.npz"
    stores = {}
    for seed in header.seeds:
        stores[seed] = Store()
        stores[seed].add("q", {"x": np.full(50, float(seed))})
        stores[seed].add("n", np.arange(3))
    file.write(path, header, stores)
    return path


def test_there_and_back(record, header, assignment):
    found = file.read_header(record)
    assert found == header
    file.require(found, record, assignment, [])
    for seed in header.seeds:
        np.testing.assert_equal(file.read(record, seed).get("q"), {"x": np.full(50, float(seed))})
    assert [member.name for member in record.parent.glob("*.part")] == []


def test_single_records_are_put_together(record, header, tmp_path):
    parts = []
    for seed in header.seeds:
        parts.append(tmp_path / f"{seed}.npz")
        one = file.Header(header.assignment, (seed,), header.checks, header.environment)
        file.write(parts[-1], one, {seed: file.read(record, seed)})
    file.join(parts, tmp_path / "joined.npz")
    assert file.read_header(tmp_path / "joined.npz") == header
    np.testing.assert_equal(file.read(tmp_path / "joined.npz", 8).get("n"), np.arange(3))


def test_line_ends_do_not_make_another_check(assignment, header):
    test = assignment.root / "test_1.py"
    test.write_bytes(b"a = 1\nb = 2\n")
    unix = file.check_files(assignment, [])
    test.write_bytes(b"a = 1\r\nb = 2\r\n")
    assert file.check_files(assignment, []) == unix != header.checks


def test_smoke_checks_of_earlier_ones_count(assignment, header):
    smoke = assignment.root / "smoke"
    smoke.mkdir()
    (smoke / "test_smoke.py").write_text("")
    assert set(file.check_files(assignment, [assignment])) == {*header.checks, "assignment1/smoke/test_smoke.py"}


def test_changed_checks_are_refused(record, assignment):
    (assignment.root / "test_1.py").write_text("changed = True\n")
    with pytest.raises(CourseError, match=r"another version of assignment1/test_1\.py: ask your instructor"):
        file.require(file.read_header(record), record, assignment, [])


def test_another_assignments_is_refused(tmp_path, header, assignment, record):
    other = file.Header("assignment9", (3,), header.checks, {})
    with pytest.raises(CourseError, match="recorded for assignment9, not for assignment1"):
        file.require(other, record, assignment, [])


def test_a_missing_one_is_told(tmp_path):
    with pytest.raises(CourseError, match=r"none\.npz: is not there, and without the solution"):
        file.read_header(tmp_path / "none.npz")


def test_other_seeds_are_refused(header):
    with pytest.raises(UsageError, match=r"--seed 4: .* recorded for other seeds: 3, 8"):
        require_seed(header, 4)


@pytest.mark.parametrize("cut", [0, 1, 100, 0.5, 0.9, 0.99])
def test_a_truncated_one_is_told(record, cut):
    data = record.read_bytes()
    record.write_bytes(data[: int(cut * len(data)) if isinstance(cut, float) else cut])
    with pytest.raises(CourseError, match="is damaged"):
        file.read_header(record)


def test_every_changed_byte_is_told_or_harmless(record, header):
    data = record.read_bytes()
    expected = file.read(record, 3).get("q")
    for place in range(0, len(data), 31):
        record.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            found = file.read_header(record)
            if found.seeds == header.seeds:
                np.testing.assert_equal(file.read(record, 3).get("q"), expected)
        except CourseError as error:
            assert "\n" not in str(error)


def rewritten(record, name, tree):
    """The record with another member."""
    with np.load(record) as members:
        kept = {key: members[key] for key in members.files}
    kept[name] = np.frombuffer(json.dumps(tree).encode(), dtype="|u1") if not isinstance(tree, np.ndarray) else tree
    np.savez(record, **kept)


@pytest.mark.parametrize(
    ("name", "tree", "words"),
    [
        ("header", {"format": file.FORMAT, "version": 99}, "version 99 of the format, this tinygrade reads version 1"),
        ("header", {"format": "something"}, "no record of a reference"),
        ("header", [], "no record of a reference"),
        ("header", np.arange(3.0), "index is malformed"),
        (
            "header",
            {"format": file.FORMAT, "version": 1, "assignment": "a", "seeds": ["x"], "checks": {}, "environment": {}},
            "header is malformed",
        ),
    ],
)
def test_a_foreign_header_is_told(record, name, tree, words):
    rewritten(record, name, tree)
    with pytest.raises(CourseError, match=words):
        file.read_header(record)


@pytest.mark.parametrize(
    ("name", "tree", "words"),
    [
        ("3/index", [], "no index"),
        ("3/index", {"q": {"f8": [40, 100]}}, "ends behind the end"),
        ("3/index", {"q": {"code": ["x"]}}, "is damaged"),
        ("3/f8", np.zeros((2, 2)), "numbers are malformed"),
        ("3/O", np.zeros(2), "numbers are malformed"),
    ],
)
def test_foreign_answers_are_told(record, name, tree, words):
    rewritten(record, name, tree)
    with pytest.raises(CourseError, match=words):
        file.read(record, 3)


def test_nothing_is_unpickled(record, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").write_text, ("x",))

    np.savez(record, header=np.array([Evil()], dtype=object))
    with pytest.raises(CourseError, match="is damaged"):
        file.read_header(record)
    assert not (tmp_path / "ran").exists()


def test_a_zip_of_something_else_is_told(record):
    with zipfile.ZipFile(record, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(CourseError, match="is damaged"):
        file.read_header(record)
