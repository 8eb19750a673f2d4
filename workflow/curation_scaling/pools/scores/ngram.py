"""Cross-entropy of text under a character n-gram model of a reference: low where text resembles the reference.

The perplexity filter of web corpora (Wenzek et al. 2020, CCNet, section 4.2), with characters for words.
"""

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.alphabet import SYMBOLS, encode

BETTER: Literal["higher", "lower"] = "lower"


def score_ngram(frame: pl.DataFrame, reference: pl.DataFrame, *, order: int = 4) -> NDArray[np.float64]:
    """Bits per character of each row's `text` under the n-gram model of the `reference` texts.

    The history of a character ends at the start of its chunk, in the reference as in the rows: the first characters
    are predicted from shorter histories.

    Args:
        frame: rows to score, column `text` in the alphabet of the sources.
        reference: rows of the target, column `text`.
        order: length n of the longest n-gram, its last character included (1 to 9).

    Raises:
        InputError: if the reference or a text is empty, or the order out of range.
    """
    if not 1 <= order <= 9:
        raise InputError(f"score key order: {order} is not between 1 and 9, choose a number in that range")
    if reference.is_empty():
        raise InputError("score ngram: the source has no reference text, give it some (reference_characters)")
    lengths = frame["text"].str.len_chars().to_numpy().astype(np.int64)
    if lengths.size and lengths.min() == 0:
        raise InputError(f"score ngram: column text, row {int(lengths.argmin())} is empty, drop it")
    text = _Position(frame["text"])
    target = _Position(reference["text"])
    chance, histories = np.full(len(text.codes), 1 / SYMBOLS), 1
    for _ in range(order):
        chance, histories = _longer(chance, text, target, histories)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return np.bincount(owner, weights=-np.log2(chance), minlength=len(lengths)) / lengths


class _Position:
    """Where each character of some texts stands in the tree of n-grams of the reference, for a growing n."""

    def __init__(self, texts: pl.Series) -> None:
        """Start with n = 1: all characters have the same, empty history, number 0."""
        lengths = texts.str.len_chars().to_numpy().astype(np.int64)
        self.codes = encode(texts).astype(np.int64)
        self.history = np.zeros(len(self.codes), np.int64)
        """Number of the n - 1 characters before each, -1 where the reference has none such or the text has begun."""
        self._begins = (np.cumsum(lengths) - lengths)[lengths > 0]

    def grow(self, number: NDArray[np.int64]) -> None:
        """Make histories one character longer; `number` gives the new number of each history and character."""
        grams = np.full(len(self.codes), -1)
        known = self.history >= 0
        grams[known] = number[self.history[known] * SYMBOLS + self.codes[known]]
        self.history = np.roll(grams, 1)
        self.history[self._begins] = -1


def _longer(
    shorter: NDArray[np.float64], text: _Position, target: _Position, histories: int
) -> tuple[NDArray[np.float64], int]:
    """Chances of the text's characters under n-grams of the target, given those under (n-1)-grams.

    p_n(c|h) = (count(hc) + types(h) p_{n-1}(c|h')) / (count(h) + types(h)), types(h) being the number of different
    characters that follow h (Witten and Bell 1991, as in Chen and Goodman 1998, section 2.5). Where nothing follows h
    in the target the chance stays as it is. Both positions then grow by one character; with the chances comes the
    number of the new, longer histories.
    """
    seen = target.history >= 0
    count = np.bincount(target.history[seen] * SYMBOLS + target.codes[seen], minlength=histories * SYMBOLS)
    total = count.reshape(histories, SYMBOLS).sum(axis=1)
    types = np.count_nonzero(count.reshape(histories, SYMBOLS), axis=1)

    known = np.flatnonzero(text.history >= 0)
    known = known[total[text.history[known]] > 0]
    history = text.history[known]
    longer = shorter.copy()
    longer[known] = (count[history * SYMBOLS + text.codes[known]] + types[history] * shorter[known]) / (
        total[history] + types[history]
    )
    number = np.where(count > 0, np.cumsum(count > 0) - 1, -1)
    text.grow(number)
    target.grow(number)
    return longer, int(np.count_nonzero(count))
