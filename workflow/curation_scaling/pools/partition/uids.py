"""DataComp subset files, written in streams: the header, which tells the number of uids, is written last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.subset import SUBSET
from curation_scaling.store import hashed_when_whole


class UidWriter:
    """Appends uids, in their order, to one open file."""

    def __init__(self, file: IO[bytes]) -> None:
        """Leave room for the header, whose length does not depend on the number."""
        self._file, self._count = file, 0
        self._header()

    def append(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        """Write more uids, by their halves (n,)."""
        array = np.empty((len(high), 2), np.uint64)
        array[:, 0], array[:, 1] = high, low
        self._file.write(array.data.cast("B") if len(array) else b"")
        self._count += len(high)

    def close(self) -> None:
        """Write the header, now that the number is known."""
        self._file.seek(0)
        self._header()

    def _header(self) -> None:
        header: dict[str, Any] = {"descr": np.lib.format.dtype_to_descr(SUBSET), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, header | {"shape": (self._count,)})


@contextmanager
def uid_writer(path: Path) -> Iterator[UidWriter]:
    """A subset file that takes its name, and its recorded sha256, when the block ends well."""
    with hashed_when_whole(path) as file:
        writer = UidWriter(file)
        yield writer
        writer.close()
