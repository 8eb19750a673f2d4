"""Switches of the best pool: known crossings are found, and so are their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.frontier.switches import find_switches

LEVEL = 0.9


def powers(a, b, d=0.0):
    """Errors d + a n^b of pools (pools,) or of draws (draws, pools)."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return lambda n: d + a[..., None] * np.asarray(n) ** b[..., None]


def crossing(a, b):
    """Where two power laws of two pools meet."""
    return (a[1] / a[0]) ** (1 / (b[0] - b[1]))


@given(
    at=st.floats(2e4, 5e7),
    slow=st.floats(-0.5, -0.02),
    gap=st.floats(0.02, 0.5),
    level=st.floats(0.1, 10),
    spread=st.floats(0, 0.3),
)
def test_the_crossing_of_two_power_laws_is_exact(at, slow, gap, level, spread):
    a, b = np.array([level * at**-slow, level * at ** -(slow - gap)]), np.array([slow, slow - gap])
    rng = np.random.default_rng(0)
    many = a * np.exp(spread * gap * rng.standard_normal((201, 2)))
    estimate, draws = powers(a, b), powers(many, np.tile(b, (201, 1)))
    (switch,) = find_switches(lambda n: (estimate(n), draws(n)), 1e4, 1e8, LEVEL)
    assert (switch.from_pool, switch.to_pool) == (0, 1)
    assert switch.budget == pytest.approx(at, rel=1e-7)
    true = np.array([crossing(pair, b) for pair in many])
    true[true < 1e4], true[true >= 1e8] = -np.inf, np.inf
    assert switch.share == pytest.approx(np.isfinite(true).mean(), abs=2 / 201)
    low, high = np.quantile(true, [0.05, 0.95], method="closest_observation")
    for found, expected in ((switch.lower, low), (switch.upper, high)):
        if np.isfinite(expected) and 1.01e4 < expected < 0.99e8:
            assert found == pytest.approx(expected, rel=1e-3)
        elif not np.isfinite(expected):
            assert found is None or min(found / 1e4, 1e8 / found) < 1.01


def test_a_kink_between_two_budgets_does_not_move_the_crossing():
    """A repetition law bends where an epoch ends."""

    def predict(n):
        n = np.asarray(n, float)
        bent = np.where(n < 1000, 0.5, 0.5 * (n / 1000) ** -0.4)
        estimate = np.stack([np.full(n.shape, 0.4999), bent])
        return estimate, estimate[None]

    (switch,) = find_switches(predict, 100, 1e7, LEVEL)
    assert switch.budget == pytest.approx(1000 * (0.4999 / 0.5) ** (-1 / 0.4), rel=1e-8)


def test_three_pools_follow_each_other():
    a = np.array([1.0, 4.0, 40.0])
    b = np.array([-0.1, -0.3, -0.5])
    estimate = powers(a, b)
    found = find_switches(lambda n: (estimate(n), estimate(n)[None]), 10, 1e8, LEVEL)
    assert [(s.from_pool, s.to_pool) for s in found] == [(0, 1), (1, 2)]
    assert [s.budget for s in found] == pytest.approx([4.0**5, 10.0**5], rel=1e-7)
    assert all(s.share == 1 for s in found)
    for s in found:
        assert s.lower == s.upper == pytest.approx(s.budget, rel=1e-4)


def test_draws_that_cross_outside_the_budgets_give_no_bounds():
    estimate = powers([1.0, 4.0], [-0.1, -0.3])  # meet at 1024

    def predict(amplitudes):
        draws = powers(np.array([[1.0, a] for a in amplitudes]), np.tile([-0.1, -0.3], (len(amplitudes), 1)))
        return lambda n: (estimate(n), draws(n))

    always, never = [0.1] * 10, [100.0] * 10
    (early,) = find_switches(predict(always + [4.0] * 10), 100, 1e5, LEVEL)
    assert early.lower is None
    assert early.upper == pytest.approx(1024, rel=1e-4)
    assert early.share == 0.5
    (late,) = find_switches(predict(never + [4.0] * 10), 100, 1e5, LEVEL)
    assert late.lower == pytest.approx(1024, rel=1e-4)
    assert late.upper is None
    (both,) = find_switches(predict(always + never), 100, 1e5, LEVEL)
    assert (both.lower, both.upper, both.share) == (None, None, 0.0)


def test_no_switch_without_a_crossing_or_without_a_range():
    estimate = powers([1.0, 2.0], [-0.2, -0.2])
    for smallest, largest in ((10, 1e6), (10, 10)):
        assert find_switches(lambda n: (estimate(n), estimate(n)[None]), smallest, largest, LEVEL) == []


def test_equal_pools_do_not_switch():
    estimate = powers([1.0, 1.0], [-0.2, -0.2])
    assert find_switches(lambda n: (estimate(n), estimate(n)[None]), 10, 1e6, LEVEL) == []
