"""Reading files out of a Debian package without any Debian tool: an ar archive that holds data.tar.*."""

import io
import tarfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import pyarrow as pa

from curation_scaling.errors import InputError

MAGIC = b"!<arch>\n"
HEADER = 60  # bytes: name 16, time 12, owner 6, group 6, mode 8, size 10, end mark 2


def read_deb(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """The contents of the package's files with one of these base `names`; names that it lacks are left out.

    Raises:
        InputError: if the file is not a whole Debian package.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(_data_tar(path.read_bytes()))) as tar:
            wanted = [member for member in tar if member.isfile() and PurePosixPath(member.name).name in names]
            return {PurePosixPath(member.name).name: tar.extractfile(member).read() for member in wanted}  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        raise InputError(f"{path.name} is not a whole Debian package ({error}): fetch it again") from error


def _data_tar(package: bytes) -> bytes:
    """The data archive of the package, still packed with gzip or xz where Python's tarfile can unpack it."""
    if not package.startswith(MAGIC):
        raise ValueError("its ar mark is missing")
    start = len(MAGIC)
    while start + HEADER <= len(package):
        header = package[start : start + HEADER]
        name, size = header[:16].decode("ascii").strip().rstrip("/"), int(header[48:58])
        body = package[start + HEADER : start + HEADER + size]
        if name.startswith("data.tar"):
            if len(body) < size:
                raise ValueError("it is cut short")
            # Ubuntu packs with zstd, which tarfile reads only from Python 3.14 on.
            return _unpack_zstd(body) if name.endswith(".zst") else body
        start += HEADER + size + size % 2
    raise ValueError("it holds no data.tar")


def _unpack_zstd(packed: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return bytes(stream.read())
