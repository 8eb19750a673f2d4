"""The bucket of each row, from the cuts: a comparison that needs nothing but the row, and its place among its ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.select.bits import CELLS, Keep, best_first, lane, order_cells, ordered
from curation_scaling.pools.select.cuts import Cut
from curation_scaling.pools.select.ends import Group
from curation_scaling.pools.select.histogram import by_group

UNSETTLED = np.uint16(2**16 - 1)  # of a cell that a cut divides; no study has so many buckets


class Assigner:
    """Gives the rows of one batch their bucket, 0 being the best; rows must come in the order of their uids."""

    def __init__(
        self,
        cuts: Mapping[Group, Sequence[Cut]],
        ties_before: Mapping[tuple[Group, int], int],
        *,
        kind: str,
        keep: Keep,
    ) -> None:
        """`ties_before`: how much of the rows that tie with a cut (group, raw bits) lies in the batches before."""
        self._groups = {g: _Group(group, g, ties_before, kind, keep) for g, group in cuts.items()}

    def assign(
        self, scores: NDArray[Any], size: NDArray[np.int64] | None = None, group: NDArray[np.int32] | None = None
    ) -> NDArray[np.uint16]:
        """The buckets (n,) of the next rows; `size` where the ends are sizes."""
        if group is None:
            return self._groups[0].assign(scores, size)
        buckets = np.empty(len(scores), np.uint16)
        for g, rows in by_group(group):
            buckets[rows] = self._groups[g].assign(scores[rows], None if size is None else size[rows])
        return buckets


class _Group:
    """The cuts of one group. The top lane settles most rows; those in a cell with a cut are compared in full."""

    def __init__(
        self, cuts: Sequence[Cut], group: Group, ties_before: Mapping[tuple[Group, int], int], kind: str, keep: Keep
    ) -> None:
        self._keep = keep
        raw = np.array([cut.raw for cut in cuts], np.uint64)
        self._cuts = ordered(raw, kind, keep)
        cells = np.arange(CELLS)
        places = order_cells(cells, 0, 0, kind, keep)
        cut_places = places[(raw >> np.uint64(48)).astype(np.int64)]
        self._settled = np.searchsorted(cut_places, places).astype(np.uint16)
        self._settled[np.isin(places, cut_places)] = UNSETTLED
        self._takes: dict[int, NDArray[np.int64]] = {}  # by ordered key: the takes of the cuts that share it
        self._seen: dict[int, int] = {}
        for cut, key in zip(cuts, self._cuts.tolist(), strict=True):
            self._takes[key] = np.append(self._takes.get(key, np.empty(0, np.int64)), cut.take)
            self._seen[key] = ties_before.get((group, cut.raw), 0)

    def assign(self, scores: NDArray[Any], size: NDArray[np.int64] | None) -> NDArray[np.uint16]:
        buckets = self._settled.take(lane(scores, 0))
        rows = np.flatnonzero(buckets == UNSETTLED)
        keys = best_first(scores.take(rows), self._keep)
        buckets[rows] = np.searchsorted(self._cuts, keys)
        for key, takes in self._takes.items():
            tied = rows[keys == np.uint64(key)]
            if len(tied):
                amounts = np.ones(len(tied), np.int64) if size is None else size[tied]
                before = self._seen[key] + np.cumsum(amounts) - amounts
                buckets[tied] += np.searchsorted(takes, before, side="right").astype(np.uint16)
                self._seen[key] += int(amounts.sum())
        return buckets
