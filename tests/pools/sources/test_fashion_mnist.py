import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.sources import fashion_mnist
from curation_scaling.pools.sources.fashion_mnist import read_fashion_mnist, read_idx

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
LABELS = np.array([7, 0, 9], np.uint8)


def _idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four small files whose checksums the reader expects for this test."""
    files = {name: _idx(IMAGES if "images" in name else LABELS) for name in fashion_mnist.SHA256}
    monkeypatch.setattr(
        fashion_mnist, "SHA256", {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    )
    return files


@pytest.fixture
def repository(small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A web server on this machine that offers the packed files, and no apt-get."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for name, content in small.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(fashion_mnist, "REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("PATH", str(tmp_path))
        yield folder
        server.shutdown()


def test_an_idx_file_holds_its_shape() -> None:
    assert (read_idx(_idx(IMAGES)) == IMAGES).all()
    with pytest.raises(InputError, match="IDX"):
        read_idx(b"\x89PNG")


@pytest.mark.parametrize("packed", [True, False])
def test_a_local_folder_is_enough(small: dict[str, bytes], tmp_path: Path, packed: bool) -> None:
    for name, content in small.items():
        (tmp_path / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(content) if packed else content)
    found = read_fashion_mnist(folder=tmp_path)
    assert (found.train_images == IMAGES).all()
    assert (found.test_labels == LABELS).all()
    assert set(found.provenance) == {f"sha256 {name}" for name in small}


def test_a_changed_file_is_refused_by_name(small: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in small.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(_idx(IMAGES[::-1]))
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte.*sha256"):
        read_fashion_mnist(folder=tmp_path)


def test_a_truncated_packed_file_is_refused(small: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in small.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content)[:-12])
    with pytest.raises(InputError, match="damaged"):
        read_fashion_mnist(folder=tmp_path)


def test_a_folder_without_the_files_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source key folder.*train-images-idx3-ubyte"):
        read_fashion_mnist(folder=tmp_path)


def test_the_public_repository_fills_the_cache_once(repository: Path, tmp_path: Path) -> None:
    cache, nowhere = tmp_path / "cache", tmp_path / "nowhere"
    assert (read_fashion_mnist(cache=cache, installed=nowhere).train_labels == LABELS).all()
    for path in repository.iterdir():
        path.unlink()
    assert (read_fashion_mnist(cache=cache, installed=nowhere).train_labels == LABELS).all()


def test_all_places_that_failed_are_told(repository: Path, tmp_path: Path) -> None:
    (repository / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError) as caught:
        read_fashion_mnist(cache=tmp_path / "cache", installed=tmp_path / "nowhere")
    message = str(caught.value)
    for part in ("nowhere (absent)", "apt-get (absent)", "HTTP Error 404", "source key folder"):
        assert part in message
    with pytest.raises(InputError, match="switched off"):
        read_fashion_mnist(cache=tmp_path / "cache", installed=tmp_path / "nowhere", download=False)


@pytest.mark.slow
def test_the_real_files(tmp_path: Path) -> None:
    try:
        found = read_fashion_mnist(cache=tmp_path)
    except InputError as error:
        pytest.skip(str(error))
    assert found.train_images.shape == (60_000, 28, 28)
    assert (np.bincount(found.test_labels) == 1000).all()
