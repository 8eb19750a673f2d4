"""The value of one more run: exact cases, limits, and a case that is known in closed form."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from curation_scaling.frontier.next_run import outcome_chances, regret_reduction, run_noise

NUMBERS = st.floats(0.1, 2)


def reduction(errors, measured, noise):
    return regret_reduction(errors[None], outcome_chances(measured, noise)).item()


@given(arrays(float, (4, 12), elements=NUMBERS), arrays(float, 12, elements=NUMBERS), st.floats(0, 2))
def test_no_run_saves_more_than_the_regret(errors, measured, noise):
    regret = errors.mean(axis=1).min() - errors.min(axis=0).mean()
    assert -1e-12 <= reduction(errors, measured, noise) <= regret + 1e-12


def test_a_measurement_that_tells_the_draws_apart_saves_all_regret():
    errors = np.array([[0.5, 0.7], [0.6, 0.6]])
    assert reduction(errors, np.array([0.1, 0.2]), 1e-4) == pytest.approx(0.05)


def test_two_normal_candidates_follow_the_closed_form():
    """One candidate's error is known, 0; the other's is standard normal, and measured with noise of the same size."""
    unknown = norm.ppf((np.arange(4000) + 0.5) / 4000)
    errors = np.stack([unknown, np.zeros_like(unknown)])
    assert reduction(errors, unknown, 1.0) == pytest.approx(norm.pdf(0) / np.sqrt(2), rel=5e-3)
    assert reduction(errors, unknown, 0.01) == pytest.approx(norm.pdf(0), rel=2e-3)


def test_what_is_known_already_is_worth_nothing():
    errors = np.array([[0.5, 0.5], [0.6, 0.6]])
    assert reduction(errors, np.array([0.4, 0.5]), 0.1) == 0
    assert reduction(np.array([[0.5, 0.7], [0.6, 0.6]]), np.array([0.4, 0.4]), 0.0) == 0


def test_the_noise_of_a_run_is_that_of_the_residuals_of_means():
    rows = pl.DataFrame({"role": ["fitted"] * 5 + ["mixture"], "residual": [0.1, -0.1, 0.1, -0.1, 0.1, 9], "runs": 4})
    assert run_noise(rows, 1) == pytest.approx(np.sqrt(5 * 0.01 * 4 / 4))
