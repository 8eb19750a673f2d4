import numpy as np
import polars as pl

from curation_scaling.pools.subset import SUBSET, write_subset
from curation_scaling.store import verify


def uids(pairs):
    return pl.DataFrame(pairs, schema={"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}, orient="row")


def test_datacomp_reads_the_file(tmp_path):
    pairs = [(0, 2**64 - 1), (1, 0), (2**64 - 1, 5)]
    path = tmp_path / "pool.npy"
    write_subset(path, uids(pairs))
    verify(path)
    array = np.load(path, allow_pickle=False)
    assert array.dtype == np.dtype("u8,u8") == SUBSET
    assert array.tolist() == pairs
    assert (np.sort(array) == array).all()  # as DataComp's resharder looks uids up


def test_an_empty_pool_is_an_empty_array(tmp_path):
    write_subset(tmp_path / "pool.npy", uids([]))
    assert np.load(tmp_path / "pool.npy", allow_pickle=False).shape == (0,)
