import numpy as np
import pytest

from curation_scaling.frontier.curves import predict_pools
from curation_scaling.laws.saved import SavedFit
from known_law import LAW, SIZES, THETA, parts

DRAWS = THETA * np.linspace(0.9, 1.1, 5)[:, None]


def test_shapes_and_draws():
    sizes = {pool: parts(pool) for pool in ("good", "all", "top2")}
    estimate, draws = predict_pools(SavedFit(LAW, THETA, DRAWS), sizes, [1e3, 1e4])
    assert estimate.shape == (3, 2)
    assert draws.shape == (5, 3, 2)
    assert draws[2] == pytest.approx(estimate, rel=1e-14)  # the middle draw is the estimate
    assert (estimate[:, 1] < estimate[:, 0]).all()


def test_a_pool_is_predicted_alike_whatever_stands_beside_it():
    fit = SavedFit(LAW, THETA, DRAWS)
    budgets = np.geomspace(1e3, 1e5, 9)
    alone = predict_pools(fit, {"all": parts("all")}, budgets)[0]
    beside = predict_pools(fit, {"good": parts("good"), "all": dict(reversed(parts("all").items()))}, budgets)[0]
    assert alone[0].tolist() == beside[1].tolist()


def test_one_pool_follows_the_printed_equation():
    ends = np.array([1000, 2000, 3000, 3400])
    slopes = THETA[0, LAW.slope_at(1)] * 0.5 ** (np.arange(4) / THETA[0, LAW.half_life_at(1)])
    expected = 0.05 + 0.9 * np.prod((ends / np.array([100, 1000, 2000, 3000])) ** slopes)
    assert SIZES["good"] == 1000
    found, _ = predict_pools(SavedFit(LAW, THETA, DRAWS), {"good": parts("good")}, [3400])
    assert found.item() == pytest.approx(expected, rel=1e-13)
