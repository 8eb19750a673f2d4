"""Embeddings of samples, never copied whole: a memory map is read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.foreign import read_parquet, reading
from curation_scaling.pools.sources.table import with_uids

Matrix = npt.NDArray[np.float32]
BATCH = 16_384  # rows at once


def read_embeddings(path: Path) -> tuple[npt.NDArray[np.uint64] | None, Matrix]:
    """Embeddings (samples, dimensions) float32, and their uids (samples, 2) where the file names its samples.

    `.npy`: a memory map, in the order of the samples' uids. `.parquet`: columns uid_hi and uid_lo, or uid, and
    `embedding` (a list of numbers a row); rows come back sorted by uid.

    Raises:
        InputError: if the file cannot be read, or is no table of finite embeddings.
    """
    if not path.exists():
        raise InputError(f"{path} is missing: write the embeddings there")
    with reading(path, mend="write it again"):
        if path.suffix == ".npy":
            matrix = np.load(path, mmap_mode="r", allow_pickle=False)
            if matrix.ndim != 2 or matrix.dtype.kind != "f":
                raise InputError(
                    f"{path} holds {matrix.dtype} of shape {matrix.shape}: a float array of two axes is needed"
                )
            return None, matrix
        if path.suffix != ".parquet":
            raise InputError(f"{path} ends in {path.suffix!r}: give embeddings as .npy or .parquet")
        frame = read_parquet(path)
    if "embedding" not in frame.columns or not {"uid", "uid_hi"} & set(frame.columns):
        raise InputError(
            f"{path} has the columns {listed('embedding', frame.columns)}: 'uid' and 'embedding' are needed"
        )
    frame = with_uids(frame, str(path)).sort("uid_hi", "uid_lo")
    kind = frame.schema["embedding"]
    if not isinstance(kind, pl.List | pl.Array) or not kind.inner.is_numeric():
        raise InputError(f"{path}: column 'embedding' holds {kind}: a list of numbers a row is needed")
    vectors = frame["embedding"].cast(pl.List(pl.Float32), strict=False)
    if vectors.null_count() or vectors.list.len().n_unique() != 1 or not vectors.list.len()[0]:
        raise InputError(f"{path}: column 'embedding' has rows of several lengths: give all the same dimensions")
    matrix = vectors.list.to_array(int(vectors.list.len()[0])).to_numpy()
    return frame.select("uid_hi", "uid_lo").to_numpy(), matrix


def unit_batches(matrix: Matrix, batch: int = BATCH) -> Iterator[tuple[slice, Matrix]]:
    """Rows of unit norm, float32, batch by batch with their place; the matrix itself is never copied or written.

    Raises:
        InputError: for the first row that is not finite or has norm 0.
    """
    for first in range(0, len(matrix), batch):
        place = slice(first, min(first + batch, len(matrix)))
        part = np.array(matrix[place], dtype=np.float32)
        norms = np.sqrt(np.einsum("ij,ij->i", part, part))
        bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
        if bad.size:
            what = "norm 0" if norms[bad[0]] == 0 else "numbers that are not finite"
            raise InputError(f"the embedding in row {first + bad[0]} has {what}: mend or drop the sample")
        part /= norms[:, None]
        yield place, part


def unit_rows(matrix: Matrix) -> Matrix:
    """All rows at unit norm, in memory; raise InputError as `unit_batches`."""
    out = np.empty(matrix.shape, np.float32)
    for place, part in unit_batches(matrix):
        out[place] = part
    return out
