"""Optimal weights against brute force, and the greedy bound against every mixture."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_scaling.frontier.forecaster import separable, utility_left
from curation_scaling.frontier.greedy import bounded, greedy
from curation_scaling.frontier.optimal import optimal_weights, search_weights
from curation_scaling.laws import GoyalAnchored, GoyalEq3, ReleasedData
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.saved import SavedFit

POOLS = ["a", "b", "c"]
LAW = GoyalEq3(pools=tuple(POOLS), n0=50.0)


def saved(slopes, half_lives, gamma=0.0, law=LAW, head=(0.1, 0.9)):
    theta = np.array([[*head, gamma, *(-np.asarray(slopes)), *half_lives]])
    return SavedFit(law, theta, theta * np.linspace(0.98, 1.02, 3)[:, None])


def errors(fit, weights, sizes, samples):
    mixtures = [Mixture(tuple(POOLS), np.asarray(q, float), sizes).sampled() for q in weights]
    found = fit.forecast(mixtures, np.arange(len(mixtures)), np.full(len(mixtures), samples))
    return found[0], found[1]


def lattice(steps):
    return [np.array(q) / steps for q in product(range(steps + 1), repeat=3) if sum(q) == steps]


slopes = st.lists(st.floats(0.01, 0.6), min_size=3, max_size=3)
half_lives = st.lists(st.floats(0.3, 40), min_size=3, max_size=3)
pool_sizes = st.lists(st.floats(60, 2000), min_size=3, max_size=3).map(np.array)


@settings(max_examples=20, deadline=None)
@given(slopes, half_lives, pool_sizes, st.floats(1.0, 60))
def test_no_mixture_beats_the_dual_solution(b, tau, sizes, passes):
    fit = saved(b, tau)
    samples = passes * sizes.min()
    found = optimal_weights(fit, POOLS, sizes, samples)
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    assert (found.weights >= 0).all()
    assert separable(fit)
    mine, draws = errors(fit, [found.weights], sizes, samples)
    rivals, rival_draws = errors(fit, lattice(12), sizes, samples)
    assert mine[0] <= rivals.min() + 1e-12
    for i, own in enumerate(found.draws):
        best = errors(fit, [own], sizes, samples)[1][i, 0]
        assert best <= rival_draws[i].min() + 1e-12
        assert best <= draws[i, 0] + 1e-12


def test_weights_lie_on_whole_repetitions():
    """Each pass is worth less than the one before: pools end where a pass does, but for the marginal one."""
    sizes = np.array([100.0, 100.0, 100.0])
    found = optimal_weights(saved([0.4, 0.39, 0.38], [0.3, 0.3, 0.3]), POOLS, sizes, 250.0)
    assert found.weights * 2.5 == pytest.approx([1, 1, 0.5])


@pytest.mark.parametrize("samples", [150.0, 900.0, 7000.0])
def test_the_search_finds_what_the_dual_finds(samples):
    fit, sizes = saved([0.4, 0.3, 0.15], [2.0, 5.0, 9.0]), np.array([100.0, 300.0, 900.0])
    exact = optimal_weights(fit, POOLS, sizes, samples).weights
    searched = search_weights(fit, POOLS, sizes, samples)
    found, best = (errors(fit, [q], sizes, samples)[0] for q in (searched, exact))
    assert found == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.0])
@pytest.mark.parametrize("samples", [300.0, 4000.0])
def test_no_lattice_point_beats_the_search(gamma, samples):
    fit, sizes = saved([0.4, 0.33, 0.2], [2.0, 3.0, 9.0], gamma), np.array([100.0, 300.0, 900.0])
    assert not separable(fit)
    found = optimal_weights(fit, POOLS, sizes, samples)
    assert found.draws is None
    assert errors(fit, [found.weights], sizes, samples)[0] <= errors(fit, lattice(24), sizes, samples)[0].min() + 1e-9
    again = optimal_weights(fit, POOLS, sizes, samples)
    assert found.weights.tolist() == again.weights.tolist()


@settings(max_examples=20, deadline=None)
@given(slopes, half_lives, pool_sizes, st.booleans())
def test_no_mixture_beats_the_greedy_schedule(b, tau, sizes, anchored):
    law = GoyalAnchored(pools=tuple(POOLS), n1=60.0) if anchored else LAW
    fit = saved(b, tau, law=law, head=(0.1, 0.9, 400.0) if anchored else (0.1, 0.9))
    assert bounded(fit)
    budgets = sizes.min() * np.array([1.0, 4.5, 30.0])
    found = greedy(fit, POOLS, sizes, budgets)
    assert found.repetitions @ sizes == pytest.approx(budgets)
    for i, samples in enumerate(budgets):
        rivals, draws = errors(fit, lattice(10), sizes, samples)
        assert found.estimate[i] <= rivals.min() + 1e-12
        assert (found.draws[:, i] <= draws.min(axis=1) + 1e-12).all()


def test_one_pool_is_its_own_greedy_schedule():
    fit, sizes = saved([0.4, 0.3, 0.2], [2.0, 5.0, 9.0]), np.array([100.0])
    found = greedy(fit, ["b"], sizes, np.array([150.0, 990.0]))
    mixture = Mixture(("b",), np.ones(1), sizes)
    alone = fit.forecast([mixture], np.zeros(2, dtype=np.intp), np.array([150.0, 990.0]))
    assert found.estimate == pytest.approx(alone[0], rel=1e-12)
    assert found.draws == pytest.approx(alone[1], rel=1e-12)


def test_only_laws_of_added_utilities_have_a_bound():
    assert not bounded(saved([0.4, 0.3, 0.2], [2.0, 5.0, 9.0], gamma=1.0))
    assert not bounded(saved([0.4, 0.3, 0.2], [2.0, 5.0, 9.0], law=ReleasedData(pools=tuple(POOLS))))


def test_utility_left_is_that_of_the_pass_that_begins():
    fit = saved([0.4, 0.3, 0.2], [2.0, 5.0, 9.0], gamma=1.0)
    mixture = Mixture(("a", "c"), np.array([0.25, 0.75]), np.array([100.0, 100.0]))
    estimate, draws = utility_left(fit, mixture, 800.0)  # two passes over a, six over c
    assert estimate == pytest.approx([0.4 * 0.5 ** (2 / (2.0 * 4)), 0.2 * 0.5 ** (6 / (9.0 / 0.75))])
    assert draws[1] == pytest.approx(estimate)
