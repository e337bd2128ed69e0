"""Where every random input comes from: a keyed hash of the run's secret, by submission, check and purpose.

A worker sees numbers that were drawn for one purpose; it cannot compute another one's from them.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np


def secret_from_seed(seed: int) -> bytes:
    """The secret of public checks: whoever knows the seed can repeat the run."""
    return hashlib.blake2b(f"tinygrade public {seed}".encode()).digest()


def draw(secret: bytes, submission: str, check: str, purpose: str) -> int:
    """A number of 63 bits for this check and purpose."""
    message = "\0".join((submission, check, purpose)).encode()
    return int.from_bytes(hmac.digest(secret, message, "sha256")[:8], "big") >> 1


def generator(secret: bytes, submission: str, check: str, purpose: str) -> np.random.Generator:
    """A numpy generator that was seeded by `draw`."""
    return np.random.default_rng(draw(secret, submission, check, purpose))
