"""DataComp subset files: the uids of a pool as a sorted numpy array of dtype u8,u8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.store import write_bytes

SUBSET = np.dtype("u8,u8")


def write_subset(path: Path, pool: pl.DataFrame) -> None:
    """Write the uids of a pool (sorted by uid_hi, uid_lo), as DataComp's resharder reads them."""
    array = np.empty(pool.height, SUBSET)
    array["f0"], array["f1"] = pool["uid_hi"].to_numpy(), pool["uid_lo"].to_numpy()
    write_bytes(path, lambda file: np.lib.format.write_array(file, array, allow_pickle=False))
