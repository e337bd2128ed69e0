"""Folders of students: what is needed is copied, what is not is skipped, what is suspicious is refused."""

import os
import re
import socket
import stat

import pytest

from tinygrade.errors import SubmissionError
from tinygrade.loaders import builtin, directory, rules


@pytest.fixture
def work(tmp_path):
    """A student's folder with a small package."""
    folder = tmp_path / "work"
    (folder / "tinytorch").mkdir(parents=True)
    (folder / "tinytorch/__init__.py").write_text("")
    (folder / "tinytorch/tensor.py").write_text("x = 1\n")
    return folder


@pytest.fixture
def load(assignment, into):
    return lambda source: directory.load(str(source), assignment, into)


def refused(load, source, problem):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- what is copied --------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [".", "tinytorch"])
def test_the_folder_around_the_package_or_the_package_itself(load, work, named):
    submission = load(work / named)
    assert submission.files == ("tinytorch/__init__.py", "tinytorch/tensor.py")
    assert (submission.root / "tinytorch/tensor.py").read_text() == "x = 1\n"
    assert submission.source == str(work / named)


def test_a_renamed_package_folder_is_recognised_by_its_files(load, work):
    (work / "tinytorch").rename(work / "my-work")
    assert load(work / "my-work").files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


def test_a_relative_path_is_read_from_here(load, work, monkeypatch):
    monkeypatch.chdir(work / "tinytorch")
    assert load(".").files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


def test_what_a_package_does_not_need_is_left_behind(load, work):
    package = work / "tinytorch"
    for name in ("conftest.py", "numpy.py", "sitecustomize.pth"):
        (work / name).write_text("raise SystemExit")
    for name in ("notes.md", "weights.npz", "tensor (1).py", "my-notes.py", ".hidden.py", "x.so", "a.pyc"):
        (package / name).write_bytes(b"\0" * 300_000)
    for name in ("__pycache__", ".git", "bad-name", ".ipynb_checkpoints"):
        (package / name).mkdir()
        (package / name / "inner.py").write_text("")
    os.symlink("nowhere", package / ".#tensor.py")  # an editor's lock
    assert load(work).files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


def test_sub_packages_are_copied_down_to_the_third_level(load, work):
    deep = work / "tinytorch/a/b"
    deep.mkdir(parents=True)
    (deep / "c.py").write_text("")
    assert "tinytorch/a/b/c.py" in load(work).files


def test_the_copy_is_readable_for_another_user_whatever_the_umask(load, work):
    before = os.umask(0o077)
    try:
        copy = load(work).root / "tinytorch"
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o755
    assert stat.S_IMODE((copy / "tensor.py").stat().st_mode) == 0o644


def test_the_hash_is_over_names_and_contents(assignment, work, tmp_path):
    def digest(number):
        into = tmp_path / f"into{number}"
        into.mkdir()
        return directory.load(str(work), assignment, into).sha256

    first = digest(1)
    assert digest(2) == first
    (work / "tinytorch/tensor.py").write_text("x = 2\n")
    second = digest(3)
    (work / "tinytorch/tensor.py").rename(work / "tinytorch/other.py")
    assert len({first, second, digest(4)}) == 3


def test_bytes_are_copied_as_they_are(load, work):
    (work / "tinytorch/tensor.py").write_bytes(b"\xff\xfe\r\n\0")
    assert (load(work).root / "tinytorch/tensor.py").read_bytes() == b"\xff\xfe\r\n\0"


# ---- what is refused -------------------------------------------------------------------------------


def test_a_missing_folder_is_answered_with_its_sibling(load, work):
    refused(load, work.parent / "wrok", r"wrok: does not exist; did you mean 'work'\?")
    refused(load, work / "tinytorch/tensor.py/x", "does not exist")
    refused(load, "/no/such/place/at/all", "does not exist")


@pytest.mark.parametrize("source", ["", "  ", "a\0b"])
def test_no_name_at_all(load, source):
    refused(load, source, "no submission is named")


