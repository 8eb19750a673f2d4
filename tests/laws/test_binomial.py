"""Shares of failures: the binomial loss is maximum likelihood, on the scale of probabilities."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_data import noisy_study
from scipy.optimize import minimize
from scipy.stats import binom

from curation_scaling.artifacts import FITS, RUNS
from curation_scaling.artifacts_noise import SIGNAL
from curation_scaling.errors import InputError
from curation_scaling.laws import fit_law
from curation_scaling.laws.binomial import deviance_residual, observed, slope
from curation_scaling.laws.stage import fit_laws
from curation_scaling.laws.weighing import weighed, weights_for
from curation_scaling.store import read
from known_law import LAW, content
from study_data import parsed

P = st.floats(0.001, 0.999)
SAMPLES = np.geomspace(1e2, 1e6, 9)
TRUTH = np.minimum(0.02 + 4 * SAMPLES**-0.35, 1)


@given(P, st.integers(0, 40), st.integers(1, 40))
def test_the_squared_residual_is_the_deviance(p, passed, more):
    n = passed + more
    k = n - passed
    share = np.array(k / n)
    saturated, model = (binom.logpmf(k, n, q) for q in (k / n, p))
    assert n * deviance_residual(np.array(p), share) ** 2 == pytest.approx(2 * (saturated - model), abs=1e-7)


@given(P, P)
def test_residuals_are_inverted_and_have_the_stated_slope(p, y):
    at, share = np.array(p), np.array(y)
    assert observed(at, -deviance_residual(at, share)) == pytest.approx(y, abs=1e-8)
    h = 1e-5 * p * (1 - p)
    numeric = (deviance_residual(at + h, share) - deviance_residual(at - h, share)) / (2 * h)
    assert slope(at, share) == pytest.approx(numeric, rel=2e-3)


def test_beyond_a_probability_the_residual_goes_on_and_shares_end():
    p = np.array([1 - 1e-6, 1.0, 1.5, 3.0])
    for share in (0.2, 1.0):
        assert (np.diff(deviance_residual(p, np.array(share))) > 0).all()
    assert observed(np.array(0.5), np.array([-9.0, 9.0])) == pytest.approx([0.0, 1.0], abs=1e-9)


def pass_rates(trials, seed=0, draws=1):
    rng = np.random.default_rng(seed)
    trials = np.broadcast_to(trials, SAMPLES.shape)
    failed = np.array([rng.binomial(trials, TRUTH) for _ in range(draws)])
    return pl.DataFrame(
        {
            "run_id": np.repeat([f"r{i}" for i in range(draws)], SAMPLES.size),
            "draw": np.repeat(np.arange(draws), SAMPLES.size),
            "samples_seen": np.tile(SAMPLES, draws),
            "error": (np.maximum(failed, 1) / trials).ravel(),
            "trials": np.tile(trials, draws),
        }
    )


def test_the_fit_is_the_maximum_of_the_binomial_likelihood():
    frame = pass_rates(np.array([40, 80, 4000, 200, 900, 50, 3000, 150, 800]))
    fit = fit_law("saturating_power", frame, loss="binomial", weights={"count": "trials"}, bootstrap=0)
    n, k = frame["trials"].to_numpy(), np.rint(frame["error"].to_numpy() * frame["trials"].to_numpy())

    def unlikely(z):
        p = np.clip(np.exp(z[2]) + np.exp(z[0]) * SAMPLES ** z[1], 1e-12, 1 - 1e-12)
        return -binom.logpmf(k, n, p).sum()

    direct = minimize(unlikely, [np.log(4), -0.35, np.log(0.02)], method="Nelder-Mead", options={"xatol": 1e-9,
                      "fatol": 1e-12, "maxiter": 5000})  # fmt: skip
    a, b, d = (fit.theta[fit.law.names.index(name)] for name in "abd")
    assert unlikely([np.log(a), b, np.log(d)]) <= direct.fun + 1e-6
    assert [a, b, d] == pytest.approx([np.exp(direct.x[0]), direct.x[1], np.exp(direct.x[2])], rel=1e-3)
    deviance = 2 * (binom.logpmf(k, n, k / n).sum() + direct.fun)
    assert fit.objective == pytest.approx(deviance, rel=1e-6)


def test_without_trials_all_shares_weigh_the_same():
    frame = pass_rates(500, draws=4)
    known, unknown = (
        fit_law("saturating_power", frame, loss="binomial", weights=weights, bootstrap=60)
        for weights in ({"count": "trials"}, None)
    )
    assert known.theta == pytest.approx(unknown.theta, rel=1e-6)
    assert known.objective == pytest.approx(500 * unknown.objective)
    for name in ("lower", "upper"):
        assert known.interval(0.9)[name].to_numpy() == pytest.approx(unknown.interval(0.9)[name].to_numpy(), rel=1e-3)


def test_shares_of_few_trials_are_fitted_better_than_by_their_logs():
    misses = []
    for seed in range(20):
        frame = pass_rates(60, seed)
        fits = [fit_law("saturating_power", frame, loss=loss, bootstrap=0) for loss in ("binomial", "log_mse")]
        misses.append([np.log(fit.predict(frame)["predicted"].to_numpy() / TRUTH)[4:] for fit in fits])
    binomial, logs = np.sqrt((np.array(misses) ** 2).mean(axis=(0, 2)))
    assert binomial < 0.9 * logs


def test_new_runs_are_shares_too():
    fit = fit_law("saturating_power", pass_rates(30), loss="binomial", weights={"count": "trials"}, bootstrap=100)
    bounds = fit.predict(fit.runs, "run")
    assert (bounds["lower"] >= 0).all()
    assert (bounds["upper"] <= 1).all()
    assert not fit.diagnostics.is_empty()


def test_what_is_no_share_is_one_sentence():
    frame = pass_rates(30).with_columns(error=pl.col("error") * 1.5)
    with pytest.raises(InputError, match=r"column 'error', row 0 is 1.2, but a binomial loss needs shares of failures"):
        fit_law("saturating_power", frame.with_columns(error=pl.lit(1.2)), loss="binomial", bootstrap=0)
    with pytest.raises(InputError, match=r"loss 'binomal' is unknown: choose one of .*binomial"):
        fit_law("saturating_power", frame, loss="binomal", bootstrap=0)


def with_trials(frame):
    return frame.with_columns(trials=pl.Series([1000, 4000] * (frame.height // 2)))


def test_a_study_takes_trials_from_its_runs_or_from_its_key(tmp_path):
    study, layout = noisy_study(tmp_path / "column", with_trials, loss="binomial", trials=7)
    runs = read(layout.runs, RUNS)
    assert runs["trials"].unique().sort().to_list() == [1000, 4000]
    known = weighed(study, runs, None)
    assert known["trials"].equals(runs["trials"])
    assert weights_for(known) == {"count": "trials"}
    unknown, layout = noisy_study(tmp_path / "unknown", loss="binomial")
    runs = read(layout.runs, RUNS)
    assert "trials" not in runs.columns
    assert weights_for(weighed(unknown, runs, None)) is None
    study, layout = noisy_study(tmp_path / "key", loss="binomial", noise="estimate", trials=1000)
    fit_laws(study, layout)
    fit = fit_law(LAW, runs.with_columns(n=1000), loss="binomial", weights={"count": "n"}, bootstrap=0)
    found = read(layout.law("fits"), FITS).filter(parameter="d")["estimate"].item()
    assert found == pytest.approx(fit.theta[0], rel=1e-4)
    sampling = read(layout.law("signal"), SIGNAL).filter(pool="good")["sampling"].item()
    share = runs.filter(pool="good")["error"].to_numpy()
    assert sampling == pytest.approx(np.sqrt(((1 - share) / (1000 * share)).mean()))


def test_trials_of_some_rows_alone_are_one_sentence(tmp_path):
    def some(frame):
        return frame.with_columns(trials=pl.when(pl.col("draw") > 0).then(100))

    study, layout = noisy_study(tmp_path, some, loss="binomial")
    with pytest.raises(
        InputError, match=r"run fair.* has no trials at 500, but others have: give them, or laws.trials"
    ):
        fit_laws(study, layout)


@pytest.mark.parametrize(
    ("laws", "says"),
    [
        ({"loss": "binomial", "noise": "weigh"}, "noise: a binomial loss weighs by trials already"),
        ({"loss": "mse", "trials": 10}, "trials: loss mse knows of no trials"),
        ({"odd_curves": "keep"}, "odd_curves"),
    ],
)
def test_keys_that_contradict_are_refused(laws, says):
    with pytest.raises(InputError, match=says):
        parsed(content() | {"laws": content()["laws"] | laws})
