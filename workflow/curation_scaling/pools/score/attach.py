"""Join rows to another table by uid, both sorted by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.pools.ingest.order import uid_order
from curation_scaling.pools.table import Rows, height, take


def find(
    high: NDArray[np.uint64], low: NDArray[np.uint64], in_high: NDArray[np.uint64], in_low: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Where each uid (n,) is in a table (m,) sorted by uid, or -1."""
    found = np.full(len(high), -1)
    at = np.searchsorted(in_high, high)
    open_rows = np.flatnonzero(at < len(in_high))
    while len(open_rows):  # once, and once more for each row of the table that shares an upper half with the one before
        place = at[open_rows]
        same = in_high[place] == high[open_rows]
        hit = same & (in_low[place] == low[open_rows])
        found[open_rows[hit]] = place[hit]
        at[open_rows] += 1
        open_rows = open_rows[same & ~hit & (at[open_rows] < len(in_high))]
    return found


def sort_table(table: Rows, name: str) -> Rows:
    """An attached table sorted by uid, each id once.

    Raises:
        InputError: if an id stands there twice with different scores.
    """
    table = take(table, uid_order(table["uid_hi"], table["uid_lo"]))
    high, low = table["uid_hi"], table["uid_lo"]
    same = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    for column, values in table.items():
        equal = values[1:] == values[:-1]
        if values.dtype.kind == "f":
            equal |= np.isnan(values[1:]) & np.isnan(values[:-1])
        if (same & ~equal).any():
            at = int((same & ~equal).argmax())
            uid = f"{int(high[at]):016x}{int(low[at]):016x}"
            raise InputError(f"{name}: the uid {uid} stands there twice with another {column}: keep one row of it")
    return take(table, np.append(True, ~same)) if same.any() else table


def attach(rows: Rows, table: Rows, names: list[str]) -> NDArray[np.bool_]:
    """Give rows the columns `names` of a table, NaN where it has no such uid; True for the rows (n,) it has."""
    place = find(rows["uid_hi"], rows["uid_lo"], table["uid_hi"], table["uid_lo"])
    hit = place >= 0
    for name in names:
        column = np.full(height(rows), np.nan, table[name].dtype)
        column[hit] = table[name][place[hit]]
        rows[name] = column
    return hit
