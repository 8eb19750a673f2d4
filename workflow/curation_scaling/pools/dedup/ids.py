"""Rows that repeat an id: the keeper is the one with the best score, whatever the order of the shards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.pools.select.bits import Keep, best_first
from curation_scaling.pools.table import Rows

_LAST = ("shard", "row")  # decides only among rows that are the same in all else
_NAMES = {"uid_hi", "uid_lo", "check", *_LAST}


def keep_best(rows: Rows, score: NDArray[np.floating], keep: Keep, key: tuple[str, str]) -> NDArray[np.bool_]:
    """True for the row (n,) to keep of each run of neighbours that share a key.

    Args:
        rows: sorted by `key`.
        score: (n,) best kept; a missing score (NaN) is the worst. Then the smallest uid, then the other columns.
        keep: which end of the score is the best.
        key: the names of the two halves of the key.
    """
    high, low = rows[key[0]], rows[key[1]]
    same = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    kept = np.ones(len(high), bool)
    if not same.any():
        return kept
    inside = np.flatnonzero(np.append(same, False) | np.append(False, same))
    run = np.cumsum(np.append(True, ~same))[inside]
    part = score[inside]
    missing = np.isnan(part)
    best = best_first(np.where(missing, part.dtype.type(0), part), keep)
    dropped = rows["reason"][inside] > 0 if "reason" in rows else missing
    rest = [rows[name][inside] for name in sorted(rows) if name not in _NAMES and name not in key]
    last = [rows[name][inside] for name in _LAST if name in rows]
    uid = [rows["uid_hi"][inside], rows["uid_lo"][inside]]
    order = np.lexsort([*reversed([run, dropped, missing, best, *uid, *rest, *last])])
    ranked = run[order]
    kept[inside] = False
    kept[inside[order[np.append(True, ranked[1:] != ranked[:-1])]]] = True
    return kept


def check_collisions(rows: Rows) -> None:
    """Raise InputError if two texts have one uid; rows are sorted by it."""
    if "check" not in rows:
        return
    high, low, check = rows["uid_hi"], rows["uid_lo"], rows["check"]
    clash = (high[1:] == high[:-1]) & (low[1:] == low[:-1]) & (check[1:] != check[:-1])
    if clash.any():
        at = int(clash.argmax())
        raise InputError(f"two different ids share the uid {int(high[at]):016x}{int(low[at]):016x}: rename one of them")