def test_a_name_that_is_too_long(load):
    refused(load, "x" * 5000, "cannot be read: File name too long")


def test_a_file_in_place_of_a_folder(load, work):
    refused(load, work / "tinytorch/tensor.py", "is not a folder; name the folder that holds tinytorch/")


def test_an_empty_folder(load, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(load, tmp_path / "empty", "is empty; it should hold the folder tinytorch/")


def test_a_folder_without_the_package(load, work):
    (work / "tinytorch").rename(work / "TinyTorch")
    refused(load, work, r"holds no folder tinytorch/; did you mean 'TinyTorch'\?")


def test_an_unpacked_download_one_level_down(load, work):
    refused(load, work.parent, f"did you mean '{re.escape(str(work))}'")


def test_a_package_without_python(load, tmp_path):
    (tmp_path / "work/tinytorch").mkdir(parents=True)
    (tmp_path / "work/tinytorch/notes.md").write_text("later")
    refused(load, tmp_path / "work", r"holds no \.py file")


def test_a_file_of_the_packages_name(load, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work/tinytorch").write_text("")
    refused(load, tmp_path / "work", "tinytorch is a file; it must be a folder")


@pytest.mark.parametrize("target", ["/etc/passwd", "tensor.py", "loop.py", "nowhere"])
def test_links_are_not_followed(load, work, target):
    os.symlink(target, work / "tinytorch/loop.py")
    refused(load, work, r"^tinytorch/loop\.py is a symbolic link; only plain files are accepted")


def test_a_linked_folder_is_not_followed(load, work, tmp_path):
    os.symlink("..", work / "tinytorch/again")
    refused(load, work, "tinytorch/again is a symbolic link")


def test_a_linked_package_is_not_followed(load, work):
    (work / "tinytorch").rename(work / "real")
    os.symlink("real", work / "tinytorch")
    refused(load, work, "tinytorch is a symbolic link; it must be a folder of its own")


def test_a_loop_of_links_named_as_submission(load, tmp_path):
    os.symlink("loop", tmp_path / "loop")
    refused(load, tmp_path / "loop", "cannot be read: Too many levels of symbolic links")


def test_pipes_and_sockets_do_not_block(load, work, monkeypatch):
    os.mkfifo(work / "tinytorch/ops.py")
    refused(load, work, r"tinytorch/ops\.py is a pipe")
    os.unlink(work / "tinytorch/ops.py")
    monkeypatch.chdir(work / "tinytorch")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("ops.py")
        refused(load, work, r"tinytorch/ops\.py is a socket")


def test_a_file_swapped_for_a_pipe_after_it_was_listed(work):
    os.mkfifo(work / "tinytorch/ops.py")
    with (
        directory._open_folder(work / "tinytorch") as folder,
        pytest.raises(SubmissionError, match="is a pipe"),
    ):
        directory._content(folder, "tinytorch/ops.py", "ops.py")


def test_a_file_swapped_for_a_link_after_it_was_listed(work):
    os.symlink("/etc/passwd", work / "tinytorch/ops.py")
    with (
        directory._open_folder(work / "tinytorch") as folder,
        pytest.raises(SubmissionError, match="cannot be read"),
    ):
        directory._content(folder, "tinytorch/ops.py", "ops.py")


def test_a_folder_swapped_for_a_link_after_it_was_listed(work):
    os.symlink("/etc", work / "tinytorch/sub")
    with (
        directory._open_folder(work / "tinytorch") as parent,
        pytest.raises(OSError, match="sub"),
        directory._open_folder(work / "tinytorch/sub", parent),
    ):
        pass


def test_a_file_that_is_too_large(load, work):
    (work / "tinytorch/tensor.py").write_bytes(b"#" * (256 * 1024))
    load_size = (work / "tinytorch/tensor.py").stat().st_size
    assert load_size == rules.MAX_FILE_BYTES
    (work / "tinytorch/tensor.py").write_bytes(b"#" * (256 * 1024 + 1))
    refused(load, work, r"tensor\.py is larger than 256 KiB")


def test_too_many_files(load, work):
    for number in range(300):
        (work / f"tinytorch/m{number}.py").write_text("")
    refused(load, work, r"more than 200 \.py files")


def test_too_much_together(load, work):
    for number in range(17):
        (work / f"tinytorch/m{number}.py").write_bytes(b"#" * 250_000)
    refused(load, work, "larger than 4 MiB together")


def test_a_folder_with_too_many_entries(load, work, monkeypatch):
    monkeypatch.setattr(rules, "MAX_ENTRIES", 50)
    for number in range(60):
        (work / f"tinytorch/{number}.txt").write_text("")
    refused(load, work, "more than 50 entries")


def test_many_small_folders_are_counted_together(load, work, monkeypatch):
    monkeypatch.setattr(rules, "MAX_ENTRIES", 50)
    for number in range(10):
        (work / f"tinytorch/f{number}").mkdir()
        for inner in range(10):
            (work / f"tinytorch/f{number}/{inner}.txt").write_text("")
    refused(load, work, "tinytorch/: holds more than 50 entries")


def test_a_package_swapped_for_a_link_after_it_was_found(load, work, monkeypatch):
    found = directory._package_folder

    def swapped(source, assignment):
        result = found(source, assignment)
        (work / "tinytorch").rename(work / "real")
        os.symlink("/etc", work / "tinytorch")
        return result

    monkeypatch.setattr(directory, "_package_folder", swapped)
    refused(load, work, "cannot be read")


def test_python_below_the_third_level(load, work):
    deep = work / "tinytorch/a/b/c"
    deep.mkdir(parents=True)
    (deep / "d.py").write_text("")
    refused(load, work, r"a/b/c/d\.py lies more than 3 levels deep")


def test_a_very_deep_tree_ends(load, work):
    deep = work / "tinytorch"
    for _ in range(200):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert load(work).files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


@pytest.mark.parametrize(("one", "two"), [("ops.py", "Ops.py"), ("sub/a.py", "Sub/a.py"), ("fi.py", "ﬁ.py")])
def test_names_that_fall_together_elsewhere(load, work, one, two):
    for name in (one, two):
        (work / "tinytorch" / name).parent.mkdir(exist_ok=True)
        (work / "tinytorch" / name).write_text("")
    if len({os.stat(work / "tinytorch" / n).st_ino for n in (one, two)}) == 1:
        pytest.skip("this file system folds case itself")
    refused(load, work, "differ only in upper and lower case; rename one")


def test_an_unreadable_file(load, work, monkeypatch):
    real = directory._Folder.open

    def sometimes_denied(folder, name, flags):
        if name == "tensor.py":
            raise PermissionError(13, "Permission denied")
        return real(folder, name, flags)

    # simulated, because permissions do not stop root, under whom the tests may run
    monkeypatch.setattr(directory._Folder, "open", sometimes_denied)
    refused(load, work, r"tensor\.py cannot be read: Permission denied; check its permissions")


def test_a_name_with_control_characters_reaches_no_terminal(load, work):
    os.symlink("x", work / "tinytorch/\x1b[31mred\n.py")
    assert "\x1b" not in refused(load, work, "is a symbolic link")


def test_a_name_that_is_no_text_is_skipped(load, work):
    (work / "tinytorch" / os.fsdecode(b"\xff\xfe.py")).write_text("")
    assert load(work).files == ("tinytorch/__init__.py", "tinytorch/tensor.py")


# ---- the plugin ------------------------------------------------------------------------------------


def test_addresses_are_left_to_other_loaders(assignment, tmp_path):
    assert builtin.tinygrade_load_submission("https://example.org/x.rar", assignment, tmp_path) is None


def test_the_hook_loads_a_folder(assignment, work, tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    submission = builtin.tinygrade_load_submission(str(work), assignment, into)
    assert submission is not None
    assert submission.root == into
