"""The page by the commands that people type."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tinygrade.model import Report

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WITHOUT = "import sys; sys.modules['matplotlib'] = None; from tinygrade.cli import main; main()"


def run(folder: Path, *words: str, start: tuple[str, ...] = ("-m", "tinygrade")) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", *start, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_a_stored_report_becomes_the_page(
    tmp_path: Path, render: Callable[..., str], stored: Callable[[str], Report]
) -> None:
    stored_as = str(HERE / "wrong_rules.json")
    done = run(tmp_path, "report", stored_as, "--course", str(ROOT / "assignments"), "--report", "html=out.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == render(stored("wrong_rules"))


def test_without_the_extra_one_line_says_what_to_install_before_anything_is_graded(tmp_path: Path) -> None:
    words = ("check", "assignment0", "--course", str(ROOT / "assignments"), "--submission", str(ROOT / "reference"))
    done = run(tmp_path, *words, "--report", "html=out.html", start=("-c", WITHOUT))
    assert done.returncode == 2
    assert done.stdout == ""
    line = "tinygrade: the report format html needs matplotlib: pip install matplotlib\n"
    assert done.stderr == line
    assert not list(tmp_path.iterdir())
