"""Large Parquet files between stages and as pools: written in streams, hashed as they are written, checked as read.

Columns are numpy arrays of one length. Ids are plain or delta-packed, scores byte-split and compressed; dictionaries
only for text. Every page carries a checksum that readers verify, so that a pass verifies what it reads and no more.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_scaling import __version__
from curation_scaling.errors import InputError
from curation_scaling.store import hashed, verify

Rows = dict[str, NDArray[Any]]
"""Columns by name, all of one length; `group` holds codes of a list of names."""

SMALL = 1 << 20  # bytes; a file up to this size is verified whole
_FEW = ("shard",)  # columns of few values, in dictionaries
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def _keep_freed_memory() -> None:
    """Let malloc keep what is freed for the next range of uids: fresh pages cost as much as the work on them."""
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return  # not glibc: only slower
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)
    mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


pa.set_cpu_count(1)  # a job is one thread: the workflow runs as many as there are cores
pa.set_io_thread_count(1)
_keep_freed_memory()


def take(rows: Rows, index: NDArray[Any]) -> Rows:
    """The rows at an index, or where a mask is true."""
    if index.dtype == bool:
        index = np.flatnonzero(index)
    return {name: column.take(index) for name, column in rows.items()}


def concat(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, which have the same columns."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def height(rows: Rows) -> int:
    """The number of rows."""
    return len(next(iter(rows.values())))


class Writer:
    """Appends row groups to one open Parquet file."""

    def __init__(self, parquet: pq.ParquetWriter, schema: pa.Schema) -> None:
        """Write by `parquet`, which has this schema."""
        self._parquet, self._schema = parquet, schema

    def append(self, rows: Mapping[str, Any], row_group: int | None = None) -> None:
        """Write rows as one row group, or in row groups of at most so many rows; none make an empty row group."""
        columns = [
            value if isinstance(value := rows[field.name], pa.Array) else pa.array(value, field.type)
            for field in self._schema
        ]
        table = pa.Table.from_arrays(columns, schema=self._schema)
        if table.num_rows == 0:
            self._parquet.write_table(table, row_group_size=1)
        else:
            self._parquet.write_table(table, row_group_size=row_group or table.num_rows)


@contextmanager
def writer(
    path: Path, schema: pa.Schema, metadata: Mapping[str, str], *, sorted_by_uid: bool = False
) -> Iterator[Writer]:
    """A Parquet file that takes its name, and its recorded sha256, when the block ends well."""
    text = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_dictionary(f.type)]
    encoding = {}
    for field in schema:
        if field.name not in (*text, *_FEW):
            encoding[field.name] = "BYTE_STREAM_SPLIT" if pa.types.is_floating(field.type) else "PLAIN"
    if sorted_by_uid:
        encoding["uid_hi"] = "DELTA_BINARY_PACKED"
    plain = {"uid_hi", "uid_lo", "content_hi", "content_lo", "check", "row"}  # random bits: nothing to compress
    options = {
        "use_dictionary": [*text, *(n for n in _FEW if n in schema.names)],
        "column_encoding": encoding,
        "compression": {f.name: "none" if f.name in plain else "zstd" for f in schema},
        "compression_level": {f.name: 1 for f in schema if f.name not in plain},
        "write_page_checksum": True,
        "write_statistics": [n for n in schema.names if n not in plain or n == "uid_hi"],
        "write_batch_size": 1 << 16,
        "sorting_columns": [pq.SortingColumn(schema.get_field_index(n)) for n in ("uid_hi", "uid_lo")]
        if sorted_by_uid
        else None,
    }
    # Numbers come from numpy and are never null: without levels of definition a page is written and read faster.
    schema = pa.schema([f.with_nullable(f.name in text) for f in schema], {"version": __version__, **metadata})
    # Arrow gathers its small writes before they reach Python; pages pass, and are hashed while the cache holds them.
    with (
        hashed(path) as file,
        pa.output_stream(file, buffer_size=1 << 18) as stream,
        pq.ParquetWriter(stream, schema, **options) as parquet,
    ):
        yield Writer(parquet, schema)


def open_table(path: Path, study: str | None = None) -> pq.ParquetFile:
    """Open a file that an earlier stage (of this study, if it is given) wrote.

    Raises:
        InputError: if it is missing, damaged, or of another study.
    """
    try:
        if path.stat().st_size <= SMALL:
            verify(path)  # pages have checksums, the footer has none, and here it is a good part of the file
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run the workflow again") from None
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from None
    of = (file.metadata.metadata or {}).get(b"study", b"").decode(errors="replace")
    if study is not None and of != study:
        file.close()
        raise InputError(f"{path} belongs to the study {of!r}, not to {study!r}: delete it")
    return file


def check_owned(paths: Iterable[Path], study: str) -> None:
    """Raise InputError if a file is damaged or of another study, before a job writes the first of several."""
    for path in paths:
        open_table(path, study).close()


def damaged(path: Path, error: Exception) -> InputError:
    """The sentence about a file of ours whose bytes are not what was written."""
    return InputError(f"{path} is not what was written ({str(error).splitlines()[0]}): delete it and run again")


def read_table(
    path: Path,
    columns: Sequence[str] | None = None,
    row_groups: Sequence[int] | None = None,
    study: str | None = None,
) -> pa.Table:
    """Columns of some row groups, in one piece; page checksums are verified.

    Raises:
        InputError: if the file is missing or damaged.
    """
    file = open_table(path, study)
    try:
        groups = range(file.num_row_groups) if row_groups is None else row_groups
        return _groups(file, groups, file.schema_arrow.names if columns is None else columns)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from None
    finally:
        file.close()


def _groups(file: pq.ParquetFile, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
    table = file.read_row_groups(list(groups), columns=list(columns), use_threads=False)
    if lost := [name for name in columns if name not in table.column_names]:
        raise pa.ArrowInvalid(f"column {lost[0]!r} is not there")  # no checksum covers the names in the footer
    return table


def to_rows(table: pa.Table) -> Rows:
    """Columns of numbers as numpy arrays."""
    columns = {name: table[name] for name in table.column_names}
    # Arrow copies even a single chunk when it combines.
    return {n: (c.chunk(0) if c.num_chunks == 1 else c.combine_chunks()).to_numpy() for n, c in columns.items()}


def read_rows(
    path: Path,
    columns: Sequence[str] | None = None,
    row_groups: Sequence[int] | None = None,
    study: str | None = None,
) -> Rows:
    """`read_table` for files that hold numbers alone."""
    return to_rows(read_table(path, columns, row_groups, study))


def read_batches(path: Path, columns: Sequence[str], study: str | None = None) -> Iterator[Rows]:
    """`read_rows`, one row group after another.

    Raises:
        InputError: if the file is missing or damaged.
    """
    file = open_table(path, study)
    try:
        for group in range(file.num_row_groups):
            yield to_rows(_groups(file, [group], columns))
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from None
    finally:
        file.close()


def column_names(path: Path) -> list[str]:
    """The columns of a file."""
    file = open_table(path)
    try:
        return list(file.schema_arrow.names)
    finally:
        file.close()
