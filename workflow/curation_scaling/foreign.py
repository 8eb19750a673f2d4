"""Files that others wrote: whatever a library says of their bytes becomes one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from curation_scaling.errors import InputError, listed

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def reading(path: Path | str, what: str = "cannot be read", mend: str = "fetch it again") -> Iterator[None]:
    """Turn every failure of the block, which does nothing but read a file, into an InputError.

    Parsers of damaged bytes fail in more ways than their libraries declare: syntax and overflow errors from headers,
    missing keys, failed allocations; polars' panics are no `Exception` at all.
    """
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise InputError(f"{path} {what} ({first_line(error)}): {mend}") from None


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns of a Parquet file that others wrote, all by default; inside `reading`.

    Read by Arrow: where damaged bytes ask for more memory than there is, polars ends the process.

    Raises:
        InputError: if it lacks a column.
    """
    import polars as pl
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        check_columns(path, file.schema_arrow.names, columns or ())
        table = file.read(columns=None if columns is None else list(columns))
    table.validate(full=True)  # text is UTF-8, which polars takes for granted
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise InputError that names the first column which a table lacks."""
    for column in wanted:
        if column not in found:
            raise InputError(f"{path} has no column {column!r}: it has {listed(column, found)}")


def first_line(error: BaseException) -> str:
    """What an error says, as one line of text that can be printed, or what it is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0][:300] if lines else type(error).__name__
    return "".join(c if c.isprintable() else " " for c in text)
