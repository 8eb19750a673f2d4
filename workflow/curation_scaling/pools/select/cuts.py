"""Find the exact score at which each bucket ends, from histograms that are refined lane by lane.

Radix selection: level 0 counts all rows by the top 16 bits of their score; each further level counts only the rows
that share the bits found so far for some end. After the last lane the score of every end is exact, and so is how much
of the rows that tie with it still belongs before the end; ties are broken by uid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.select.bits import LANE, Keep, order_cells, positive_zero, raw_bits
from curation_scaling.pools.select.ends import Ends, Group
from curation_scaling.pools.select.histogram import Prefix, by_prefix

EVERY = 2**62  # a `take` that no tie reaches


@dataclass(frozen=True)
class Cut:
    """One end within one group.

    Attributes:
        raw: the raw bits (in the top of 64) of the last score before the end.
        take: how much of the rows with that score, in order of uid, lies before the end (rows, or size).
        before: how much lies before the first row with that score.
        ties: how much the rows with that score are in all.
    """

    raw: int
    take: int
    before: int = 0
    ties: int = 0


def find_cuts(
    levels: Sequence[NDArray[Any]], ends: Ends, *, kind: str, keep: Keep, by: Literal["rows", "size"]
) -> dict[Group, list[Cut]]:
    """Follow the ends of every group through merged histograms of level 0, 1, ...

    With all levels the cuts are exact scores; with fewer, `raw` is a prefix to refine and `take` what is left in it.
    """
    found = {g: [Cut(0, end) for end in group] for g, group in ends.items()}
    for level, table in enumerate(levels):
        cells = dict(by_prefix(table))
        found = {
            g: [_descend(cells[g, cut.raw], cut, level, kind, keep, by) for cut in cuts] for g, cuts in found.items()
        }
    return found


def wanted(cuts: dict[Group, list[Cut]]) -> set[Prefix]:
    """The prefixes that the next level refines."""
    return {(g, cut.raw) for g, group in cuts.items() for cut in group}


def _descend(cells: NDArray[Any], cut: Cut, level: int, kind: str, keep: Keep, by: str) -> Cut:
    """The cell, in best-first order, in which the end lies; an end of nothing lies in the first."""
    order = np.argsort(order_cells(cells["cell"], cut.raw, level, kind, keep))
    amounts = cells[by][order]
    reach = np.cumsum(amounts)
    at = int(np.searchsorted(reach, max(cut.take, 1)))
    before = int(reach[at] - amounts[at])
    raw = cut.raw | int(cells["cell"][order[at]]) << (64 - LANE * (level + 1))
    return Cut(raw, cut.take - before, cut.before + before, int(amounts[at]))


def ties_in(table: NDArray[Any], level: int, by: Literal["rows", "size"]) -> dict[tuple[Group, int], int]:
    """How much each cell of a level's histogram amounts to: (group, raw bits down to that lane) -> rows or size."""
    raw = table["prefix"] | table["cell"].astype(np.uint64) << np.uint64(64 - LANE * (level + 1))
    keys = zip(table["group"].tolist(), raw.tolist(), strict=True)
    return dict(zip(keys, table[by].tolist(), strict=True))


def edge_cuts(edges: Sequence[float], dtype: np.dtype[Any], keep: Keep) -> list[Cut]:
    """Cuts at given scores, best first; a row on an edge goes to the side of the higher scores."""
    with np.errstate(over="ignore"):  # an edge beyond float32 is an infinity
        scores = positive_zero(np.asarray(edges, np.float64).astype(dtype))
    if keep == "high":
        return [Cut(int(raw), EVERY) for raw in raw_bits(scores)[::-1]]
    return [Cut(int(raw), 0) for raw in raw_bits(scores)]
