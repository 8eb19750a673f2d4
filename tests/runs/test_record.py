import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.runs.record import describe_pool, weights_by_size

SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**12), min_size=1)


@given(SIZES)
def test_weights_are_in_proportion_to_size_and_sum_to_one(sizes):
    weights = weights_by_size(sizes)
    assert [w["pool"] for w in weights] == list(sizes)
    assert sum(w["weight"] for w in weights) == pytest.approx(1, abs=1e-12)
    for w in weights:
        assert w["weight"] * sum(sizes.values()) == pytest.approx(w["size"])


@given(SIZES, st.integers(1, 10**12))
def test_rows_learn_what_their_pool_holds(sizes, seen):
    frame = pl.DataFrame({"pool": ["b", "a", "b"], "samples_seen": [seen, 2 * seen, 3 * seen]})
    found = describe_pool(frame, {"a": {"a": 7}, "b": sizes})
    total = sum(sizes.values())
    assert found["pool"].to_list() == ["b", "a", "b"]
    assert found["unique_samples"].to_list() == [total, 7, total]
    assert found["repetitions"].to_list() == [seen / total, 2 * seen / 7, 3 * seen / total]
    assert [len(w) for w in found["weights"]] == [len(sizes), 1, len(sizes)]
