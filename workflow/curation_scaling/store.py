"""Write artifacts whole or not at all, and verify them before use.

Files are byte-identical for the same content: sorted rows, fixed row groups and compression, no timestamps. Beside each
artifact stands `<artifact>.sha256`, in the form that `sha256sum --check` reads.
"""

from __future__ import annotations

import glob
import hashlib
import io
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation_scaling import __version__
from curation_scaling.artifacts import Schema
from curation_scaling.errors import InputError

if TYPE_CHECKING:  # a job that writes no frame does not pay for them
    import polars as pl

ROW_GROUP = 1 << 20


def digest(*parts: Any) -> str:
    """sha256 (hex) of the canonical JSON of `parts`: dictionaries by sorted key, no spaces."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path, pattern: str) -> str:
    """sha256 (hex) of a folder's matching files: of the lines that `sha256sum` prints for them, sorted by name."""
    paths = sorted(folder.glob(pattern))
    return hashlib.sha256("".join(f"{file_sha256(path)}  {path.name}\n" for path in paths).encode()).hexdigest()


def checksum_path(path: Path) -> Path:
    """Where the artifact's sha256 is recorded."""
    return path.with_name(path.name + ".sha256")


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; it takes the name `path` when the block ends well, and vanishes when not.

    What a killed job left of an earlier try goes first; a job that still writes there fails, and mixes nothing.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{glob.escape(path.name)}.{'?' * 32}.tmp"):
            left.unlink(missing_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}): nothing of it was kept") from error


class _Hashed(io.RawIOBase):
    """A file that is written from its start to its end, and hashed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256, self._size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.sha256.update(content)
        written = self._file.write(content)
        self._size += written
        return written

    def tell(self) -> int:
        return self._size


@contextmanager
def hashed(path: Path) -> Iterator[IO[bytes]]:
    """`atomic`, and the sha256 of what was written is recorded beside it."""
    with atomic(path) as file:
        through = _Hashed(file)
        yield through  # type: ignore[misc]
        checksum_path(path).unlink(missing_ok=True)  # a crash between the two renames must not leave an old checksum
    _record(path, through.sha256.hexdigest())


@contextmanager
def hashed_when_whole(path: Path) -> Iterator[IO[bytes]]:
    """`hashed` for a file whose start is written last; it is hashed as it lies on disk."""
    with atomic(path) as file:
        yield file
        file.flush()
        sha256 = file_sha256(Path(file.name))
        checksum_path(path).unlink(missing_ok=True)
    _record(path, sha256)


def _record(path: Path, sha256: str) -> None:
    with atomic(checksum_path(path)) as file:
        file.write(f"{sha256}  {path.name}\n".encode())


def write_bytes(path: Path, content: bytes | Callable[[IO[bytes]], None]) -> None:
    """Write a file whole, from bytes or through `content(file)`, then record its sha256."""
    with hashed(path) as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            content(file)


def write(path: Path, schema: Schema, frame: pl.DataFrame, *, study: str, inputs: str) -> None:
    """Validate `frame` against `schema`, sort it, and write it to `path` whole.

    `inputs` is the digest of the study keys and artifacts that this one depends on. Raises InputError if a value breaks
    the schema.
    """
    table = _conform(path, schema, frame)
    metadata = {"study": study, "version": __version__, "inputs": inputs, "artifact": schema.name}
    table = table.replace_schema_metadata(metadata)
    write_bytes(path, lambda file: _write_parquet(table, file))


def _write_parquet(table: pa.Table, file: IO[bytes]) -> None:
    pq.write_table(
        table,
        file,
        row_group_size=ROW_GROUP,
        compression="zstd",
        compression_level=3,
        use_dictionary=[f.name for f in table.schema if pa.types.is_string(f.type)],
    )


def _conform(path: Path, schema: Schema, frame: pl.DataFrame) -> pa.Table:
    columns = [c for c in schema.columns if c.required or c.name in frame.columns]
    if missing := [c.name for c in columns if c.name not in frame.columns]:
        raise InputError(f"{path}: column {missing[0]!r} of {schema.name} is missing")
    frame = frame.select(c.name for c in columns)
    if schema.sort:
        frame = frame.sort(schema.sort, maintain_order=True)
    table = frame.to_arrow()
    arrays = []
    for column in columns:
        try:
            arrays.append(table[column.name].cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path}: column {column.name!r} is not {column.type} ({reason})") from error
    validate(path, schema, pa.table(arrays, names=frame.columns))
    return pa.table(arrays, schema=pa.schema([c.field for c in columns]))


def validate(path: Path, schema: Schema, table: pa.Table) -> None:
    """Raise InputError that names the file, the column and the first bad row."""
    import polars as pl
    import pyarrow.compute as pc

    for name in table.column_names:
        column, values = schema.column(name), table[name]
        if column is None:
            raise InputError(f"{path}: column {name!r} does not belong to {schema.name}")
        if not values.type.equals(column.type):
            raise InputError(f"{path}: column {name!r} is {values.type}, {schema.name} wants {column.type}")
        if not column.nullable and values.null_count:
            row = pc.index(pc.is_null(values), True).as_py()
            raise InputError(f"{path}: column {name!r} is null in row {row}")
        if column.finite and (bad := pc.index(pc.is_finite(values), False).as_py()) >= 0:
            raise InputError(f"{path}: column {name!r} is {values[bad]} in row {bad}, a finite number is needed")
    if missing := [c.name for c in schema.columns if c.required and c.name not in table.column_names]:
        raise InputError(f"{path}: column {missing[0]!r} of {schema.name} is missing")
    if schema.key and table.num_rows:
        keys = pl.from_arrow(table.select(list(schema.key)))
        assert isinstance(keys, pl.DataFrame)
        first = keys.select(pl.struct(pl.all()).is_first_distinct()).to_series()
        if not first.all():
            row = first.arg_min() or 0
            key = ", ".join(f"{name} {value}" for name, value in keys.row(row, named=True).items())
            raise InputError(f"{path}: row {row} repeats the key {key} of {schema.name}")


def empty(schema: Schema) -> pl.DataFrame:
    """No rows, with the schema's columns."""
    import polars as pl

    frame = pl.from_arrow(pa.schema([c.field for c in schema.columns]).empty_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def verify(path: Path) -> str:
    """The recorded sha256 of an artifact, after a check of its bytes.

    Raises InputError if the file or its checksum is missing, or if the bytes are not the recorded ones.
    """
    try:
        recorded = checksum_path(path).read_bytes()[:64].decode(errors="replace")
        actual = file_sha256(path)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is missing: delete {path} if it exists and run again") from None
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}): mend its permissions") from None
    if actual != recorded:
        raise InputError(f"{path} is not what was written (its sha256 differs): delete it and run the workflow again")
    return actual


