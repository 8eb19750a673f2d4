"""A fit that was written and read again predicts the same, to the last bit."""

import numpy as np
import polars as pl
import pytest
from laws_data import POOL_SIZE, VARIANTS, simulated

from curation_scaling.artifacts import DRAWS, FITS
from curation_scaling.errors import InputError
from curation_scaling.frontier.curves import predict_pools
from curation_scaling.laws import fit_law
from curation_scaling.laws.saved import draw_rows, fit_rows, load_fit
from curation_scaling.store import read, write

BUDGETS = np.geomspace(2e7, 2e9, 7)
SIZES = {
    "top20": {"top20": int(POOL_SIZE)},
    "half": {"top30": int(POOL_SIZE), "top10": int(POOL_SIZE)},
    "three": {"top10": int(POOL_SIZE), "random": int(3 * POOL_SIZE), "top40": int(2 * POOL_SIZE)},
}


def mixed():
    """A frame with every pool of SIZES at every budget, as runs have it."""
    rows = []
    for parts in SIZES.values():
        total = sum(parts.values())
        weights = [{"pool": pool, "weight": size / total, "size": size} for pool, size in parts.items()]
        rows += [{"weights": weights, "samples_seen": float(n)} for n in BUDGETS]
    return pl.DataFrame(rows)


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda law: law.name)
def fit(request):
    runs = simulated(request.param, noise=0.01, draws=3)
    return fit_law(request.param, runs, loss="log_mse", bootstrap=12, seed=1)


def saved(fit, tmp_path):
    tables = []
    for schema, frame in ((FITS, fit_rows(fit)), (DRAWS, draw_rows(fit))):
        path = tmp_path / f"{schema.name}.parquet"
        write(path, schema, frame, study="tiny", inputs="abc")
        tables.append(read(path, schema, study="tiny"))
    return load_fit(fit.law.name, *tables)


@pytest.mark.parametrize("gamma", [None, 0.0, 1.0, 0.3])
def test_a_saved_fit_predicts_what_the_fit_predicts(fit, tmp_path, gamma):
    again = saved(fit, tmp_path)
    fixed = None
    if gamma is not None:
        again, fixed = again.with_gamma(gamma), {"gamma": gamma}
    estimate, draws = predict_pools(again, SIZES, BUDGETS)
    frame = mixed()
    assert estimate.ravel().tolist() == fit.predict(frame, fixed=fixed)["predicted"].to_list()
    assert draws.shape == (12, len(SIZES), len(BUDGETS))
    assert np.array_equal(draws.reshape(12, -1), fit.predict_draws(frame, fixed=fixed))


def test_another_rule_leaves_the_saved_fit_as_it_is(fit, tmp_path):
    again = saved(fit, tmp_path)
    theta = again.theta.copy()
    assert again.with_gamma(0.7).theta[0, again.law.gamma_at] == 0.7
    assert np.array_equal(again.theta, theta)


def test_rows_of_a_fit(fit):
    rows = fit_rows(fit)
    assert rows["parameter"].n_unique() == rows.height
    fixed = rows.filter("fixed")
    assert set(fixed["parameter"]) == {"gamma", *fit.law.constants}
    assert fixed["lower"].null_count() == fixed["upper"].null_count() == fixed.height
    assert set(rows["pool"].drop_nulls()) == set(fit.law.pools)
    assert (rows["level"] == fit.level).all()
    free = rows.filter(~pl.col("fixed"))
    assert (free["lower"] <= free["upper"]).all()
    draws = draw_rows(fit)
    assert draws.height == 12 * len(fit.law.names)
    assert draws["replicate"].unique().sort().to_list() == list(range(12))


def test_a_law_that_was_not_fitted_is_named(fit):
    with pytest.raises(InputError, match=r"laws/fits holds no fit of 'power': add it to laws.names"):
        load_fit("power", fit_rows(fit), draw_rows(fit))
