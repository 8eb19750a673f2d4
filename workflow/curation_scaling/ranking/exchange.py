"""Score files and kept lists as others write and read them.

A published score file is a CSV with a header, one line a sample: the image's name, then its score, high = keep. A kept
list is written as Parquet (uid_hi, uid_lo, name), as `.npy` (DataComp's u8,u8 pairs), or as text, a name a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.foreign import reading
from curation_scaling.pools.sources.table import name_samples, read_columns
from curation_scaling.pools.subset import write_subset
from curation_scaling.ranking.select import band, easy, hard, size_of
from curation_scaling.store import write_bytes

_ENDINGS = (".parquet", ".npy", ".txt")


def read_scores(path: Path, *, name: str | None = None, score: str | None = None) -> pl.DataFrame:
    """A published score file: name, uid_hi, uid_lo, score, sorted by uid; high = keep.

    name, score: its columns; default the first two, or `image` and `score` where they are there. Without a header the
    columns are taken by position.

    Raises:
        InputError: if it has no two columns, a score is no finite number, or a name occurs twice.
    """
    if not path.exists():
        raise InputError(f"{path} is missing: put the score file there")
    raw = _read_csv(path, header=True)
    columns = raw.columns
    if len(columns) < 2:
        raise InputError(f"{path} has the single column {columns[0]!r}: a score file has a name and a score a line")
    if name is None and score is None and _is_number(columns[1]):  # the first line is a sample, not a header
        raw = _read_csv(path, header=False)
        columns = raw.columns
    name = name or ("image" if "image" in columns else columns[0])
    score = score or ("score" if "score" in columns else columns[1])
    for wanted in (name, score):
        if wanted not in columns:
            raise InputError(f"{path} has no column {wanted!r}: it has {listed(wanted, columns)}")
    frame = raw.select(
        name=pl.col(name), text=pl.col(score), score=pl.col(score).str.strip_chars().cast(pl.Float64, strict=False)
    )
    good = frame["score"].is_finite().fill_null(False) & frame["name"].is_not_null()
    if not good.all():
        row = good.arg_min() or 0
        raise InputError(
            f"{path}: row {row} has the name {frame['name'][row]!r} and the score {frame['text'][row]!r}: a finite "
            "number is needed; mend or drop the row"
        )
    return _named(frame.select("name", "score"), path)


def read_array_scores(path: Path, columns: dict[str, str]) -> dict[str, np.ndarray]:
    """Arrays of an `.npz` file, or columns of a table, by our names: (samples,) or (samples, seeds).

    Raises:
        InputError: if an array is missing, not numeric, not finite, or of another length.
    """
    if path.suffix == ".npz":
        if not path.exists():
            raise InputError(f"{path} is missing: put the score file there")
        with reading(path), np.load(path, allow_pickle=False) as file:
            known = set(file.files)
            for wanted in columns.values():
                if wanted not in known:
                    raise InputError(f"{path} has no array {wanted!r}: it has {listed(wanted, sorted(known))}")
            found = {ours: file[theirs] for ours, theirs in columns.items()}
    else:
        frame = read_columns(path, list(columns.values()))
        found = {ours: frame[theirs].cast(pl.Float64, strict=False).to_numpy() for ours, theirs in columns.items()}
    for ours, array in found.items():
        if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
            raise InputError(f"{path}: {columns[ours]!r} is no array of numbers with a row a sample: mend it")
    rows = {ours: array.shape[0] for ours, array in found.items()}
    if len(set(rows.values())) > 1:
        raise InputError(
            f"{path}: arrays have {', '.join(map(str, sorted(set(rows.values()))))} rows: give all the same samples"
        )
    for ours, array in found.items():
        if not np.isfinite(array.astype(np.float64)).all():
            raise InputError(f"{path}: {columns[ours]!r} is no array of finite numbers with a row a sample: mend it")
    return {ours: array.astype(np.float64) for ours, array in found.items()}


def write_scores(path: Path, names: pl.Series, scores: pl.Series) -> None:
    """Write a score file in the published form: image, score."""
    text = pl.DataFrame({"image": names, "score": scores}).write_csv()
    write_bytes(path, text.encode())


def write_kept(path: Path, kept: pl.DataFrame) -> None:
    """Write a kept list by the ending of its path: `.parquet`, `.npy` or `.txt`; `kept` has uid_hi, uid_lo, maybe name.

    Raises:
        InputError: for another ending.
    """
    kept = kept.sort("uid_hi", "uid_lo")
    if path.suffix == ".npy":
        write_subset(path, kept)
    elif path.suffix == ".parquet":
        write_bytes(path, lambda file: kept.write_parquet(file, compression="zstd", statistics=False))
    elif path.suffix == ".txt":
        names = kept["name"] if "name" in kept.columns else _hexadecimal(kept)
        write_bytes(path, "".join(f"{name}\n" for name in names).encode())
    else:
        raise InputError(f"{path} ends in {path.suffix!r}: a kept list is written as .parquet, .npy or .txt")


def keep_file(path: Path, fraction: float, keep: Literal["hard", "easy", "band"], out: Sequence[Path]) -> str:
    """Keep a fraction of a published score file, write it to every path of `out`, and say so in one line.

    Raises:
        InputError: for a bad file, fraction or ending; then nothing is written.
    """
    for target in out:
        if target.suffix not in _ENDINGS:
            raise InputError(f"{target} ends in {target.suffix!r}: a kept list is written as .parquet, .npy or .txt")
    frame = read_scores(path)
    select = {"hard": hard, "easy": easy, "band": band}[keep]
    kept = frame[select(frame["score"].to_numpy(), size_of(fraction, frame.height))]
    for target in out:
        write_kept(target, kept.select("uid_hi", "uid_lo", "name"))
    return f"kept {kept.height} of {frame.height} samples ({keep}): {', '.join(map(str, out))}"


def _read_csv(path: Path, *, header: bool) -> pl.DataFrame:
    with reading(path, "cannot be read as CSV"):
        return pl.read_csv(path, infer_schema=False, has_header=header, glob=False)


def _named(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    high, low = name_samples(frame["name"])
    frame = frame.with_columns(uid_hi=pl.Series(high), uid_lo=pl.Series(low))
    repeated = frame.filter(frame["name"].is_duplicated())
    if repeated.height:
        raise InputError(f"{path}: {repeated['name'][0]!r} occurs more than once: keep one score a sample")
    return frame.sort("uid_hi", "uid_lo")


def _hexadecimal(kept: pl.DataFrame) -> list[str]:
    return [f"{high:016x}{low:016x}" for high, low in kept.select("uid_hi", "uid_lo").iter_rows()]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
