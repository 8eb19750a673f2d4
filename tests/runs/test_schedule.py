import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.runs.schedule import unit_order

sizes_and_weights = st.lists(st.tuples(st.integers(1, 40), st.floats(0.01, 5)), min_size=1, max_size=5)


def _order(parts: list[tuple[int, float]], length: int, seed: int) -> np.ndarray:
    return unit_order([n for n, _ in parts], [q for _, q in parts], length, np.random.SeedSequence(seed))


@given(sizes_and_weights, st.integers(1, 300), st.integers(0, 9))
def test_each_pool_comes_in_whole_epochs(parts: list[tuple[int, float]], length: int, seed: int) -> None:
    order = _order(parts, length, seed)
    assert len(order) == length
    start = 0
    for size, _ in parts:
        units = order[(order >= start) & (order < start + size)] - start
        for epoch in range(0, len(units), size):
            seen = units[epoch : epoch + size]
            assert len(set(seen.tolist())) == len(seen)
        start += size
    assert order.max() < start


@given(sizes_and_weights, st.integers(1, 300), st.integers(0, 9))
def test_counts_follow_the_weights_at_every_point(parts: list[tuple[int, float]], length: int, seed: int) -> None:
    order = _order(parts, length, seed)
    edges = np.cumsum([0] + [size for size, _ in parts])
    pool = np.searchsorted(edges, order, side="right") - 1
    weights = np.array([q for _, q in parts])
    counts = np.cumsum(pool[:, None] == np.arange(len(parts)), axis=0)
    due = np.arange(1, length + 1)[:, None] * weights / weights.sum()
    assert np.abs(counts - due).max() <= len(parts)


@given(sizes_and_weights, st.integers(1, 100), st.integers(0, 100))
def test_a_longer_schedule_begins_alike(parts: list[tuple[int, float]], length: int, more: int) -> None:
    assert (_order(parts, length + more, 4)[:length] == _order(parts, length, 4)).all()


def test_epochs_differ_and_so_do_seeds() -> None:
    order = _order([(50, 1.0)], 100, 0)
    assert (order[:50] != order[50:]).any()
    assert (order != _order([(50, 1.0)], 100, 1)).any()


def test_a_pool_of_weight_0_is_never_seen() -> None:
    assert _order([(5, 0.0), (5, 1.0)], 20, 0).min() == 5


@pytest.mark.parametrize("parts", [[], [(0, 1.0)], [(3, -1.0)], [(3, 0.0)], [(3, float("nan"))]])
def test_pools_that_cannot_be_trained_on_are_refused(parts: list[tuple[int, float]]) -> None:
    with pytest.raises(InputError, match=r"pool|weights"):
        _order(parts, 10, 0)
