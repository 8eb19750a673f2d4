"""Put rows in the order of their uids, and into fixed ranges of uids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def part_of(high: NDArray[np.uint64], parts: int) -> NDArray[np.int64]:
    """The range (n,) of each upper half of a uid, of `parts` equal ranges, a power of two."""
    if parts == 1:
        return np.zeros(len(high), np.int64)
    return (high >> np.uint64(65 - parts.bit_length())).astype(np.int64)


def partition(codes: NDArray[np.integer], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order that groups rows by their code, in their own order, and where each group begins and ends."""
    order = np.argsort(codes.astype(np.uint16, copy=False), kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))])
    return order, bounds


def uid_order(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The order of uids (n,), stable.

    A plain sort of 64-bit words is several times faster than one that returns the order: so the leading bits in which
    the upper halves differ are sorted with the row's number in the bits below, and the few rows that tie in them are
    sorted again in full.
    """
    n = len(high)
    if n < 2:
        return np.arange(n)
    spread = int(np.bitwise_or.reduce(high ^ high[0]))
    number_bits = (n - 1).bit_length()
    left = 64 - spread.bit_length()
    mask = np.uint64((1 << number_bits) - 1)
    packed = (high << np.uint64(min(left, 63))) & ~mask
    packed |= np.arange(n, dtype=np.uint64)
    packed.sort()
    order = (packed & mask).astype(np.int64)
    packed >>= np.uint64(number_bits)
    tied = packed[1:] == packed[:-1]
    if not tied.any():
        return order
    inside = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
    run = np.cumsum(np.append(True, ~tied))[inside]
    rows = order[inside]
    order[inside] = rows[np.lexsort((rows, low[rows], high[rows], run))]
    return order
