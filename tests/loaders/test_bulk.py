"""Bulk downloads: every student is found under the platform's own id, and nobody is lost."""

import stat
import zipfile
from pathlib import Path

import pytest

from tinygrade.errors import SubmissionError
from tinygrade.loaders import builtin, bulk, unpack
from tinygrade.loaders.bulk import find_submissions

PACKAGE = {"tinytorch/__init__.py": b"", "tinytorch/tensor.py": b"x = 1\n"}
METADATA = b"""---
submission_11:
  :submitters:
  - :name: A
    :sid: '1001'
    :email: a@example.org
  :score: 3.0
  :results:
    :tests:
    - :name: "  :submitters:"
      :sid: '9999'
submission_12:
  :submitters:
  - :name: B
    :sid: ''
    :email: b@example.org
  - :name: C
    :email: c@example.org
    :sid: "1003"
  :created_at: 2026-11-01 10:00:00 Z
submission_13:
  :submitters: []
"""


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def inner(tmp_path, files=PACKAGE):
    return zipped(tmp_path / "inner.zip", files).read_bytes()


def in_folder(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture(params=["packed", "unpacked"])
def download(request, tmp_path):
    """`download(files)`: the same download as a .zip, and unpacked."""

    def make(files):
        if request.param == "packed":
            return zipped(tmp_path / "download.zip", files)
        return in_folder(tmp_path / "download", files)

    return make


@pytest.fixture
def find(tmp_path):
    """The list, with the name of each source's last part, and the notes."""
    notes = []

    def found(path, package="tinytorch"):
        (tmp_path / "scratch").mkdir(exist_ok=True)
        result = find_submissions(path, package, tmp_path / "scratch", notes.append)
        assert all(Path(source).exists() for _, source in result)
        return [(student, Path(source).name) for student, source in result]

    found.notes = notes
    return found


def below(folder, files=PACKAGE):
    return {f"{folder}/{name}": content for name, content in files.items()}


# ---- layouts ---------------------------------------------------------------------------------------


def test_gradescope(download, find, tmp_path):
    root = "assignment_7_export"
    files = {
        f"{root}/submission_metadata.yml": METADATA,
        **below(f"{root}/submission_11"),
        f"{root}/submission_12/work.zip": inner(tmp_path),
        **below(f"{root}/submission_13"),
        **below(f"{root}/submission_14"),
    }
    assert find(download(files)) == [
        ("1001", "submission_11"),
        ("1003", "work.zip"),
        ("b@example.org", "work.zip"),
        ("submission_13", "submission_13"),
        ("submission_14", "submission_14"),
    ]


def test_gradescope_of_one_student(download, find):
    assert find(download(below("assignment_7_export/submission_11"))) == [("submission_11", "submission_11")]


def test_canvas(download, find, tmp_path):
    files = {
        "alpha_101_9001_work.zip": inner(tmp_path),
        "beta_LATE_102_9002_work-1.zip": inner(tmp_path),
        "gamma_103_9003_tensor-2.py": b"x = 3\n",
        "gamma_103_9004___init__.py": b"",
        "delta_104_9005_essay.pdf": b"%PDF",
        "anon_Ab12c_9006_work.ipynb": b"{}",
        "anon_LATE_Ab12d_9007_work.zip": inner(tmp_path),
    }
    assert find(download(files)) == [
        ("101", "alpha_101_9001_work.zip"),
        ("102", "beta_LATE_102_9002_work-1.zip"),
        ("103", "103"),
        ("104", "delta_104_9005_essay.pdf"),
        ("Ab12c", "anon_Ab12c_9006_work.ipynb"),
        ("Ab12d", "anon_LATE_Ab12d_9007_work.zip"),
    ]
    loose = tmp_path / "scratch/loose/103"
    assert {path.name: path.read_text() for path in loose.iterdir()} == {"__init__.py": "", "tensor.py": "x = 3\n"}


def test_moodle(download, find, tmp_path):
    files = {
        "Alpha One_201_assignsubmission_file_/work.zip": inner(tmp_path),
        **below("Beta Two_202_assignsubmission_file_"),
        "Gamma_203_assignsubmission_file_work (1).zip": inner(tmp_path),
        "Gamma_203_assignsubmission_onlinetext_/onlinetext.html": b"hello",
        "Delta_204_assignsubmission_file_/essay.pdf": b"%PDF",
    }
    assert find(download(files)) == [
        ("201", "work.zip"),
        ("202", "Beta Two_202_assignsubmission_file_"),
        ("203", "Gamma_203_assignsubmission_file_work (1).zip"),
        ("204", "Delta_204_assignsubmission_file_"),
    ]


def test_folders_archives_and_notebooks(download, find, tmp_path):
    files = {
        **below("s001"),
        "s002.zip": inner(tmp_path),
        "s003/work.tar.gz": b"",
        "s004.ipynb": b"{}",
        "s005/readme.txt": b"nothing",
        "notes.txt": b"mine",
        "__MACOSX/s001/._x.py": b"",
        ".DS_Store": b"",
    }
    assert find(download(files)) == [
        ("s001", "s001"),
        ("s002", "s002.zip"),
        ("s003", "work.tar.gz"),
        ("s004", "s004.ipynb"),
        ("s005", "s005"),
    ]


def test_what_nobody_reads_is_told(find, tmp_path):
    folder = in_folder(tmp_path / "class", {**below("s001"), **below("s002"), "not\x1b[2J.txt": b""})
    find(folder)
    assert find.notes == ["passed over: 'not\\x1b[2J.txt' is no folder, archive or notebook"]


def test_links_are_not_followed(find, tmp_path):
    folder = in_folder(tmp_path / "class", {**below("s001"), **below("s002")})
    (folder / "s003").symlink_to("/etc")
    (folder / "s004.zip").symlink_to("/etc/passwd")
    assert [student for student, _ in find(folder)] == ["s001", "s002"]


def test_two_of_one_student_are_both_there(find, tmp_path):
    files = {"a_1_2_one.zip": inner(tmp_path), "a_1_3_two.zip": inner(tmp_path)}
    assert [student for student, _ in find(in_folder(tmp_path / "class", files))] == ["1", "1"]


@pytest.mark.parametrize("files", [PACKAGE, below("work")])
def test_one_submission_is_one(download, find, files):
    path = download(files)
    if path.is_dir() and files is not PACKAGE:
        assert find(path) == [("work", "work")]  # a folder with one student's folder
    else:
        assert find(path) == [("download", path.name)]


def test_a_package_a_notebook_and_an_address(find, tmp_path):
    in_folder(tmp_path / "s001", PACKAGE)
    assert find(tmp_path / "s001/tinytorch") == [("tinytorch", "tinytorch")]
    (tmp_path / "s002.ipynb").write_text("{}")
    assert find(tmp_path / "s002.ipynb") == [("s002", "s002.ipynb")]
    address = "git+https://host/group/s003.git"
    assert find_submissions(address) == [("s003", address)]


def test_what_is_found_can_be_loaded(find, tmp_path, assignment, into):
    files = {"alpha_101_9001_work.zip": inner(tmp_path), "beta_102_9002_work.zip": inner(tmp_path)}
    (_, source), _ = find_submissions(zipped(tmp_path / "download.zip", files), "tinytorch")
    loaded = builtin.tinygrade_load_submission(source, assignment, into)
    assert loaded.files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


# ---- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda p: p / "clas", r"clas: does not exist; did you mean 'class'\?"),
        (lambda p: in_folder(p / "class", {"notes.txt": b""}), "holds no submissions"),
        (lambda p: zipped(p / "empty.zip", {}), "holds no submissions"),
        (lambda p: in_folder(p, {"bad.zip": b"PK\x03\x04nonsense"}) / "bad.zip", "bad.zip: cannot be read: BadZipFile"),
    ],
)
def test_one_clear_line(make, problem, tmp_path):
    (tmp_path / "class").mkdir()
    with pytest.raises(SubmissionError, match=problem) as caught:
        find_submissions(make(tmp_path), "tinytorch")
    assert "\n" not in str(caught.value)


