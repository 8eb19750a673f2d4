"""Seeds that derive from what a random choice is for, never from its position or the clock."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def derive_seed(seed: int, *identity: str | int) -> int:
    """A 63-bit seed for one purpose, from the study's seed and the identity of the thing that needs it."""
    text = "\0".join([str(seed), *map(str, identity)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def mix64(uid_hi: NDArray[np.uint64], uid_lo: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A pseudo-random u64 per sample from its uid and the seed alone (the finaliser of splitmix64, twice)."""
    with np.errstate(over="ignore"):
        return _finalise(_finalise(uid_lo + np.uint64(seed)) ^ uid_hi)


def _finalise(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
