import numpy as np
import polars as pl
import pytest
from scipy.ndimage import laplace

from curation_scaling.errors import InputError
from curation_scaling.pools.scores.sharpness import laplacian_variance, score_sharpness
from curation_scaling.pools.sources.images import blur

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 9, 9)).astype(np.uint8)


def test_it_is_the_variance_of_the_inner_laplacian() -> None:
    expected = [laplace(image.astype(float))[1:-1, 1:-1].var() for image in IMAGES]
    assert laplacian_variance(IMAGES) == pytest.approx(expected)


def test_more_blur_is_less_sharp_in_every_image() -> None:
    scores = [laplacian_variance(blur(IMAGES, np.full(20, sigma))) for sigma in (0, 0.5, 1, 2)]
    assert (np.diff(scores, axis=0) < 0).all()


def test_rows_are_scored_alike_and_must_be_square() -> None:
    frame = pl.DataFrame({"features": pl.Series(IMAGES.reshape(20, 81), dtype=pl.Array(pl.UInt8, 81))})
    assert (score_sharpness(frame) == laplacian_variance(IMAGES)).all()
    with pytest.raises(InputError, match="square"):
        score_sharpness(pl.DataFrame({"features": pl.Series(IMAGES[:, 0], dtype=pl.Array(pl.UInt8, 9))}).select(
            pl.col("features").arr.to_list().list.head(8).list.to_array(8)
        ))  # fmt: skip
