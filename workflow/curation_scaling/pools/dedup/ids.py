"""Rows that repeat an id: the keeper is the one with the best score, whatever the order of the shards."""

from __future__ import annotations

from typing import Any

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
    names = ["uid_hi", "uid_lo", *sorted(name for name in rows if name not in _NAMES)]
    names += [name for name in _LAST if name in rows]
    rest = [rows[name][inside] for name in names if name not in key]
    kept[inside] = False
    kept[inside[_least(run, [dropped, missing, best, *rest])]] = True
    return kept


def _least(run: NDArray[np.int64], keys: list[NDArray[Any]]) -> NDArray[np.int64]:
    """The place of the least row of each run, by the first key, then the next, then by place.

    Key by key, the rows that are not the least of their run go: a few linear steps where a sort would take many.
    """
    left = np.arange(len(run))
    for key in (k for whole in keys for k in _comparable(whole)):
        starts = _starts(run[left])
        if len(starts) == len(left):
            return left
        values = key[left]
        least = np.minimum.reduceat(values, starts)
        left = left[values == np.repeat(least, np.diff(starts, append=len(left)))]
    return left[_starts(run[left])]


def _comparable(key: NDArray[Any]) -> list[NDArray[Any]]:
    """A key as keys without NaN, which is the largest."""
    if key.dtype.kind != "f":
        return [key]
    missing = np.isnan(key)
    return [missing, np.where(missing, key.dtype.type(0), key)]


def _starts(run: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.append(True, run[1:] != run[:-1]))


def check_collisions(rows: Rows) -> None:
    """Raise InputError if two texts have one uid; rows are sorted by it."""
    if "check" not in rows:
        return
    high, low, check = rows["uid_hi"], rows["uid_lo"], rows["check"]
    clash = (high[1:] == high[:-1]) & (low[1:] == low[:-1]) & (check[1:] != check[:-1])
    if clash.any():
        at = int(clash.argmax())
        raise InputError(f"two different ids share the uid {int(high[at]):016x}{int(low[at]):016x}: rename one of them")
