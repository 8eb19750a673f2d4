import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.deb import read_deb

CONTENTS = {"usr/share/set/one.gz": b"\x00first" * 50, "usr/share/set/two": b"second\n"}


def _zstd(data: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(data)
    return packed.getvalue().to_pybytes()


def _member(name: str, body: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode()
    return header + body + b"\n" * (len(body) % 2)


def _package(suffix: str, pack: Callable[[bytes], bytes]) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, content in CONTENTS.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    members = [("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), (f"data.tar{suffix}", pack(tar.getvalue()))]
    return b"!<arch>\n" + b"".join(_member(*member) for member in members)


@pytest.mark.parametrize(("suffix", "pack"), [(".xz", lzma.compress), (".gz", gzip.compress), (".zst", _zstd)])
def test_files_come_out_by_their_base_name(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "set.deb"
    path.write_bytes(_package(suffix, pack))
    assert read_deb(path, {"one.gz", "two", "three"}) == {"one.gz": b"\x00first" * 50, "two": b"second\n"}


@pytest.mark.parametrize(("suffix", "pack"), [(".xz", lzma.compress), (".gz", gzip.compress), (".zst", _zstd)])
@pytest.mark.parametrize("length", [5, 40, 150, -9])
def test_a_damaged_package_is_named(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes], length: int) -> None:
    path = tmp_path / "set.deb"
    path.write_bytes(_package(suffix, pack)[:length])
    with pytest.raises(InputError, match=r"set\.deb is not a whole Debian package"):
        read_deb(path, {"two"})
