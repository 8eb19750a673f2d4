import numpy as np
from laws_data import POOLS, simulated

from curation_scaling.laws import GoyalEq3, fit_law
from curation_scaling.laws.pooling import PartialPooling

ORDER = POOLS[:4]


def slopes(spread: float | None, noise: float = 0.004) -> np.ndarray:
    pooling = None if spread is None else PartialPooling(ORDER, spread)
    fit = fit_law(GoyalEq3(), simulated(GoyalEq3(), noise, seed=4), bootstrap=0, loss="log_mse", pooling=pooling)
    return np.array([fit.theta[fit.law.names.index(f"tau[{pool}]")] for pool in ORDER])


def off_line(values: np.ndarray) -> float:
    place = np.arange(len(values))
    logs = np.log(values)
    return float(np.std(logs - np.polyval(np.polyfit(place, logs, 1), place)))


def test_the_narrower_the_prior_the_nearer_to_a_line():
    free, loose, tight = slopes(None), slopes(1.0), slopes(0.02)
    assert off_line(free) > off_line(loose) > off_line(tight)
    assert off_line(tight) < 0.02


def test_a_wide_prior_changes_nothing():
    assert np.allclose(slopes(1e6), slopes(None), rtol=1e-5)


def test_a_pool_outside_the_order_and_two_buckets_stay_alone():
    fit = fit_law(GoyalEq3(), simulated(GoyalEq3(), 0.004), bootstrap=0, loss="log_mse")
    chart, at = fit.problem.chart, fit.starts.solutions[0]
    assert PartialPooling(ORDER[:2], 0.1).penalty(chart, at, 1.0).shape == (0, len(chart.free))
    rows = PartialPooling(ORDER, 0.1).penalty(chart, at, 1.0)
    assert not rows[:, [chart.free.index("tau[random]"), chart.free.index("b[random]")]].any()


def test_replicates_are_pooled_too():
    runs = simulated(GoyalEq3(), 0.004, seed=4)
    narrow, free = (
        fit_law(GoyalEq3(), runs, bootstrap=60, loss="log_mse", pooling=pooling)
        for pooling in (PartialPooling(ORDER, 0.3), None)
    )
    width = [np.log(fit.draws["tau[top40]"].to_numpy()).std() for fit in (narrow, free)]
    assert width[0] < width[1]
