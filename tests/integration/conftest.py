"""Most of these tests grade whole submissions: gradings are forked. `cli` and `hostile` run the command itself."""

import pytest


@pytest.fixture
def check(forked_check):
    return forked_check
