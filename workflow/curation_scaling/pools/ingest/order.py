"""Put rows in the order of their uids, and into fixed ranges of uids."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.table import Rows, height

BLOCK = 1 << 16  # rows: what they hold, and where it goes, stays in the processor's cache


def part_of(high: NDArray[np.uint64], parts: int) -> NDArray[np.int64]:
    """The range (n,) of each upper half of a uid, of `parts` equal ranges, a power of two."""
    if parts == 1:
        return np.zeros(len(high), np.int64)
    return (high >> np.uint64(65 - parts.bit_length())).astype(np.int64)


def partition(codes: NDArray[np.integer], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order that groups rows by their code, in their own order, and where each group begins and ends."""
    if codes.dtype.itemsize > 2:
        codes = codes.astype(np.uint16)
    order = np.argsort(codes, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))])
    return order, bounds


def spread(batches: Iterable[Rows], codes: NDArray[np.integer], count: int) -> tuple[Rows, NDArray[np.int64]]:
    """Rows grouped by their codes (n,), in their own order, and where each of `count` groups begins and ends.

    The rows come in batches. They are taken block by block: to gather a group from all rows at once would read the
    whole of them once a group.
    """
    codes = codes.astype(np.uint8 if count <= 256 else np.uint16, copy=False)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))])
    reached = bounds[:-1].copy()
    block = max(BLOCK, 64 * count)  # a copy a block and group: worth it where groups have some rows in a block
    out: Rows = {}
    start = 0
    for rows in batches:
        out = out or {name: np.empty(len(codes), column.dtype) for name, column in rows.items()}
        stop = start + height(rows)
        for a in range(start, stop, block):
            part = codes[a : min(a + block, stop)]
            order, ends = partition(part, count)
            runs = [
                (first, last, to)
                for (first, last), to in zip(pairwise(ends.tolist()), reached.tolist(), strict=True)
                if first < last
            ]
            reached += np.diff(ends)
            for name, column in rows.items():
                grouped, target = column[a - start : a - start + len(part)].take(order), out[name]
                for first, last, to in runs:
                    target[to : to + last - first] = grouped[first:last]
        start = stop
    return out, bounds


def uid_order(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The order of uids (n,), stable."""
    order, tied = _order_by_leading_bits(high)
    first = np.flatnonzero(tied)  # of each pair of neighbours that tie
    one, other = order[first], order[first + 1]
    apart = (high[one] != high[other]) | (low[one] != low[other])
    if not apart.any():
        return order  # what ties is one uid, in the order of its rows
    run = np.cumsum(np.diff(first, prepend=first[0] - 1) > 1)
    mixed = first[np.isin(run, run[apart])]
    inside = np.union1d(mixed, mixed + 1)
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