def test_a_hostile_name_is_left_out_alone(find, tmp_path):
    files = {
        **below("s001"),
        **below("s002"),
        "s002/../../../outside.py": b"",
        "/absolute.py": b"",
        "s001/" + "x" * 300 + ".py": b"",
        "s001/" + "y/" * 20 + "z.py": b"",
    }
    assert find(zipped(tmp_path / "download.zip", files)) == [("s001", "s001"), ("s002", "s002")]
    assert len(find.notes) == 4
    assert not (tmp_path / "outside.py").exists()


def test_a_link_in_a_download_becomes_no_link(find, tmp_path):
    path = zipped(tmp_path / "download.zip", {**below("s001"), **below("s002")})
    with zipfile.ZipFile(path, "a") as file:
        info = zipfile.ZipInfo("s001/tinytorch/leak.py")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    ((_, _), _) = find(path)
    assert not list((tmp_path / "scratch").rglob("leak.py"))
    assert any("leak.py" in note for note in find.notes)


def test_too_large_a_file_is_refused_by_its_loader(find, tmp_path, assignment, into, monkeypatch):
    monkeypatch.setattr(unpack.archive, "MAX_ARCHIVE_BYTES", 1000)
    files = {"a_1_2_work.zip": b"x" * 100_000, "b_2_3_work.zip": inner(tmp_path)}
    find(zipped(tmp_path / "download.zip", files))
    file = next((tmp_path / "scratch").rglob("a_1_2_work.zip"))
    assert file.stat().st_size == 1001
    with pytest.raises(SubmissionError, match="is larger than"):
        builtin.tinygrade_load_submission(str(file), assignment, into)


def test_a_bomb_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 300_000)
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(10):
            file.writestr(f"s{number}/a.py", b"\0" * 100_000)
    into = tmp_path / "scratch"
    into.mkdir()
    with pytest.raises(SubmissionError, match="unpacks to more than"):
        find_submissions(path, "tinytorch", into)
    assert sum(file.stat().st_size for file in into.rglob("*") if file.is_file()) <= 300_000


def test_a_name_that_is_there_twice_is_told(find, tmp_path):
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("s001/tinytorch/a.py", "x = 1")
        file.writestr("s002/tinytorch/a.py", "x = 1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("s001/tinytorch/a.py", "x = 2")
    assert len(find(path)) == 2
    assert any("twice" in note for note in find.notes)


def test_too_many_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_ENTRIES", 1)
    with pytest.raises(SubmissionError, match="more than 1 entries"):
        find_submissions(zipped(tmp_path / "download.zip", PACKAGE), "tinytorch")


def test_the_scratch_folder_is_removed_at_the_end(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(bulk.atexit, "register", lambda *call, **options: ended.append((call, options)))
    zipped(tmp_path / "download.zip", {**below("s001"), **below("s002")})
    (_, source), _ = find_submissions(tmp_path / "download.zip", "tinytorch")
    ((remove, folder), options) = ended[0]
    assert str(folder) in source
    remove(folder, **options)
    assert not Path(source).exists()
