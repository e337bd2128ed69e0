"""What the hostile tests need: a submission with a payload in one of its functions."""

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
