"""Histograms of one lane of the scores' bits: the rows and the size in each cell, sparse, mergeable by addition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.select.bits import CELLS, lane, raw_bits

Prefix = tuple[int, int]
"""A group and the raw bits above the lane (in the top of 64; 0 at level 0)."""

Counts = dict[Prefix, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]
"""Occupied cells, and the rows and the size in each."""

CELL = np.dtype([("group", "i4"), ("prefix", "u8"), ("cell", "i8"), ("rows", "i8"), ("size", "i8")])


class Histogram:
    """Counts of one level over one batch of rows, for the groups and prefixes that are asked for."""

    def __init__(self, level: int, wanted: Iterable[Prefix] | None = None) -> None:
        """At level 0 every group is counted; below, `wanted` names what to refine."""
        self.level = level
        self._wanted: dict[int, list[int]] = {}
        for group, prefix in wanted or ():
            self._wanted.setdefault(group, []).append(prefix)
        self._counts: Counts = {}
        self._waiting: dict[Prefix, list[tuple[NDArray[np.uint16], NDArray[np.int64] | None]]] = {}

    def add(
        self, scores: NDArray[Any], size: NDArray[np.int64] | None = None, group: NDArray[np.int32] | None = None
    ) -> None:
        """Count the scores (n,) of some rows, each 1 row and `size` units, in `group`."""
        if group is None:
            self._add(0, scores, size)
            return
        for g, rows in by_group(group):
            self._add(g, scores[rows], None if size is None else size[rows])

    def _add(self, group: int, scores: NDArray[Any], size: NDArray[np.int64] | None) -> None:
        if self.level == 0:
            self._count((group, 0), lane(scores, 0), size)
            return
        prefixes = sorted(self._wanted.get(group, ()))
        if not prefixes:
            return
        # Most rows are far from every cut: the top lane alone rules them out.
        flags = np.zeros(CELLS, bool)
        flags[[p >> 48 for p in prefixes]] = True
        near = np.flatnonzero(flags.take(lane(scores, 0)))
        inside = scores.take(near)
        mask = np.uint64((2**64 - 1) ^ ((1 << (64 - 16 * self.level)) - 1))
        above = raw_bits(inside) & mask
        cells = lane(inside, self.level)
        for prefix in prefixes:
            rows = np.flatnonzero(above == np.uint64(prefix))
            self._count((group, prefix), cells[rows], None if size is None else size[near[rows]])

    def _count(self, key: Prefix, cells: NDArray[np.uint16], size: NDArray[np.int64] | None) -> None:
        """Counting takes as long as there are cells: few rows wait for more."""
        if not len(cells):
            return
        waiting = self._waiting.setdefault(key, [])
        waiting.append((cells, size))
        if len(cells) > CELLS or sum(len(c) for c, _ in waiting) > CELLS:
            self._flush(key)

    def _flush(self, key: Prefix) -> None:
        waiting = self._waiting.pop(key)
        cells = np.concatenate([c for c, _ in waiting]) if len(waiting) > 1 else waiting[0][0]
        sizes = [s for _, s in waiting if s is not None]
        rows = np.bincount(cells, minlength=CELLS)
        occupied = np.flatnonzero(rows)
        amounts = _sum_by(cells, np.concatenate(sizes)) if sizes else rows
        _accumulate(self._counts, key, occupied, rows[occupied], amounts[occupied])

    def table(self) -> NDArray[Any]:
        """The occupied cells as records of dtype CELL, in ascending raw order; without sizes, size is rows."""
        for key in list(self._waiting):
            self._flush(key)
        return _records(self._counts)


def merge(tables: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Add up histograms of the same level."""
    total: Counts = {}
    for table in tables:
        for key, part in by_prefix(table):
            _accumulate(total, key, part["cell"], part["rows"], part["size"])
    return _records(total)


def by_prefix(table: NDArray[Any]) -> list[tuple[Prefix, NDArray[Any]]]:
    """The records of each group and prefix of a sorted table."""
    changed = (table["group"][1:] != table["group"][:-1]) | (table["prefix"][1:] != table["prefix"][:-1])
    starts = [0, *(np.flatnonzero(changed) + 1), len(table)] if len(table) else [0]
    parts = [table[a:b] for a, b in pairwise(starts)]
    return [((int(part["group"][0]), int(part["prefix"][0])), part) for part in parts]


def by_group(group: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each group that occurs, with its rows in their order."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    for g, a, b in zip(present.tolist(), starts, [*starts, len(order)][1:], strict=True):
        yield g, order[a:b]


def _accumulate(
    total: Counts, key: Prefix, cells: NDArray[np.int64], rows: NDArray[np.int64], size: NDArray[np.int64]
) -> None:
    if key in total:
        dense = np.zeros((2, CELLS), np.int64)
        for c, r, s in (total[key], (cells, rows, size)):
            dense[0, c] += r
            dense[1, c] += s
        cells = np.flatnonzero(dense[0])
        rows, size = dense[:, cells]
    total[key] = cells, rows, size


def _records(counts: Counts) -> NDArray[Any]:
    parts = [np.empty(0, CELL)]
    for (group, prefix), (cells, rows, size) in sorted(counts.items()):
        part = np.empty(len(cells), CELL)
        part["group"], part["prefix"], part["cell"], part["rows"], part["size"] = group, prefix, cells, rows, size
        parts.append(part)
    return np.concatenate(parts)


def _sum_by(cells: NDArray[np.uint16], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Exact sums of whole numbers: bincount adds in float64, so the halves below and above 2^26 are added apart."""
    low = np.bincount(cells, (size & 0x3FFFFFF).astype(np.float64), CELLS)
    high = np.bincount(cells, (size >> 26).astype(np.float64), CELLS)
    return np.asarray(low.astype(np.int64) + (high.astype(np.int64) << 26))
