"""Most of these tests grade whole submissions: gradings are forked, and share a sandbox.

`cli` and `hostile` run the command itself.
"""

import pytest


@pytest.fixture
def check(shared_check):
    return shared_check
