"""Hashed n-grams against the vectorizer whose definition they follow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from curation_scaling.pools.sources.alphabet import normalise
from curation_scaling.pools.sources.ngrams import count_ngrams

texts = st.lists(st.text(st.sampled_from("aAbZ0 \n?~é\t"), max_size=30).map(normalise), min_size=1, max_size=8)


@given(texts, st.integers(1, 2), st.integers(0, 2), st.sampled_from([1, 7, 2**16]))
def test_counts_are_those_of_the_vectorizer(texts: list[str], shortest: int, more: int, columns: int) -> None:
    found = count_ngrams(texts, range(shortest, shortest + more + 1), columns)
    expected = HashingVectorizer(
        analyzer="char",
        ngram_range=(shortest, shortest + more),
        n_features=columns,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    ).transform(texts)
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    assert found.dtype == np.float32
    assert found.has_sorted_indices


@pytest.mark.parametrize("text", ["", "a", "\n\n\n"])
def test_texts_shorter_than_an_ngram_have_empty_rows(text: str) -> None:
    assert count_ngrams([text], [4], 16).nnz == 0
