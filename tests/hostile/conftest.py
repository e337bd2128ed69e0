"""What the hostile tests need: who is running, and a submission with a payload in one of its functions."""

import subprocess

import pytest

MASK = "    return np.arange(t_k) <= query_positions\n"
TRAIN = "    model.train()\n    for step"


@pytest.fixture
def processes():
    """Lists what runs of the grader; a test compares before and after."""

    def listed():
        out = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        return {line for line in out.splitlines() if "tinygrade/worker" in line or "tinygrade.session" in line}

    return listed


@pytest.fixture
def hostile(variant):
    """`hostile(place, payload)`: payload lines at import, in a small function, in the model's forward or in training."""

    def make(place, payload):
        body = payload.strip("\n").splitlines()

        def lines(indent):
            return "".join(f"{' ' * indent}{line}\n" for line in body)

        edits = {
            "import": ("transformer.py", "import numpy as np\n", "import numpy as np\n" + lines(0)),
            "mask": ("transformer.py", MASK, lines(4) + MASK),
            "forward": ("transformer.py", "        ids = np.asarray(ids)\n", lines(8) + "        ids = np.asarray(ids)\n"),
            "train": ("train.py", "    model.train()\n", lines(4) + "    model.train()\n"),
        }
        return variant(edits[place])

    return make
