"""Hashed character n-grams of many texts at once: each distinct n-gram is hashed once, not once an occurrence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import murmurhash3_32

_SPACES = re.compile(r"\s\s+")


def count_ngrams(texts: Sequence[str], lengths: Sequence[int], columns: int) -> sp.csr_array:
    """Counts (f32) of the hashed character n-grams of each text: (texts, columns), row indices sorted.

    The columns and counts are those of scikit-learn's `HashingVectorizer(analyzer="char", alternate_sign=False,
    norm=None)`: lower case, each run of two or more white spaces one space, MurmurHash3 of the n-gram modulo `columns`.
    The texts are in the alphabet of `alphabet.py`; `lengths` are those of the n-grams, at most 4.
    """
    plain = [_SPACES.sub(" ", text.lower()) for text in texts]
    codes, symbols = _dense("".join(plain))
    sizes = np.array([len(text) for text in plain], np.int64)
    row = np.repeat(np.arange(len(texts), dtype=np.int32), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(codes))  # symbols from here to the end of the text
    rows, places = [], []
    for n in lengths:
        windows = np.zeros(max(len(codes) - n + 1, 0), np.uint32)
        for i in range(n):
            windows = windows * np.uint32(len(symbols)) + codes[i : i + len(windows)]
        inside = left[: len(windows)] >= n
        rows.append(row[: len(windows)][inside])
        places.append(_columns(windows[inside], n, symbols, columns))
    counts = np.ones(sum(map(len, rows)), np.float32)
    table = sp.coo_array((counts, (np.concatenate(rows), np.concatenate(places))), shape=(len(texts), columns))
    found = table.tocsr()
    found.sum_duplicates()
    return found


def _dense(text: str) -> tuple[NDArray[np.uint32], list[str]]:
    """The text as places in the list of the symbols that occur in it."""
    codes = np.frombuffer(text.encode("ascii"), np.uint8)
    symbols = np.flatnonzero(np.bincount(codes, minlength=1))
    place = np.zeros(256, np.uint32)
    place[symbols] = np.arange(len(symbols))
    return place[codes], [chr(symbol) for symbol in symbols]


def _columns(windows: NDArray[np.uint32], n: int, symbols: list[str], columns: int) -> NDArray[np.int32]:
    """The column of each n-gram, given as a number whose digits are places among the symbols."""
    base = len(symbols)
    place = np.full(base**n, -1, np.int32)
    place[windows] = 0
    distinct = np.flatnonzero(place == 0)
    digits = np.stack([distinct // base**i % base for i in reversed(range(n))], axis=1)
    names = ("".join([symbols[d] for d in digit]) for digit in digits.tolist())
    place[distinct] = [abs(murmurhash3_32(name)) % columns for name in names]
    return place[windows]