def recorded(path: Path) -> str:
    """The recorded sha256 of an artifact, for files so large that readers verify the pages that they read instead.

    Raises InputError if the checksum is missing.
    """
    try:
        return checksum_path(path).read_bytes()[:64].decode(errors="replace")
    except OSError:
        raise InputError(f"{checksum_path(path)} is missing: delete {path} if it exists and run again") from None


def read(path: Path, schema: Schema, *, study: str | None = None) -> pl.DataFrame:
    """Verify `path` against its recorded sha256, its schema and its study, and return its rows."""
    import polars as pl

    verify(path)
    try:
        with pq.ParquetFile(path) as file:  # read_table would import the data sets of Arrow, and pandas if it is there
            table = file.read()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}): delete it and run again") from error
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    if study is not None and metadata.get("study") != study:
        raise InputError(f"{path} belongs to the study {metadata.get('study')!r}, not to {study!r}: delete it")
    table = pa.table(table.columns, names=table.column_names)
    table = _restore(path, schema, table)
    validate(path, schema, table)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _restore(path: Path, schema: Schema, table: pa.Table) -> pa.Table:
    """Lists come back from Parquet with another name for their inner field: cast them to the declared type."""
    fields = []
    for field in table.schema:
        column = schema.column(field.name)
        if column is None:
            raise InputError(f"{path}: column {field.name!r} does not belong to {schema.name}")
        fields.append(pa.field(field.name, column.type if pa.types.is_nested(field.type) else field.type))
    return table.cast(pa.schema(fields))


def inputs_digest(keys: Mapping[str, Any], *paths: Path) -> str:
    """Digest of study keys and of the verified bytes of input artifacts; paths themselves do not enter."""
    return digest(dict(keys), [verify(p) for p in paths])
