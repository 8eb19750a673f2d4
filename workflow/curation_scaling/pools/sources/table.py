"""A table of samples that already have an id and a score: Parquet or CSV shards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.foreign import check_columns, read_parquet, reading
from curation_scaling.pools.sources.source import POOL, Source, halves, uid

_HEX = re.compile(r"[0-9a-fA-F]{32}")


def read_table(
    paths: Sequence[Path], *, id: str = "uid", score: str, size: str | None = None, group: str | None = None
) -> Source:
    """Read shards with one row a sample.

    Args:
        paths: Parquet or CSV files (by their ending), all with the columns asked for.
        id: column that names a sample: 32 hexadecimal digits (a DataComp uid, taken as it is), else any text or whole
            number, hashed to 128 bits.
        score: column of the quality score, any number type; null and NaN are kept, to be counted as unscored.
        size: column of a sample's size in the study's unit; 1 each without one.
        group: column of the group that a sample belongs to.

    Raises:
        InputError: if a file is missing, truncated, lacks a column or holds another type than a number.
    """
    shards = [_read_shard(path, id, score, size, group) for path in paths]
    frame = pl.concat(shards)
    kept = frame.unique(["uid_hi", "uid_lo"], keep="first", maintain_order=True).sort("uid_hi", "uid_lo")
    counts = {"read": frame.height, "kept": kept.height, "duplicate": frame.height - kept.height}
    return Source(kept, counts, {})


def _read_shard(path: Path, id: str, score: str, size: str | None, group: str | None) -> pl.DataFrame:
    wanted = {id: "id", score: "score"} | ({size: "size"} if size else {}) | ({group: "group"} if group else {})
    frame = read_columns(path, list(wanted), text=[id])
    for name in (score, size):
        if name is not None and not frame.schema[name].is_numeric():
            raise InputError(f"{path}: column {name!r} holds {frame.schema[name]}, a number is needed")
    if not (frame.schema[id] == pl.String or frame.schema[id].is_integer()):
        raise InputError(f"{path}: column {id!r} holds {frame.schema[id]}: an id is text or a whole number")
    frame = frame.rename(wanted)
    if frame["id"].null_count():
        raise InputError(f"{path}: column {id!r} is null in row {frame['id'].is_null().arg_max()}; name every sample")
    if size:
        fits = pl.col("size").cast(float) < 2.0**63
        whole = (pl.col("size") > 0) & (pl.col("size").floor() == pl.col("size")) & fits
        good = frame.select(whole.fill_null(False)).to_series()
        if not good.all():
            row = good.arg_min()
            raise InputError(f"{path}: column {size!r} is no whole size above 0 in row {row}; mend or drop the row")
    high, low = name_samples(frame["id"])
    return pl.DataFrame(
        {
            "uid_hi": high,
            "uid_lo": low,
            "group": frame["group"].cast(pl.String).fill_null("") if group else pl.repeat("", frame.height, eager=True),
            "role": pl.repeat(POOL, frame.height, eager=True),
            "size": frame["size"].cast(pl.Int64) if size else pl.repeat(1, frame.height, dtype=pl.Int64, eager=True),
            "score": frame["score"].cast(pl.Float64),
        }
    )


def read_columns(path: Path, columns: Sequence[str] | None = None, text: Sequence[str] = ()) -> pl.DataFrame:
    """Columns of a Parquet or CSV file, all by default; in a CSV file those of `text` stay as written, 007 for one.

    Raises:
        InputError: if the file cannot be read as what its ending says, or lacks a column.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise InputError(f"{path} ends in {path.suffix!r}: give a .parquet or .csv file")
    if not path.exists():
        raise InputError(f"{path} is missing: put the file there or change its path in the study")
    with reading(path, "is truncated or damaged"):
        if path.suffix == ".parquet":
            return read_parquet(path, columns)
        written = dict.fromkeys(text, pl.String)
        lazy = pl.scan_csv(path, schema_overrides=written, infer_schema_length=None, glob=False)
        check_columns(path, lazy.collect_schema().names(), columns or ())
        return (lazy if columns is None else lazy.select(columns)).collect()


def with_uids(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """A frame with its column `uid`, of text or whole numbers, as uid_hi and uid_lo.

    Raises:
        InputError: if it holds something else, or a null.
    """
    kind = frame.schema["uid"]
    if not (kind == pl.String or kind.is_integer()) or frame["uid"].null_count():
        raise InputError(f"{where}: column 'uid' must hold text or whole numbers, none of them null")
    high, low = name_samples(frame["uid"])
    return frame.with_columns(uid_hi=pl.Series(high), uid_lo=pl.Series(low))


def name_samples(ids: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two u64 halves of each sample's uid: of 32 hexadecimal digits, or of a 128-bit hash of any other id."""
    names = (bytes.fromhex(t) if _HEX.fullmatch(t) else uid(t.encode()) for t in ids.cast(pl.String).to_list())
    return halves(names)
