"""The value of one more run, against integration and simulation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from curation_scaling.frontier.next_run import expected_least, regret_reduction, run_noise

LINES = st.lists(st.tuples(st.floats(-2, 2), st.sampled_from([-1.0, -0.4, 0.0, 0.3, 1.2])), min_size=1, max_size=7)


@given(LINES)
def test_the_expectation_is_that_of_an_integral(lines):
    levels, slopes = (np.array(values) for values in zip(*lines, strict=True))
    z = np.linspace(-10, 10, 200_001)
    least = np.full(z.size, np.inf)
    for a, b in lines:
        least = np.minimum(least, a + b * z)
    expected = np.trapezoid(least * norm.pdf(z), z)
    assert expected_least(levels, slopes) == pytest.approx(expected, abs=1e-7)


def test_a_measurement_that_says_all_saves_all_regret_of_two_normal_candidates():
    rng = np.random.Generator(np.random.PCG64(0))
    unknown = rng.normal(0, 1, 200_000)
    errors = np.stack([unknown, np.zeros_like(unknown)], axis=1)
    regret = errors.mean(axis=0).min() - errors.min(axis=1).mean()
    assert regret_reduction(errors, unknown, 0.0) == pytest.approx(regret, rel=0.01)
    noisy = regret_reduction(errors, unknown, 1.0)
    assert noisy == pytest.approx(norm.pdf(0) / np.sqrt(2), rel=0.02)
    assert regret_reduction(errors, rng.normal(0, 1, 200_000), 1.0) < 0.01 * regret


def test_what_is_known_already_is_worth_nothing():
    errors = np.array([[0.5, 0.6], [0.5, 0.6]])
    assert regret_reduction(errors, np.array([0.4, 0.4]), 0.0) == 0
    assert regret_reduction(errors, np.array([0.4, 0.5]), 0.1) == 0


def test_the_noise_of_a_run_is_that_of_the_residuals_of_means():
    rows = pl.DataFrame({"role": ["fitted"] * 5 + ["mixture"], "residual": [0.1, -0.1, 0.1, -0.1, 0.1, 9], "runs": 4})
    assert run_noise(rows, 1) == pytest.approx(np.sqrt(5 * 0.01 * 4 / 4))
