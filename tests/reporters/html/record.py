"""Makes the stored reports again, by real gradings: `python tests/reporters/html/record.py [NAME...]`.

They are kept because a grading takes seconds, and what is tested here is how its report looks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
REFERENCE, TEMPLATE = "reference", "student_template"

MASK = "np.arange(t_k) <= query_positions"
SIZES = "    t_k = t_q if t_k is None else t_k\n"
PROMPT = "    ids = np.asarray(prompt_ids)\n"
SOFTMAX = "    return y * (g - (g * y).sum(axis=axis, keepdims=True))\n"
NORM = "    return _layer_norm_backward(g, normal, inv_std, weight)\n"

#: Name -> (assignment, submission, edits of it as (file, old, new), further options).
REPORTS: dict[str, tuple[str, str, list[tuple[str, str, str]], list[str]]] = {
    "perfect": ("assignment3", REFERENCE, [], []),
    "wrong_gradient": (
        "assignment3",
        REFERENCE,
        [
            ("transformer.py", "        g_scores *= scale\n", "        print('g_scores', g_scores.shape)\n"),
            ("transformer.py", MASK, f"{MASK} + 1"),
        ],
        ["--quick"],
    ),
    "wrong_rules": (
        "assignment2",
        REFERENCE,
        [
            ("functional.py", SOFTMAX, "    return y * (g - (g * y).sum())\n"),
            (
                "functional.py",
                NORM,
                NORM.replace("return", "found =") + "    found[0][..., -1] = 0\n    return found\n",
            ),
        ],
        ["--quick"],
    ),
    "stubs": ("assignment3", TEMPLATE, [], ["--quick"]),
    "broken": (
        "assignment3",
        REFERENCE,
        [
            ("transformer.py", SIZES, f"{SIZES}    if t_k == 4:\n        np.ones((10**5, 10**5)).sum()\n"),
            ("train.py", PROMPT, f"    import os; print('leaving'); os._exit(3)\n{PROMPT}"),
        ],
        ["--quick"],
    ),
}


def record(name: str) -> None:
    """Grade, and keep the instructor's report."""
    assignment, source, edits, options = REPORTS[name]
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "mine" / "tinytorch"
        shutil.copytree(ROOT / source / "tinytorch", package, ignore=shutil.ignore_patterns("__pycache__"))
        for file, old, new in edits:
            text = (package / file).read_text()
            assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
            (package / file).write_text(text.replace(old, new))
        out = HERE / f"{name}.json"
        command = ["check", assignment, "--submission", "mine", "--seed", "7", *options]
        places = ["--course", str(ROOT / "assignments"), "--instructor", "--report", f"json={out}"]
        subprocess.run([sys.executable, "-P", "-m", "tinygrade", *command, *places], cwd=folder, check=False)
        out.write_text(out.read_text().replace(folder + "/", ""))


if __name__ == "__main__":
    for chosen in sys.argv[1:] or REPORTS:
        record(chosen)
