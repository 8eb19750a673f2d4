"""Comparison of pools against loops over the draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation_scaling.frontier.compare import compare, pareto_set, quantiles

LEVEL = 0.9
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 3))  # draws, pools, budgets
FEW = st.sampled_from([0.25, 0.5, 0.75, 1.0])  # ties happen


@given(draws=SHAPES.flatmap(lambda shape: arrays(float, shape, elements=FEW | st.floats(0.01, 10))), data=st.data())
def test_all_columns_are_those_of_a_loop(draws, data):
    count, pools, budgets = draws.shape
    predicted = data.draw(arrays(float, (pools, budgets), elements=FEW))
    found = compare(predicted, draws, LEVEL)
    for b in range(budgets):
        votes, regret = np.zeros(pools), np.zeros(pools)
        for draw in draws[:, :, b]:
            winners = [p for p in range(pools) if draw[p] == min(draw)]
            for p in range(pools):
                votes[p] += (p in winners) / len(winners) / count
                regret[p] += (draw[p] - min(draw)) / count
        assert found.probability_best[:, b] == pytest.approx(votes)
        assert found.expected_regret[:, b] == pytest.approx(regret, abs=1e-12)
        for p in range(pools):
            assert found.best[p, b] == (predicted[p, b] == min(predicted[:, b]))
            rivals = [predicted[q, c] for q in range(pools) for c in range(b)]
            better = all(predicted[p, b] < r for r in rivals)
            assert found.pareto[p, b] == (found.best[p, b] and better)
    assert found.probability_best.sum(axis=0) == pytest.approx(1)
    assert (found.expected_regret >= 0).all()
    assert (found.lower <= found.upper).all()
    assert (draws.min(axis=0) <= found.lower).all()
    assert (found.upper <= draws.max(axis=0)).all()


@given(arrays(float, (20, 3, 2), elements=st.floats(0.1, 1)))
def test_a_pool_that_always_wins_has_no_regret(draws):
    draws[:, 1] = 0.05
    found = compare(draws.mean(axis=0), draws, LEVEL)
    assert (found.probability_best[1] == 1).all()
    assert (found.expected_regret[1] == 0).all()
    assert (found.expected_regret[[0, 2]] > 0).all()
    assert found.best[1].all()


def test_the_pareto_set_leaves_out_what_a_smaller_budget_reaches():
    predicted = np.array([[0.5, 0.4, 0.45, 0.3], [0.6, 0.4, 0.5, 0.35]])
    found = compare(predicted, predicted[None], LEVEL)
    assert found.pareto.tolist() == [[True, True, False, True], [False, True, False, False]]


def test_intervals_are_percentiles():
    draws = np.linspace(0, 1, 1001)[:, None, None]
    found = compare(np.array([[0.5]]), draws, 0.9)
    assert (found.lower.item(), found.upper.item()) == pytest.approx((0.05, 0.95))


@given(arrays(float, (3, 17), elements=st.floats(-5, 5)), st.floats(0.01, 0.49))
def test_quantiles_are_those_of_numpy(rows, share):
    expected = np.quantile(rows, [share, 1 - share], axis=1)
    assert quantiles(rows, (share, 1 - share)) == pytest.approx(expected, abs=1e-12)


@given(arrays(float, (9, 3), elements=FEW))
def test_the_pareto_set_is_what_no_other_point_beats(points):
    kept = pareto_set(*points.T)
    for i, mine in enumerate(points):
        beaten = any((other <= mine).all() and (other < mine).any() for other in points)
        assert kept[i] == (not beaten)
