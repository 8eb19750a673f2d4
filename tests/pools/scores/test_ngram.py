from collections import Counter, defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.pools.scores.ngram import score_ngram
from curation_scaling.pools.sources.alphabet import SYMBOLS

texts = st.lists(st.text("ab \n", min_size=1, max_size=30), min_size=1, max_size=8)


def _frame(rows: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"text": rows}, schema={"text": pl.String})


def _chance(reference: list[str], history: str, symbol: str) -> float:
    """Witten-Bell by its definition, one history at a time; the history is what came before in the same text."""
    follow: dict[str, Counter[str]] = defaultdict(Counter)
    for text in reference:
        for i, character in enumerate(text):
            for length in range(min(i, len(history)) + 1):
                follow[text[i - length : i]][character] += 1
    chance = 1 / SYMBOLS
    for length in range(len(history) + 1):
        counts = follow[history[len(history) - length :]]
        if counts:
            chance = (counts[symbol] + len(counts) * chance) / (counts.total() + len(counts))
    return chance


@settings(max_examples=60, deadline=None)
@given(texts, texts, st.integers(1, 5))
def test_scores_follow_the_definition(reference: list[str], rows: list[str], order: int) -> None:
    expected = [
        -np.mean([np.log2(_chance(reference, text[max(0, i - order + 1) : i], text[i])) for i in range(len(text))])
        for text in rows
    ]
    assert score_ngram(_frame(rows), _frame(reference), order=order) == pytest.approx(expected, rel=1e-9)


def test_the_chances_of_all_symbols_sum_to_one() -> None:
    alphabet = "".join(map(chr, range(32, 127))) + "\n"
    reference = _frame(["the cat sat on the mat", "then the rat ran"])
    stem = "the"
    bits = score_ngram(_frame([stem + symbol for symbol in alphabet]), reference) * 4
    stem_bits = score_ngram(_frame([stem]), reference)[0] * 3
    assert (2.0 ** -(bits - stem_bits)).sum() == pytest.approx(1, rel=1e-9)


def test_text_like_the_reference_scores_lower() -> None:
    reference = _frame(["Returns the mean of the array along the given axis.\n" * 20])
    rows = ["the array of the mean", "def f(x): return x", "QZ#@~%^&*|"]
    scores = score_ngram(_frame(rows), reference)
    assert scores[0] < scores[1] < scores[2]
    assert score_ngram(_frame(rows[::-1]), reference).tolist() == scores[::-1].tolist()


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="order"):
        score_ngram(_frame(["a"]), _frame(["a"]), order=0)
    with pytest.raises(InputError, match="reference"):
        score_ngram(_frame(["a"]), _frame([]))
    with pytest.raises(InputError, match="row 1 is empty"):
        score_ngram(_frame(["a", ""]), _frame(["a"]))
