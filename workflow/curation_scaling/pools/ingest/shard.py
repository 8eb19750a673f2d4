"""One shard: opened and held to the study's columns before any row of it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation_scaling.errors import InputError
from curation_scaling.foreign import check_columns, reading

BATCH = 1 << 19  # rows that are decoded at once

_WORDS = {
    "number": (lambda t: pa.types.is_integer(t) or pa.types.is_floating(t), "a number"),
    "whole": (pa.types.is_integer, "whole numbers"),
    "text": (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_dictionary(t), "text"),
    "value": (
        lambda t: (
            pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_dictionary(t) or pa.types.is_integer(t)
        ),
        "text or whole numbers",
    ),
    "any": (lambda t: True, "anything"),
}


@dataclass(frozen=True)
class Shard:
    """A Parquet file with the columns that a study wants."""

    path: Path
    rows: int
    types: dict[str, str]
    digest: str  # sha256 of its footer, which names the size and the statistics of every page of columns


def check_shard(path: Path, wanted: Mapping[str, Sequence[str]]) -> Shard:
    """Open a shard and hold it to `wanted`: its columns, and for each what it may be ("number", "whole", "text", ...).

    Raises:
        InputError: if it is missing, truncated, lacks a column, or has one of another type.
    """
    file = _open(path)
    try:
        with reading(path, "is truncated or damaged"):
            schema = file.schema_arrow
        for column, kinds in wanted.items():
            check_columns(path, schema.names, [column])
            found = schema.field(column).type
            for kind in kinds:
                fits, words = _WORDS[kind]
                if not fits(found):
                    raise InputError(f"{path}: column {column!r} holds {found}, {words} needed")
        types = {c: str(schema.field(c).type) for c in wanted}
        return Shard(path, file.metadata.num_rows, types, _footer_sha256(path))
    finally:
        file.close()


def read_shard(shard: Shard, columns: Sequence[str], as_bytes: Collection[str] = ()) -> Iterator[pa.RecordBatch]:
    """The shard's rows, some columns of them, in order; text is UTF-8 but in the columns that are read `as_bytes`.

    Raises:
        InputError: if its pages are damaged.
    """
    file = _open(shard.path)
    try:
        with reading(shard.path, "is truncated or damaged"):
            batches = file.iter_batches(BATCH, columns=list(columns), use_threads=False)
        while True:
            with reading(shard.path, "is truncated or damaged"):
                batch = next(batches, None)
            if batch is None:
                return
            with reading(shard.path, "is truncated or damaged"):
                for name in set(columns) - set(as_bytes):
                    batch[name].validate(full=True)
            yield batch
    finally:
        file.close()


def _footer_sha256(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return hashlib.sha256(file.read()).hexdigest()


def _open(path: Path) -> pq.ParquetFile:
    if not path.exists():
        raise InputError(f"{path} is missing: put the shard there or mend pools.source.shards")
    with reading(path, "is truncated or damaged"):
        return pq.ParquetFile(path)
