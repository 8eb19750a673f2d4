"""The kernel's parts against independent computations."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from curation_scaling.errors import InputError
from curation_scaling.laws.annealing import schedule_areas
from curation_scaling.laws.chart import Chart
from curation_scaling.laws.columns import Mixture, mixtures
from curation_scaling.laws.law import Parameter
from curation_scaling.laws.linear import nonnegative_least_squares
from curation_scaling.laws.losses import Loss
from curation_scaling.laws.repetition import log_lengths


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_batched_nnls_agrees_with_scipy(seed, k):
    rng = np.random.Generator(np.random.PCG64(seed))
    basis, target = rng.standard_normal((3, k, 8)), rng.standard_normal(8)
    found = nonnegative_least_squares(basis, target)
    for b in range(3):
        _, norm = nnls(basis[b].T, target)
        assert (found[b] >= 0).all()
        assert np.linalg.norm(basis[b].T @ found[b] - target) == pytest.approx(norm, rel=1e-6, abs=1e-9)


@given(start=st.floats(0.01, 1), first=st.floats(1, 50), second=st.floats(1, 50), period=st.floats(1, 20))
@settings(max_examples=50, deadline=None)
def test_integrating_in_pieces_equals_integrating_at_once(start, first, second, period):
    low, high = sorted((first, second))
    tau = 2.5

    def integral(n):
        lengths = log_lengths(np.array(start), np.array([n]), period)[0]
        return (lengths * 0.5 ** (np.arange(lengths.size) / tau)).sum()

    # The piece from low to high, epoch by epoch.
    edges = np.unique([low, high, *(k * period for k in range(int(low / period) + 1, int(high / period) + 1))])
    piece = sum(np.log(b / a) * 0.5 ** (np.floor((a + b) / 2 / period) / tau) for a, b in pairwise(edges))
    assert integral(low) + piece == pytest.approx(integral(high), rel=1e-10, abs=1e-12)
    assert log_lengths(np.array(start), np.array([high]), period).sum() == pytest.approx(np.log(high / start))


@pytest.mark.parametrize("name", ["log_huber", "log_mse", "mse", "lad"])
def test_loss_weight_is_the_slope_over_the_residual(name):
    loss = Loss(name, 1e-3)
    r = np.array([-0.3, -5e-4, 2e-4, 0.04])
    h = 1e-7
    slope = (loss.cost(r + h) - loss.cost(r - h)) / (2 * h)
    assert loss.weight(r) * r == pytest.approx(slope, rel=1e-5)


def test_losses_invert_their_residuals():
    for name in ("log_mse", "mse"):
        loss = Loss(name, 1e-3)
        predicted, error = np.array([0.5, 0.7]), np.array([0.55, 0.6])
        assert loss.perturbed(predicted, -loss.residual(predicted, error)) == pytest.approx(error)


def test_chart_keeps_bounds_ties_and_constants():
    parameters = (
        Parameter("a", "1", 0.1, 10.0, log=True),
        Parameter("b", "1", 0.2, 5.0, log=True),
        Parameter("c", "1", -1.0, 1.0),
    )
    chart = Chart(parameters, {"b": "a", "c": 0.5})
    assert chart.free == ["a"]
    theta = chart.theta(chart.coordinates(np.array([[100.0, 1.0, 0.0]])))
    assert theta == pytest.approx(np.array([[5.0, 5.0, 0.5]]))  # the tighter of the two upper bounds
    assert chart.at_bound(chart.coordinates(theta)).tolist() == [[True, True, False]]


def test_schedule_areas():
    constant = schedule_areas([3e-4] * 5)
    assert constant[0] == pytest.approx(3e-4 * np.arange(1, 6))
    assert (constant[1] == 0).all()
    area, annealing = schedule_areas([1.0, 1.0, 0.5, 0.5], momentum=0.9)
    assert area[-1] == 3.0
    assert annealing.tolist() == pytest.approx([0, 0, 0.5, 0.5 + 0.45])
    with pytest.raises(InputError, match="learning-rate schedule"):
        schedule_areas([])
    with pytest.raises(InputError, match="momentum"):
        schedule_areas([1.0], momentum=1.0)


def test_mixtures_drop_weight_zero_and_sort_pools():
    mixture = Mixture(("b", "a", "c"), np.array([0.5, 0.5, 0.0]), np.array([1.0, 2.0, 0.0])).sampled()
    assert mixture.pools == ("a", "b")
    assert mixture.sizes.tolist() == [2.0, 1.0]


def test_rows_of_equal_mixtures_are_grouped():
    frame = pl.DataFrame({"pool": ["x", "y", "x"], "unique_samples": [10, 20, 10]})
    found, which = mixtures(frame)
    assert [mixture.pools for mixture in found] == [("x",), ("y",)]
    assert which.tolist() == [0, 1, 0]
