"""Labelled images with one hidden defect: every pool image is blurred by an unknown amount, test images stay sharp.

The blur stands for the varying quality of a real collection. Neither the score nor the trainer sees how strong it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import fft

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.fashion_mnist import read_fashion_mnist
from curation_scaling.pools.sources.source import POOL, TEST, Source, uids, uniform_by_uid
from curation_scaling.seeds import derive_seed

if TYPE_CHECKING:
    from curation_scaling.study.pruning import ImageTask
    from curation_scaling.study.sources import ImageSources

BATCH = 4096  # images blurred at once: bounds the memory, leaves the result alone


class LabelledImages(NamedTuple):
    """Grey images (n, height, width), u8 from 0 to 255, their class labels, and which ones belong to the test."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]
    is_test: NDArray[np.bool_]
    provenance: dict[str, str]


def read_sharp(spec: ImageTask | ImageSources, data_root: str | None, seed: int) -> Source:
    """`read_images` without a blur that shows, as a study's part says: a set, and where it may come from."""
    folder = None if spec.folder is None else Path(data_root or ".") / spec.folder
    options = spec.model_dump(include={"dataset", "test_images", "download"})
    # A thousandth of a pixel of blur leaves every grey level as it is.
    return read_images(**options, blur_sigma_max=1e-3, seed=seed, folder=folder, cache=Path("data/fashion_mnist"))


def read_images(
    *,
    dataset: Literal["digits", "fashion_mnist"],
    blur_sigma_max: float,
    seed: int,
    test_images: int = 500,
    folder: Path | None = None,
    cache: Path | None = None,
    download: bool = True,
) -> Source:
    """Read a set of images, drop duplicates, and blur the pool with sigma ~ U(0, `blur_sigma_max`) pixels.

    Args:
        dataset: scikit-learn's `digits` (1,797 images of 8x8 pixels) or `fashion_mnist` (70,000 of 28x28).
        blur_sigma_max: largest standard deviation of the Gaussian blur, in pixels.
        seed: of the blur and, for `digits`, of the choice of test images.
        test_images: size of the test set of `digits`; Fashion-MNIST keeps its own 10,000 test images.
        folder: where local copies of the Fashion-MNIST files lie.
        cache: where fetched files are kept.
        download: whether Fashion-MNIST may be fetched.

    Returns:
        The source; `features` holds the pixels row by row. The uid names the original image, before the blur. An
        image that the set holds twice is kept once, as a test image where it is one.

    Raises:
        InputError: if Fashion-MNIST cannot be found, or `test_images` leaves no pool.
    """
    found = _digits() if dataset == "digits" else _fashion_mnist(folder, cache, download)
    frame = _frame(found)
    kept = frame.unique(["uid_hi", "uid_lo"], keep="first", maintain_order=True).sort("uid_hi", "uid_lo")
    if dataset == "digits":
        if not 0 < test_images < kept.height:
            raise InputError(f"source key test_images: {test_images} is not between 1 and {kept.height - 1}, set it so")
        kept = kept.with_columns(role=_balanced_test(kept, test_images, seed))
    counts = {"read": frame.height, "kept": kept.height, "duplicate": frame.height - kept.height}
    return Source(_blur_pool(kept, found.images.shape[1:], blur_sigma_max, seed), counts, found.provenance)


def blur(images: NDArray[np.uint8], sigma: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Gaussian blur of (n, height, width) images, each with its own sigma (n,) in pixels; edges reflect.

    In the cosine basis (DCT-II) the blur multiplies the frequencies w by exp(-sigma^2 w^2 / 2), exactly.
    """
    height, width = images.shape[1:]
    squares = np.add.outer((np.pi * np.arange(height) / height) ** 2, (np.pi * np.arange(width) / width) ** 2)
    blurred = np.empty_like(images)
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        waves = fft.dctn(images[part].astype(np.float32), axes=(1, 2), norm="ortho")
        waves *= np.exp(-0.5 * np.multiply.outer(sigma[part] ** 2, squares)).astype(np.float32)
        blurred[part] = np.clip(np.rint(fft.idctn(waves, axes=(1, 2), norm="ortho")), 0, 255)
    return blurred


def _fashion_mnist(folder: Path | None, cache: Path | None, download: bool) -> LabelledImages:
    """The 60,000 training images of Fashion-MNIST as pool and its 10,000 test images."""
    files = read_fashion_mnist(folder=folder, cache=cache, download=download)
    images = np.concatenate([files.test_images, files.train_images])
    labels = np.concatenate([files.test_labels, files.train_labels]).astype(np.int32)
    return LabelledImages(images, labels, np.arange(len(images)) < len(files.test_images), files.provenance)


def _digits() -> LabelledImages:
    import sklearn
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images * 15).astype(np.uint8)  # intensities 0 to 16 become 0 to 240
    provenance = {"scikit-learn": sklearn.__version__}
    return LabelledImages(images, bunch.target.astype(np.int32), np.zeros(len(images), bool), provenance)


def _frame(found: LabelledImages) -> pl.DataFrame:
    pixels = found.images.reshape(len(found.images), -1)
    high, low = uids(image.tobytes() for image in pixels)
    return pl.DataFrame(
        {
            "uid_hi": high,
            "uid_lo": low,
            "group": pl.Series(found.labels).cast(pl.String),
            "role": np.where(found.is_test, TEST, POOL),
            "size": np.ones(len(pixels), np.int64),
            "features": pl.Series(pixels, dtype=pl.Array(pl.UInt8, pixels.shape[1])),
            "label": found.labels,
        }
    )


def _balanced_test(frame: pl.DataFrame, test_images: int, seed: int) -> pl.Series:
    """Roles with `test_images` test images, spread over the classes in proportion (largest shares first)."""
    chance = pl.Series("chance", uniform_by_uid(frame, derive_seed(seed, "test")))
    within = ((pl.col("chance").rank("ordinal") - 0.5) / pl.len()).over("group")
    position = frame.with_columns(chance).select(within.alias("within"), "chance")
    order = position.with_row_index().sort("within", "chance")["index"][:test_images]
    roles = np.full(frame.height, POOL, dtype=object)
    roles[order.to_numpy()] = TEST
    return pl.Series("role", roles, dtype=pl.String)


def _blur_pool(frame: pl.DataFrame, shape: tuple[int, ...], sigma_max: float, seed: int) -> pl.DataFrame:
    pixels = frame["features"].to_numpy().copy()
    in_pool = (frame["role"] == POOL).to_numpy()
    sigma = sigma_max * uniform_by_uid(frame, derive_seed(seed, "blur"))[in_pool]
    pixels[in_pool] = blur(pixels[in_pool].reshape(-1, *shape), sigma).reshape(-1, pixels.shape[1])
    return frame.with_columns(features=pl.Series(pixels, dtype=frame.schema["features"]))
