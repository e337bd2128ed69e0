"""The guides are true: they build without a fault, their commands run, and the code in them is that of the examples."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDES = ("students.md", "instructors.md", "plugins.md")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"# exits with (\d)$")


def blocks(guide: str, *languages: str) -> list[str]:
    text = (ROOT / "docs" / guide).read_text("utf-8")
    # what is generated is held by the build
    text = re.sub(r"<!-- generated: .*?<!-- end -->", "", text, flags=re.DOTALL)
    return [match["text"] for match in BLOCK.finditer(text) if match["language"] in languages]


def build(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "scripts/documents.py", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line of a guide, in a shell that finds this environment's tinygrade."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_documents_build_without_a_fault():
    done = build("--check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" 0 faults\n")


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if blocks(guide, "sh")])
def test_the_commands_of_a_guide_run(guide, tmp_path):
    for name in ("assignments", "reference", "student_template", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for block in blocks(guide, "sh"):
        folder = tmp_path
        for line in block.splitlines():
            if line.startswith("cd "):
                folder /= line.removeprefix("cd ")
                continue
            expected = int(match[1]) if (match := EXIT.search(line)) else 0
            done = run(line, folder)
            assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stdout + done.stderr, line


@pytest.mark.parametrize("guide", ["instructors.md", "plugins.md"])
def test_the_code_of_a_guide_is_that_of_the_examples(guide):
    files = [*(ROOT / "examples").rglob("*.py"), *(ROOT / "examples").rglob("*.toml")]
    sources = [file.read_text("utf-8") for file in files]
    shown = blocks(guide, "python", "toml")
    assert len(shown) > 5
    for block in shown:
        # marks may be left out above a test, and functions between those that matter
        for piece in re.split(r"\n\n\n", block.strip("\n")):
            assert any(piece in source for source in sources), piece


# ---- the build itself ------------------------------------------------------------------------------


@pytest.fixture
def documents(monkeypatch, tmp_path):
    """The build, with one document of its own."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import documents

    def faults(text: str) -> list[str]:
        (tmp_path / "page.md").write_text(text)
        return list(documents.faults(tmp_path / "page.md"))

    return faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](nowhere.md)", "links to nowhere.md, which does not exist"),
        ("# One\n\n[x](#two)", "links to #two, and there is no such heading"),
        ("![x](nowhere.png)", "links to nowhere.png, which does not exist"),
        ("```python\ndef f(:\n```", "line 1: this is no python"),
        ("\n```toml\na = \n```", "line 2: this is no toml"),
        ("```json\n{\n```", "line 1: this is no json"),
        ("```bash\nls\n```", "line 1: a block of 'bash'"),
    ],
)
def test_what_is_wrong_is_told(documents, text, fault):
    (found,) = documents(text)
    assert found.startswith(fault)


def test_what_is_right_is_not_told(documents):
    links = "[a](#one-two-three) [b](#again-1) [c](https://x) [d](page.md#again)"
    assert documents(f"# One `two`: three!\n\n# Again\n\n# Again\n\n{links}") == []
