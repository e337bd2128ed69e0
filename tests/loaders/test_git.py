"""Repositories: a branch, a tag, a commit, a deadline; and repositories, addresses and environments that mean harm."""

import os
import subprocess

import pytest

from tinygrade.errors import SubmissionError, UsageError
from tinygrade.loaders import builtin, fetching, git, rules

WHO = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Remote:
    """A student's repository, written by git as students do."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self("init", "--quiet", "--initial-branch=main", "--template=")
        self.commit({"tinytorch/__init__.py": "", "tinytorch/tensor.py": "x = 1\n"}, "2026-11-01T12:00:00Z")

    def __call__(self, *words, when="2026-11-01T12:00:00Z"):
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        outside = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *words], cwd=self.path, env={**outside, **WHO, **dates}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files, when="2026-11-02T12:00:00Z"):
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "-m", "x", when=when)
        return self("rev-parse", "HEAD")

    @property
    def address(self):
        return f"git+file://{self.path}"


@pytest.fixture
def remote(tmp_path):
    return Remote(tmp_path / "remote")


@pytest.fixture
def load(assignment, into):
    return lambda source: builtin.tinygrade_load_submission(source, assignment, into)


def tensor(submission):
    return (submission.root / "tinytorch/tensor.py").read_text()


# ---- what is taken ---------------------------------------------------------------------------------


def test_the_newest_commit(remote, load):
    commit = remote.commit({"tinytorch/tensor.py": "x = 2\n", "tests/test_x.py": "", "tinytorch/notes.md": ""})
    loaded = load(remote.address)
    assert loaded.files == ("tinytorch/__init__.py", "tinytorch/tensor.py")
    assert tensor(loaded) == "x = 2\n"
    assert loaded.source == f"file://{remote.path} at {commit[:12]}"


def test_the_same_files_have_the_hash_that_a_folder_has(remote, load, assignment, tmp_path):
    (tmp_path / "other").mkdir()
    folder = builtin.tinygrade_load_submission(str(remote.path), assignment, tmp_path / "other")
    assert load(remote.address).sha256 == folder.sha256


@pytest.mark.parametrize("kind", ["branch", "tag", "commit"])
def test_a_branch_a_tag_a_commit(remote, load, kind):
    first = remote("rev-parse", "HEAD")
    remote("branch", "work/one")
    remote("tag", "v1.0")
    remote.commit({"tinytorch/tensor.py": "x = 2\n"})
    ref = {"branch": "work/one", "tag": "v1.0", "commit": first}[kind]
    assert tensor(load(f"{remote.address}@{ref}")) == "x = 1\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [("2026-11-02T23:00Z", "x = 2\n"), ("2026-11-02T13:30%2B02:00", "x = 1\n"), ("2026-12-01T00:00+01:00", "x = 3\n")],
)
def test_a_deadline(remote, load, before, expected):
    remote.commit({"tinytorch/tensor.py": "x = 2\n"}, "2026-11-02T12:00:00Z")
    remote.commit({"tinytorch/tensor.py": "x = 3\n"}, "2026-11-03T12:00:00Z")
    assert tensor(load(f"{remote.address}@main?before={before}")) == expected


def test_a_bare_repository_and_one_whose_top_is_the_package(remote, load, tmp_path):
    remote("mv", "tinytorch/__init__.py", "tinytorch/tensor.py", ".")
    remote.commit({})
    remote("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert tensor(load(f"file://{tmp_path}/bare.git")) == "x = 1\n"


# ---- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "mine"),
    [
        ("git+https://host/x.git", True),
        ("https://host/x.git@main", True),
        ("ssh://git@host/x.git", True),
        ("file:///srv/x", True),
        ("git+ext::sh -c true", True),
        ("https://host/x.zip", False),
        ("course://assignment1", False),
        ("/srv/x.git", False),
        ("x", False),
    ],
)
def test_which_addresses_are_repositories(source, mine):
    assert git.is_address(source) is mine


def test_the_parts_of_an_address():
    found = git.parse("git+https://me:secret@host:8443/a/b.git@topic/x?before=2026-11-20T23:59Z")
    assert found.url == "https://me:secret@host:8443/a/b.git"
    assert (found.ref, str(found.before)) == ("topic/x", "2026-11-20 23:59:00+00:00")
    assert "secret" not in found.shown
    assert found.shown.startswith("https://host:8443/a/b.git@topic/x")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("git+ext::sh -c touch% /tmp/x", "is fetched only from"),
        ("git+http://host/x.git", "is fetched only from"),
        ("git+ssh://-oProxyCommand=touch/x.git", "names no repository"),
        ("git+https:///x.git", "names no repository"),
        ("git+https://host", "names no repository"),
        ("git+https://host/x.git@--upload-pack=touch", "no name of a branch"),
        ("git+https://host/x.git@a..b", "no name of a branch"),
        ("git+https://host/x.git@a b", "no name of a branch"),
        ("git+https://host/x.git?before=yesterday", r"only \?before="),
        ("git+https://host/x.git?before=2026-11-20T23:59", "with a zone"),
        ("git+https://host/x.git?depth=3", r"only \?before="),
        ("git+https://[x/y.git", "is no address"),
    ],
)
def test_addresses_that_are_refused(load, source, problem):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "problem"),
    [
        ("_not_there", "does not exist"),
        ("@nowhere", "has no such branch, tag or commit"),
        ("@" + "0" * 39 + "1", "has no such commit"),
        ("?before=2020-01-01T00:00Z", "has no commit before 2020-01-01"),
    ],
)
def test_what_is_not_there(remote, load, suffix, problem, into):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(remote.address + suffix)
    assert "\n" not in str(caught.value)
    assert not list(into.iterdir())


def test_a_repository_without_the_package(remote, load):
    remote("mv", "tinytorch/tensor.py", "tensor.py")
    remote.commit({})
    remote("rm", "--quiet", "-r", "tinytorch")
    remote.commit({})
    with pytest.raises(SubmissionError, match="holds no folder tinytorch/"):
        load(remote.address)


def test_no_git_here(remote, load, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="git is not installed here"):
        load(remote.address)


# ---- repositories that mean harm -------------------------------------------------------------------


def test_a_link_in_the_package(remote, load):
    (remote.path / "tinytorch/secret.py").symlink_to("/etc/passwd")
    remote.commit({})
    with pytest.raises(SubmissionError, match="tinytorch/secret.py is a symbolic link"):
        load(remote.address)


def test_a_repository_in_the_package(remote, load):
    remote("update-index", "--add", "--cacheinfo", f"160000,{remote('rev-parse', 'HEAD')},tinytorch/inner")
    remote("commit", "--quiet", "-m", "x")
    with pytest.raises(SubmissionError, match="tinytorch/inner is no plain file"):
        load(remote.address)


def test_too_large_a_file(remote, load):
    remote.commit({"tinytorch/weights.py": "x" * (rules.MAX_FILE_BYTES + 1)})
    with pytest.raises(SubmissionError, match="tinytorch/weights.py is larger than 256 KiB"):
        load(remote.address)


def test_attributes_filters_submodules_and_pointers_do_nothing(remote, load, tmp_path):
    canary = tmp_path / "canary"
    attributes = "*.py filter=evil ident eol=crlf\n"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {canary}\n'
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    remote.commit({".gitattributes": attributes, ".gitmodules": modules, "tinytorch/big.py": pointer})
    remote("config", "filter.evil.smudge", f"touch {canary}")
    loaded = load(remote.address)
    assert tensor(loaded) == "x = 1\n"
    assert (loaded.root / "tinytorch/big.py").read_text() == pointer
    assert not canary.exists()


def test_hooks_and_configuration_of_the_other_side_do_nothing(remote, load, tmp_path):
    canary = tmp_path / "canary"
    hooks = remote.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    names = ("post-checkout", "pre-receive", "post-update", "reference-transaction", "fsmonitor-watchman")
    for hook in names:
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / hook).chmod(0o755)
    for key in ("uploadpack.packObjectsHook", "core.fsmonitor", "core.sshCommand", "core.alternateRefsCommand"):
        remote("config", key, f"touch {canary}; false")
    assert tensor(load(remote.address)) == "x = 1\n"
    assert not canary.exists()


def test_missing_objects_are_fetched_from_nowhere(remote, load, tmp_path):
    canary = tmp_path / "canary"
    blob = remote("rev-parse", "HEAD:tinytorch/tensor.py")
    (remote.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "evil",
        "remote.evil.url": f"ext::touch {canary}",
        "remote.evil.uploadpack": f"touch {canary}",
        "remote.evil.promisor": "true",
    }
    for key, value in settings.items():
        remote("config", key, value)
    with pytest.raises(SubmissionError, match="cannot be fetched"):
        load(remote.address)
    assert not canary.exists()


def test_the_environment_configures_nothing(remote, load, tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    (tmp_path / "config").write_text(f"[core]\n\tfsmonitor = touch {canary}\n\thooksPath = {tmp_path}\n[url 'x']\n")
    (tmp_path / "reference-transaction").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (tmp_path / "reference-transaction").chmod(0o755)
    poisoned = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "config"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(tmp_path),
        "GIT_DIR": str(tmp_path),
        "GIT_EXEC_PATH": str(tmp_path),
    }
    for key, value in poisoned.items():
        monkeypatch.setenv(key, value)
    assert tensor(load(remote.address)) == "x = 1\n"
    assert not canary.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_another_user_is_refused(remote, load):
    for path in (remote.path, *remote.path.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    with pytest.raises(SubmissionError, match="belongs to another user"):
        load(remote.address)


def test_what_is_too_large_to_arrive(remote, load, monkeypatch):
    (remote.path / "data.bin").write_bytes(os.urandom(400_000))
    remote.commit({})
    monkeypatch.setattr(fetching, "_LIMITS", fetching._LIMITS.replace(str(fetching.MAX_FILE_BYTES), "200_000"))
    with pytest.raises(SubmissionError, match="is larger than 128 MiB"):
        load(remote.address)


def test_too_many_files(remote, load, monkeypatch):
    monkeypatch.setattr(rules, "MAX_ENTRIES", 1)
    with pytest.raises(SubmissionError, match="more than 1 entries"):
        load(remote.address)


def test_what_takes_too_long_is_ended(remote, load, tmp_path, monkeypatch, left_behind):
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nsleep 600 & wait\n")
    slow.chmod(0o755)
    monkeypatch.setattr(fetching.shutil, "which", lambda name: str(slow))
    monkeypatch.setattr(fetching, "MAX_SECONDS", 0.3)
    with pytest.raises(SubmissionError, match=r"takes longer than 0\.3 s"):
        load(remote.address)
    assert left_behind() == []


def test_what_git_says_is_cleaned(tmp_path):
    (tmp_path / "err").write_text("fatal: remote said \x1b[2J::error::gone\n")
    assert fetching._reason(tmp_path / "err", 128) == "cannot be fetched: remote said ::error::gone"
