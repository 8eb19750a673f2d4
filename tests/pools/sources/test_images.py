import numpy as np
import polars as pl
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from curation_scaling.errors import InputError
from curation_scaling.pools.scores.sharpness import score_sharpness
from curation_scaling.pools.sources.images import blur, read_images


@pytest.mark.parametrize("sigma", [1.0, 1.7, 2.9])
def test_the_blur_is_a_gaussian_with_reflecting_edges(sigma: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    blurred = blur(images, np.full(5, sigma)).astype(float)
    expected = np.stack([gaussian_filter(image.astype(float), sigma, mode="reflect", truncate=8) for image in images])
    # Half a grey level of rounding, and the kernel there is sampled at whole pixels.
    assert np.abs(blurred - expected).max() < 0.8


def test_every_image_gets_its_own_blur_and_none_at_sigma_0() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8)).astype(np.uint8)
    together = blur(images, np.array([0.0, 1.0, 2.0]))
    assert (together[0] == images[0]).all()
    for i, sigma in enumerate((0.0, 1.0, 2.0)):
        assert (together[i] == blur(images[i : i + 1], np.array([sigma]))[0]).all()


def test_digits_keep_the_contract_of_a_source() -> None:
    source = read_images(dataset="digits", blur_sigma_max=1.5, seed=3, test_images=497)
    frame = source.frame
    assert dict(frame.schema) == {
        "uid_hi": pl.UInt64,
        "uid_lo": pl.UInt64,
        "group": pl.String,
        "role": pl.String,
        "size": pl.Int64,
        "features": pl.Array(pl.UInt8, 64),
        "label": pl.Int32,
    }
    assert source.counts == {"read": 1797, "kept": frame.height, "duplicate": 1797 - frame.height}
    assert frame.select("uid_hi", "uid_lo").is_unique().all()
    assert frame.equals(frame.sort("uid_hi", "uid_lo"))
    assert frame["role"].value_counts().sort("role").rows() == [("pool", frame.height - 497), ("test", 497)]
    share = frame.group_by("group").agg((pl.col("role") == "test").mean().alias("share"))["share"]
    assert share.min() > 0.26  # 497 / 1797 = 0.277 in every class
    assert share.max() < 0.29
    assert (frame["group"] == frame["label"].cast(pl.String)).all()
    assert read_images(dataset="digits", blur_sigma_max=1.5, seed=3, test_images=497).frame.equals(frame)


def test_test_images_stay_sharp_and_pool_images_do_not() -> None:
    originals = {image.tobytes() for image in (load_digits().images * 15).astype(np.uint8).reshape(-1, 64)}
    source = read_images(dataset="digits", blur_sigma_max=1.5, seed=0, test_images=400)
    kept = {
        role: np.mean([bytes(pixels) in originals for pixels in rows["features"].to_numpy()])
        for (role,), rows in source.frame.partition_by("role", as_dict=True).items()
    }
    assert kept["test"] == 1
    assert kept["pool"] < 0.2  # only the weakest blurs leave every pixel as it was
    sharpness = source.frame.with_columns(s=score_sharpness(source.frame)).group_by("role").agg(pl.col("s").mean())
    means = dict(sharpness.iter_rows())
    assert means["pool"] < 0.7 * means["test"]


def test_the_seed_changes_the_blur_but_no_name() -> None:
    one, two = (read_images(dataset="digits", blur_sigma_max=1.5, seed=seed).frame for seed in (1, 2))
    assert one.select("uid_hi", "uid_lo").equals(two.select("uid_hi", "uid_lo"))
    assert not one["features"].equals(two["features"])
    assert not one["role"].equals(two["role"])


@pytest.mark.parametrize("test_images", [0, 1797])
def test_a_test_set_that_leaves_nothing_is_refused(test_images: int) -> None:
    with pytest.raises(InputError, match="test_images"):
        read_images(dataset="digits", blur_sigma_max=1, seed=0, test_images=test_images)
