"""A labelled task of real text: which installed package does a chunk of a docstring come from?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.docstrings import docstrings, texts_of
from curation_scaling.pools.sources.installed import python_files
from curation_scaling.pools.sources.source import POOL, TEST, uids


def read_package_chunks(
    *, packages: Sequence[str], chunk: int, test_share: float, hashes: int, dimensions: int, seed: int
) -> pl.DataFrame:
    """Chunks of docstrings with their features: uid_hi, uid_lo, group, role, label, features (list of f32).

    Whole docstrings are held out, so that no docstring is on both sides; a chunk that occurs before, in any package, is
    dropped. Features are hashed character 2- to 4-grams, TF-IDF, and a truncated SVD of the pool, to which test chunks
    are projected; each row has unit norm.

    Raises:
        InputError: if a package is not installed, or holds no chunk.
    """
    rows: list[tuple[str, str, int]] = []
    seen: set[str] = set()
    for label, package in enumerate(packages):
        before = len(rows)
        for path in python_files([package], seed):
            for text in texts_of(path, docstrings, Counter()):
                digest = hashlib.blake2b(f"{seed} {text}".encode(), digest_size=8).digest()
                role = TEST if int.from_bytes(digest, "big") < test_share * 2**64 else POOL
                for end in range(chunk, len(text) + 1, chunk):
                    piece = text[end - chunk : end]
                    if piece not in seen:
                        seen.add(piece)
                        rows.append((piece, role, label))
        if len(rows) == before:
            raise InputError(f"pruning.task.packages: {package} has no docstring of {chunk} characters; choose another")
    frame = pl.DataFrame(rows, schema={"text": pl.String, "role": pl.String, "label": pl.Int32}, orient="row")
    high, low = uids(text.encode() for text in frame["text"])
    frame = frame.with_columns(uid_hi=pl.Series(high), uid_lo=pl.Series(low)).sort("uid_hi", "uid_lo")
    vectors = _features(frame, hashes, dimensions, seed)
    names = {label: package for label, package in enumerate(packages)}
    return frame.select(
        "uid_hi",
        "uid_lo",
        pl.col("label").replace_strict(names, return_dtype=pl.String).alias("group"),
        "role",
        "label",
        pl.Series("features", vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])),
    )


def _features(frame: pl.DataFrame, hashes: int, dimensions: int, seed: int) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    from curation_scaling.pools.sources.ngrams import count_ngrams

    counts = count_ngrams(frame["text"].to_list(), (2, 3, 4), hashes)
    inside = (frame["role"] == POOL).to_numpy()
    weights = TfidfTransformer(sublinear_tf=True).fit(counts[inside])
    pool = weights.transform(counts[inside]).astype(np.float32)
    svd = TruncatedSVD(dimensions, n_iter=2, random_state=seed % 2**32).fit(pool)
    vectors = svd.transform(weights.transform(counts).astype(np.float32)).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 0, norms, 1) * np.sqrt(dimensions), np.float32)
