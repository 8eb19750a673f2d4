"""DataComp subset files: the uids of a pool as a sorted numpy array of dtype u8,u8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.store import write_bytes

SUBSET = np.dtype("u8,u8")


def write_subset(path: Path, pool: pl.DataFrame) -> None:
    """Write the uids of a pool (sorted by uid_hi, uid_lo), as DataComp's resharder reads them."""
    array = np.empty(pool.height, SUBSET)
    array["f0"], array["f1"] = pool["uid_hi"].to_numpy(), pool["uid_lo"].to_numpy()
    write_bytes(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))


def check_subset(path: Path, pool: pl.DataFrame | int) -> None:
    """Hold a subset file to its pool's manifest, or, where that is too large to read, to its number of rows.

    Raises:
        InputError: if it holds other uids: it is of another study or draw.
    """
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(pool, int):
        same = len(found) == pool
    else:
        wanted = pool.sort("uid_hi", "uid_lo")
        same = np.array_equal(found["f0"], wanted["uid_hi"]) and np.array_equal(found["f1"], wanted["uid_lo"])
    if not same:
        raise InputError(f"{path} does not hold the uids of its pool's manifest: delete it and run again")
