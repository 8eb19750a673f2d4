"""DataComp subset files, written in streams: the header, which tells the number of uids, last where it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.ingest.order import BLOCK
from curation_scaling.pools.subset import SUBSET
from curation_scaling.store import hashed, hashed_when_whole


class UidWriter:
    """Appends uids, in their order, to one open file."""

    def __init__(self, file: IO[bytes], rows: int = 0) -> None:
        """Write the header, whose length does not depend on the number of `rows`."""
        self.rows, self._file = 0, file
        self._buffer = np.empty((BLOCK, 2), np.uint64)
        write_header(file, rows)

    def append(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        """Write more uids, by their halves (n,)."""
        for a in range(0, len(high), BLOCK):
            block = self._buffer[: len(high) - a]
            block[:, 0], block[:, 1] = high[a : a + BLOCK], low[a : a + BLOCK]
            self._file.write(block.data.cast("B"))
        self.rows += len(high)


def write_header(file: IO[bytes], rows: int) -> None:
    """The header of a subset file with so many rows."""
    header: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(SUBSET), "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_1_0(file, header)


@contextmanager
def uid_writer(path: Path, rows: int | None = None) -> Iterator[UidWriter]:
    """A subset file that takes its name, and its recorded sha256, when the block ends well.

    Where the number of `rows` is known, the file is hashed as it is written.
    """
    if rows is not None:
        with hashed(path) as file:
            writer = UidWriter(file, rows)
            yield writer
            assert writer.rows == rows, (path, writer.rows, rows)
        return
    with hashed_when_whole(path) as file:
        writer = UidWriter(file)
        yield writer
        file.seek(0)
        write_header(file, writer.rows)
