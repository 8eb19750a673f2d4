"""What the network reads: characters with their context as sparse one-hot vectors, or dense features.

Both present a list of pools and a test set as numbered units: one unit is one training example.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.alphabet import SYMBOLS, encode


class Inputs(Protocol):
    """Training units of the pools, laid end to end, and the units of the test set."""

    sizes: list[int]
    """Units of each pool."""
    classes: NDArray[np.int64]
    """All targets that can occur."""
    test_size: int

    def train(self, units: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]]:
        """Inputs (n, inputs) and targets (n,) of training units."""
        ...

    def test(self, units: slice) -> tuple[Any, NDArray[np.int64]]:
        """Inputs (n, inputs) and targets (n,) of test units."""
        ...


class CharacterInputs:
    """Every character is a unit: predict it from the `context` characters before it in the same chunk.

    The input has one block of 97 per context position, a single 1 in each: the symbol there, or the padding symbol
    before the start of the chunk. Column `text` must be written in the alphabet of the sources.
    """

    def __init__(self, pools: Sequence[pl.DataFrame], test: pl.DataFrame, *, context: int) -> None:
        """Lay out the contexts of all units (4 bytes times `context` each)."""
        chunks = pl.concat([pool["text"] for pool in pools])
        self.sizes = [int(pool["text"].str.len_chars().sum()) for pool in pools]
        self.classes = np.arange(SYMBOLS)
        self._columns, self._targets = _contexts(chunks, context)
        self._test_columns, self._test_targets = _contexts(test["text"], context)
        self.test_size = len(self._test_targets)

    def train(self, units: NDArray[np.int64]) -> tuple[csr_array, NDArray[np.int64]]:
        """Sparse inputs and next characters of training units."""
        return _one_hot(self._columns[units]), self._targets[units]

    def test(self, units: slice) -> tuple[csr_array, NDArray[np.int64]]:
        """Sparse inputs and next characters of test units."""
        return _one_hot(self._test_columns[units]), self._test_targets[units]


class FeatureInputs:
    """Every sample is a unit: predict `label` from `features` (pixels 0 to 255, scaled to 0 to 1; reals stay).

    With `pca` the features are projected on that many principal components of the pools that are trained on; nothing
    is learnt from the test set.
    """

    def __init__(self, pools: Sequence[pl.DataFrame], test: pl.DataFrame, *, pca: int | None) -> None:
        """Scale, and project if asked to.

        Raises:
            InputError: if there are fewer features or samples than principal components.
        """
        self.sizes = [pool.height for pool in pools]
        self.test_size = test.height
        self._targets = pl.concat([pool["label"] for pool in pools]).to_numpy().astype(np.int64)
        self._test_targets = test["label"].to_numpy().astype(np.int64)
        self.classes = np.union1d(self._targets, self._test_targets)
        self._features = _pixels(pl.concat([pool["features"] for pool in pools]))
        self._test_features = _pixels(test["features"])
        if pca is not None:
            self._project(pca)

    def _project(self, components: int) -> None:
        from sklearn.decomposition import PCA

        if components > min(self._features.shape):
            raise InputError(
                f"trainer key pca: {components} components are more than the {self._features.shape[1]} features or the "
                f"{self._features.shape[0]} samples of the pool, choose fewer"
            )
        pca = PCA(components, svd_solver="covariance_eigh").fit(self._features)
        self._features, self._test_features = pca.transform(self._features), pca.transform(self._test_features)

    def train(self, units: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features and labels of training units."""
        return self._features[units], self._targets[units]

    def test(self, units: slice) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features and labels of test units."""
        return self._test_features[units], self._test_targets[units]


def _pixels(features: pl.Series) -> NDArray[np.float32]:
    """Pixels from 0 to 1; features that are real numbers already, as they are."""
    values = features.to_numpy()
    if values.dtype == np.float32:
        return np.array(values)
    return values.astype(np.float32) / np.float32(255)


def _contexts(chunks: pl.Series, context: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Column of the 1 in each block (units, context), nearest character first, and the character itself (units,)."""
    codes = encode(chunks).astype(np.int32)
    lengths = chunks.str.len_chars().to_numpy().astype(np.int64)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    position = np.arange(len(codes)) - starts
    columns = np.empty((len(codes), context), np.int32)
    for block in range(context):
        before = np.roll(codes, block + 1)
        columns[:, block] = block * (SYMBOLS + 1) + np.where(position > block, before, SYMBOLS)
    return columns, codes.astype(np.int64)


def _one_hot(columns: NDArray[np.int32]) -> csr_array:
    rows, context = columns.shape
    ends = np.arange(0, rows * context + 1, context, dtype=np.int32)
    ones = np.ones(rows * context, np.float32)
    return csr_array((ones, columns.ravel(), ends), shape=(rows, context * (SYMBOLS + 1)))
