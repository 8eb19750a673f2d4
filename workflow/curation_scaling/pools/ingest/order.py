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
    """The order of uids (n,), stable."""
    order, tied = _order_by_leading_bits(high)
    if not tied.any():
        return order
    inside = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
    rows = order[inside]  # in the order of their leading bits, then of their number
    order[inside] = rows[np.lexsort((low[rows], high[rows]))]
    return order


def maybe_repeated(high: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The rows, few of them unless they do repeat, among which all those are that share their upper half."""
    order, tied = _order_by_leading_bits(high)
    return order[np.append(tied, False) | np.append(False, tied)] if tied.any() else order[:0]


def _order_by_leading_bits(high: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The order (n,) by the leading bits in which values differ, and whether each ties with the next (n - 1,).

    A plain sort of 64-bit words is several times faster than one that returns the order: so the leading bits are
    sorted with the row's number in the bits below.
    """
    n = len(high)
    if n < 2:
        return np.arange(n), np.zeros(max(n - 1, 0), bool)
    spread = int(np.bitwise_or.reduce(high ^ high[0]))
    number_bits = np.uint64((n - 1).bit_length())
    mask = (np.uint64(1) << number_bits) - np.uint64(1)
    packed = high << np.uint64(min(64 - spread.bit_length(), 63))
    packed &= ~mask
    packed |= np.arange(n, dtype=np.uint64)
    packed.sort()
    order = (packed & mask).view(np.int64)
    packed >>= number_bits
    return order, packed[1:] == packed[:-1]
