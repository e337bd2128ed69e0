"""What the hostile tests need: a submission with a payload in one of its functions."""

import re
import shutil

import pytest

MASK = "    return np.arange(t_k) <= query_positions\n"
FORWARD = "        ids = np.asarray(ids)\n"
TRAIN = "    model.train()\n"


@pytest.fixture
def hostile(variant):
    """`hostile(place, payload)`: payload lines at import, in the mask, in the model's forward or in training."""

    def make(place, payload):
        body = payload.strip("\n").splitlines()

        def lines(indent):
            return "".join(f"{' ' * indent}{line}\n" for line in body)

        edits = {
            "import": ("transformer.py", "import numpy as np\n", "import numpy as np\n" + lines(0)),
            "mask": ("transformer.py", MASK, lines(4) + MASK),
            "forward": ("transformer.py", FORWARD, lines(8) + FORWARD),
            "train": ("train.py", TRAIN, lines(4) + TRAIN),
        }
        return variant(edits[place])

    return make


@pytest.fixture(scope="session")
def impatient(repository, tmp_path_factory):
    """Options for `check`: the course with little CPU time for a request, so that what only that ends is ended soon."""
    root = tmp_path_factory.mktemp("impatient")
    ignored = shutil.ignore_patterns("__pycache__", "mutants", "correct")
    shutil.copytree(repository / "assignments", root / "assignments", ignore=ignored)
    for name in ("reference", "student_template"):
        (root / name).symlink_to(repository / name)
    for file in (root / "assignments").glob("*/assignment.toml"):
        text, found = re.subn(r"^((?:import_)?cpu_seconds = )[\d.]+$", r"\g<1>1.5", file.read_text(), flags=re.M)
        file.write_text(text if found else text + "\n[limits]\ncpu_seconds = 1.5\n")
    return ("--course", str(root / "assignments"))
