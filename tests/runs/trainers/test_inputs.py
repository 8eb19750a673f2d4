import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.alphabet import SYMBOLS, encode
from curation_scaling.runs.trainers.inputs import CharacterInputs, FeatureInputs


def _text(*rows: str) -> pl.DataFrame:
    return pl.DataFrame({"text": list(rows)})


def _images(rows: np.ndarray, labels: list[int]) -> pl.DataFrame:
    features = pl.Series(rows.astype(np.uint8), dtype=pl.Array(pl.UInt8, rows.shape[1]))
    return pl.DataFrame({"features": features, "label": pl.Series(labels, dtype=pl.Int32)})


def test_a_context_ends_at_the_start_of_its_chunk() -> None:
    pools = [_text("abc", "d\n"), _text("xyz")]
    inputs = CharacterInputs(pools, _text("a"), context=2)
    assert inputs.sizes == [5, 3]
    assert inputs.test_size == 1
    x, y = inputs.train(np.arange(8))
    assert y.tolist() == encode(["abcd\nxyz"]).tolist()
    assert x.shape == (8, 2 * (SYMBOLS + 1))
    blocks = x.toarray().reshape(8, 2, SYMBOLS + 1)
    assert (blocks.sum(axis=2) == 1).all()
    alphabet = "".join(map(chr, range(32, 127))) + "\n^"  # ^ stands for the padding symbol
    alphabet = alphabet[:95] + "\n" + "\0"
    nearest = ["".join(alphabet[k] for k in row.argmax(axis=1)) for row in blocks]
    assert nearest == ["\0\0", "a\0", "ba", "\0\0", "d\0", "\0\0", "x\0", "yx"]


def test_features_are_scaled_and_projected_without_the_test() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (60, 9))
    pools = [_images(rows[:30], [0, 1] * 15), _images(rows[30:], [2] * 30)]
    plain = FeatureInputs(pools, _images(rows[:5], [0, 0, 0, 0, 3]), pca=None)
    assert plain.sizes == [30, 30]
    assert plain.classes.tolist() == [0, 1, 2, 3]
    x, y = plain.train(np.array([31, 0]))
    assert x.dtype == np.float32
    assert x == pytest.approx(rows[[31, 0]] / 255)
    assert y.tolist() == [2, 0]
    one = FeatureInputs(pools, _images(rows[:5], [0] * 5), pca=3)
    other = FeatureInputs(pools, _images(255 - rows[:8], [0] * 8), pca=3)
    assert (one.train(np.arange(60))[0] == other.train(np.arange(60))[0]).all()
    assert one.test(slice(0, 5))[0] == pytest.approx(one.train(np.arange(5))[0], abs=1e-5)
    centred = one.train(np.arange(60))[0]
    assert centred.shape == (60, 3)
    assert np.abs(centred.mean(axis=0)).max() < 1e-5


def test_too_many_components_are_refused() -> None:
    pool = _images(np.eye(4) * 9, [0, 1, 0, 1])
    with pytest.raises(InputError, match="pca: 5 components"):
        FeatureInputs([pool], pool, pca=5)
