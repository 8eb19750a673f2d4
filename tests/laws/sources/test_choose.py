"""Weights: the nearest point of the bounded simplex, a descent that ends where no mixture is better, paired choices."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.laws.sources.choices import choice_rows
from curation_scaling.laws.sources.choose import Objective, choose, descend
from curation_scaling.laws.sources.forms import Projection, fit_form
from curation_scaling.laws.sources.simplex import project
from curation_scaling.ranking.transport import Cloud, Transport
from curation_scaling.study.sources import grid

POINTS = st.lists(st.floats(-3, 3, allow_nan=False), min_size=2, max_size=6)


@given(POINTS, st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_no_feasible_point_is_nearer_than_the_projection(point, seed):
    rng = np.random.default_rng(seed)
    goal = np.array(point)
    largest = rng.uniform(0, 1, len(goal))
    largest = np.minimum(largest + max(0, 1.05 - largest.sum()) / len(goal), 1.0)
    if largest.sum() < 1:
        largest[:] = 1.0
    found = project(goal, largest)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (found >= 0).all()
    assert (found <= largest + 1e-9).all()
    # First-order condition: the goal lies beyond the projection from every feasible point.
    for _ in range(20):
        other = rng.dirichlet(np.ones(len(goal)))
        if (other <= largest).all():
            assert (goal - found) @ (other - found) <= 1e-8


def test_known_projections():
    ones = np.ones(3)
    assert project(np.array([0.2, 0.3, 0.5]), ones) == pytest.approx([0.2, 0.3, 0.5])
    assert project(np.array([5.0, 0.0, 0.0]), ones) == pytest.approx([1, 0, 0])
    assert project(np.array([5.0, 0.1, 0.0]), np.array([0.4, 1, 1])) == pytest.approx([0.4, 0.35, 0.25])
    assert project(np.array([5.0, 0.0, 0.0]), np.array([0.2, 0.3, 0.5])) == pytest.approx([0.2, 0.3, 0.5])


def test_sources_that_cannot_deliver_the_size_are_refused():
    with pytest.raises(InputError, match=r"deliver 0\.9 of the size"):
        project(np.zeros(2), np.array([0.5, 0.4]))
    with pytest.raises(InputError, match="not finite"):
        project(np.array([np.nan, 1.0]), np.ones(2))


@pytest.fixture(scope="module")
def objective():
    """Two sources, one like a quarter of the validation set, and errors that rise with the distance."""
    rng = np.random.default_rng(0)
    sources = [Cloud(rng.normal(size=(80, 2)) + shift, None) for shift in (0.0, 4.0)]
    there = Cloud(np.concatenate([rng.normal(size=(15, 2)), rng.normal(size=(45, 2)) + 4.0]), None)
    transport = Transport.between(sources, there)
    mixtures = np.array(grid(10, 2))
    fits = []
    for size, level in ((40, 0.3), (80, 0.2)):
        distance = np.array([transport.solve(w, size).distance for w in mixtures])
        noise = 1e-4 * rng.normal(size=len(mixtures))
        fits.append(fit_form("cs", mixtures, distance, level + 0.01 * distance + noise))
    return Objective(Projection(fits[0], fits[1], (40, 80)), transport, 160)


def test_the_descent_ends_where_no_mixture_is_better(objective):
    ones = np.ones(2)
    found, steps = choose(objective, [np.array([0.5, 0.5]), np.array([1.0, 0.0])], ones)
    on_grid = [objective(np.array([w, 1 - w]))[0] for w in np.linspace(0, 1, 41)]
    assert steps > 0
    assert objective(found)[0] <= min(on_grid) + 2e-4
    assert found[0] == pytest.approx(0.25, abs=0.08)


def test_the_descent_stays_within_what_sources_deliver(objective):
    found, _ = descend(objective, np.array([0.5, 0.5]), np.array([1.0, 0.6]))
    assert found == pytest.approx([0.4, 0.6], abs=1e-6)


def test_choices_are_compared_in_pairs_of_seeds():
    names = ["chosen", "uniform", "proportional"]
    plain = {
        "source": "a",
        "weight": 1.0,
        "largest": 1.0,
        "gradient": 0.0,
        "predicted": 0.2,
        "lower": 0.1,
        "upper": 0.3,
    }
    weights = pl.DataFrame([{"choice": n, **plain, "steps": 0} for n in names])
    ends = pl.DataFrame(
        {
            "pool": ["chosen"] * 3 + ["uniform"] * 3,
            "seed": [0, 1, 2] * 2,
            "error": [0.10, 0.20, 0.30, 0.12, 0.22, 0.32],
        }
    )
    rows = {row["choice"]: row for row in choice_rows(weights, ends, 8000, 0.95).iter_rows(named=True)}
    assert rows["uniform"]["against_chosen"] == pytest.approx(0.02)
    assert rows["uniform"]["against_lower"] == pytest.approx(0.02)  # paired: the seeds' own spread cancels
    assert rows["chosen"]["measured"] == pytest.approx(0.2)
    assert rows["chosen"]["against_chosen"] is None
    assert rows["proportional"]["measured"] is None
    assert rows["proportional"]["trainings"] == 0
