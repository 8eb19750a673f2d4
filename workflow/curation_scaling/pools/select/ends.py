"""Where buckets end: how many rows, or how much size, lie before the end of each bucket, best first.

A row belongs to the first bucket whose end lies beyond what is before the row. Equal shares end at ceil(k N / B), so
that coarser grids nest in finer ones.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from curation_scaling.errors import InputError

Group = int
Ends = dict[Group, list[int]]


def equal_shares(total: int, buckets: int) -> list[int]:
    """The inner ends of equal shares: ceil(k total / buckets) for k = 1 .. buckets - 1."""
    return [-(-k * total // buckets) for k in range(1, buckets)]


def top_ends(total: int, top: Sequence[float], key: str) -> list[int]:
    """The ends of nested top pools: each a share below 1, or an amount.

    Raises:
        InputError: if an amount exceeds the total, or two ends fall together.
    """
    ends = [ceil(Fraction(str(t)) * total) if t < 1 else int(t) for t in top]
    for i, end in enumerate(ends):
        if end > total:
            raise InputError(f"key {key}[{i}]: {end} are asked for, there are {total}; lower it")
        if i and end <= ends[i - 1]:
            raise InputError(f"key {key}[{i}]: adds nothing to the {ends[i - 1]} before it; spread them")
    return ends


def apportion(rows: dict[Group, int], end: int) -> dict[Group, int]:
    """How many of each group are among the first `end` of all, ordered by quantile within the group, then by group.

    The quantile of the r-th best of n is (r - 1/2) / n. Row counts of all groups sum to `end` exactly.
    """
    total = sum(rows.values())
    taken = {g: min(n, max(0, -(-(2 * end * n - total) // (2 * total)))) for g, n in rows.items() if n}
    surplus = sum(taken.values()) - end

    def quantile(group: Group, rank: int) -> tuple[Fraction, Group]:
        return Fraction(2 * rank - 1, 2 * rows[group]), group

    if surplus < 0:
        ahead = [quantile(g, t + 1) for g, t in taken.items() if t < rows[g]]
        heapq.heapify(ahead)
        for _ in range(-surplus):
            _, g = heapq.heappop(ahead)
            taken[g] += 1
            if taken[g] < rows[g]:
                heapq.heappush(ahead, quantile(g, taken[g] + 1))
    elif surplus > 0:
        last = [(-q, -g) for q, g in (quantile(g, t) for g, t in taken.items() if t)]
        heapq.heapify(last)
        for _ in range(surplus):
            g = -heapq.heappop(last)[1]
            taken[g] -= 1
            if taken[g]:
                q, g = quantile(g, taken[g])
                heapq.heappush(last, (-q, -g))
    return taken


def group_ends(amounts: dict[Group, int], ends: Sequence[int], by: Literal["rows", "size"]) -> Ends:
    """The ends within each group: exact to one row in total by rows; each group's own share by size."""
    if by == "rows":
        parts = [apportion(amounts, end) for end in ends]
        return {g: [part[g] for part in parts] for g, n in amounts.items() if n}
    total = sum(amounts.values())
    return {g: [-(-end * n // total) for end in ends] for g, n in amounts.items() if n}


def quantile_edges(rows: int, edges: Sequence[float], keep: str) -> list[int]:
    """The ends, best first, of buckets between increasing quantile edges; a row on an edge goes to the higher side.

    The quantile of the r-th best of n is 1 - (r - 1/2) / n if high is good, else (r - 1/2) / n.
    """
    half = Fraction(1, 2)
    exact = [Fraction(str(edge)) for edge in edges]
    if keep == "high":
        return [min(rows, max(0, floor((1 - edge) * rows + half))) for edge in reversed(exact)]
    return [min(rows, max(0, ceil(edge * rows + half) - 1)) for edge in exact]
