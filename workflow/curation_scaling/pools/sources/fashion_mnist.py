"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): found on this machine or fetched, and always checked by sha256."""

import gzip
import hashlib
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.deb import read_deb

# Of the plain IDX files: the packed ones differ from packer to packer.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
PACKAGE = "dataset-fashion-mnist"
INSTALLED = Path("/usr/share/datasets/fashion-mnist")
REPOSITORY = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"


class FashionMnist(NamedTuple):
    """Images (n, 28, 28) u8 and labels (n,) u8 of the training and the test part, and the files' sha256."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    provenance: dict[str, str]


def read_fashion_mnist(
    *, folder: Path | None = None, cache: Path | None = None, download: bool = True, installed: Path = INSTALLED
) -> FashionMnist:
    """Read the four files from the first place that has them.

    The places, in this order: `folder` (where it is given, no other), the system package's folder `installed`, `cache`,
    the system package fetched with apt-get into `cache`, the public repository fetched into `cache`. Files may be plain
    IDX, packed (.gz), or inside the system package (.deb).

    Raises:
        InputError: if no place has all four files, or one of them is not the published file.
    """
    if folder is not None:
        files = _in_folder(folder)
        if files is None:
            raise InputError(
                f"source key folder: {folder} does not hold the four IDX files of Fashion-MNIST, {_hint()}"
            )
        return _parse(files)
    for place in (installed, cache):
        files = None if place is None else _in_folder(place)
        if files is not None:
            return _parse(files)
    tried = [f"{installed} (absent)"]
    if cache is not None and download:
        for fetch in (_fetch_package, _fetch_repository):
            failure = fetch(cache)
            files = _in_folder(cache)
            if files is not None:
                return _parse(files)
            tried.append(failure)
    else:
        tried.append("no download (switched off)")
    raise InputError(f"Fashion-MNIST was not found, tried {'; '.join(tried)}: {_hint()}")


def _hint() -> str:
    names = ", ".join(SHA256)
    return (
        f"put {names} (plain or .gz) or the package {PACKAGE} (.deb) into a folder and name it in the source key folder"
    )


def _in_folder(folder: Path) -> dict[str, bytes] | None:
    """The plain contents of the four files, or None if the folder lacks one."""
    files: dict[str, bytes] = {}
    for package in sorted(folder.glob(f"{PACKAGE}*.deb")):
        files = read_deb(package, {f"{name}{end}" for name in SHA256 for end in ("", ".gz")})
    for name in SHA256:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                files[path.name] = path.read_bytes()
    try:
        plain = {n.removesuffix(".gz"): gzip.decompress(f) if n.endswith(".gz") else f for n, f in files.items()}
    except (EOFError, OSError) as error:
        raise InputError(f"a packed file of Fashion-MNIST in {folder} is damaged ({error}): fetch it again") from error
    return plain if plain.keys() == SHA256.keys() else None


def _parse(files: dict[str, bytes]) -> FashionMnist:
    for name, expected in SHA256.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != expected:
            raise InputError(
                f"{name} of Fashion-MNIST has sha256 {found}, not {expected}: fetch the published file again"
            )
    images, labels, test_images, test_labels = (read_idx(files[name]) for name in SHA256)
    provenance = {f"sha256 {name}": value for name, value in SHA256.items()}
    return FashionMnist(images, labels, test_images, test_labels, provenance)


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """An IDX array of unsigned bytes: two zeros, type 8, rank, big-endian u32 lengths, then the bytes."""
    if content[:3] != b"\0\0\x08":
        raise InputError("an IDX file does not start with the mark of unsigned bytes: fetch it again")
    rank = content[3]
    shape = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape.astype(int))


def _fetch_package(cache: Path) -> str:
    """Put the system package into the cache; the reason if that fails, else empty."""
    if shutil.which("apt-get") is None:
        return "apt-get (absent)"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        try:
            subprocess.run(
                ["apt-get", "download", PACKAGE], cwd=work, check=True, capture_output=True, text=True, timeout=300
            )
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
            return f"apt-get download {PACKAGE} ({reason}; without package lists, run apt-get update)"
        except subprocess.TimeoutExpired:
            return f"apt-get download {PACKAGE} (no end after 300 s)"
        for package in Path(work).glob("*.deb"):
            package.replace(cache / package.name)
    return ""


def _fetch_repository(cache: Path) -> str:
    """Put the four packed files of the public repository into the cache; the reason if that fails, else empty."""
    cache.mkdir(parents=True, exist_ok=True)
    for name in SHA256:
        with tempfile.TemporaryDirectory(dir=cache) as work:
            part = Path(work) / "part"
            try:
                with urllib.request.urlopen(f"{REPOSITORY}/{name}.gz", timeout=60) as answer, part.open("wb") as target:
                    shutil.copyfileobj(answer, target)
            except OSError as error:
                return f"{REPOSITORY} ({error})"
            part.replace(cache / f"{name}.gz")
    return ""
