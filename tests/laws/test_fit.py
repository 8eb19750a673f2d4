from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from laws_data import POOL_SIZE, simulated
from scipy import stats

from curation_scaling.errors import InputError
from curation_scaling.laws import GoyalEq3, fit_law, holdout, summary
from curation_scaling.laws.bootstrap import standardised


def straight(noise: float = 0.05, rows: int = 24, seed: int = 0) -> pl.DataFrame:
    n = np.geomspace(1e3, 1e7, rows)
    rng = np.random.Generator(np.random.PCG64(seed))
    error = 5 * n**-0.3 * np.exp(noise * rng.standard_normal(rows))
    return pl.DataFrame({"run_id": np.arange(rows), "samples_seen": n, "error": error})


def chinchilla_runs(rows: int = 60, noise: float = 0.01, seed: int = 0) -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(seed))
    params, tokens = np.exp(rng.uniform(17, 23, rows)), np.exp(rng.uniform(20, 27, rows))
    loss = (1.82 + 480 / params**0.35 + 2100 / tokens**0.37) * np.exp(noise * rng.standard_normal(rows))
    return pl.DataFrame({"run_id": np.arange(rows), "params": params, "tokens": tokens, "error": loss})


def test_least_squares_in_logs_is_linear_regression():
    runs = straight()
    fit = fit_law("power", runs, loss="log_mse", bootstrap=0)
    line = stats.linregress(np.log(runs["samples_seen"]), np.log(runs["error"]))
    assert fit.theta[1] == pytest.approx(line.slope, rel=1e-10)
    assert np.log(fit.theta[0]) == pytest.approx(line.intercept, rel=1e-10)
    profile = fit.profile("b")
    half = stats.t.ppf(0.975, 22) * line.stderr
    assert (profile.lower, profile.upper) == pytest.approx((line.slope - half, line.slope + half), rel=1e-4)
    assert not profile.improved
    assert fit.profile_intervals().filter(parameter="b")["lower"][0] == profile.lower


@pytest.mark.parametrize("loss", ["log_huber", "log_mse", "mse", "lad"])
def test_every_loss_reaches_the_optimum_that_a_direct_search_finds(loss):
    from scipy.optimize import minimize

    runs = straight(noise=0.02, rows=15, seed=4)
    fit = fit_law("power", runs, loss=loss, bootstrap=0)
    n, error = runs["samples_seen"].to_numpy(), runs["error"].to_numpy()

    def objective(z):
        predicted = np.exp(z[0] + z[1] * np.log(n))
        return fit.problem.loss.cost(fit.problem.loss.residual(predicted, error)).sum()

    start = [np.log(fit.theta[0]) + 0.1, fit.theta[1] - 0.01]
    found = minimize(objective, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-18, "maxiter": 5000})
    assert fit.objective <= found.fun * (1 + 1e-7)


def test_weights_as_counts_are_repeated_rows():
    runs = straight(rows=12).with_columns(count=pl.Series([1.0, 3.0] * 6))
    repeated = runs[np.repeat(np.arange(12), runs["count"].to_numpy().astype(int))]
    weighted = fit_law("power", runs, weights={"count": "count"}, bootstrap=0)
    assert weighted.theta == pytest.approx(fit_law("power", repeated, bootstrap=0).theta, rel=1e-9)


def test_weights_as_standard_deviations():
    runs = straight(rows=12).with_columns(sd=pl.col("error") * pl.Series(np.geomspace(0.01, 0.1, 12)))
    fit = fit_law("power", runs, loss="log_mse", weights={"sd": "sd"}, bootstrap=0)
    x, y = np.log(runs["samples_seen"].to_numpy()), np.log(runs["error"].to_numpy())
    slope = np.polyfit(x, y, 1, w=1 / np.geomspace(0.01, 0.1, 12))[0]
    assert fit.theta[1] == pytest.approx(slope, rel=1e-9)


def test_fixed_and_tied_parameters_leave_the_vector():
    runs = chinchilla_runs()
    tied = fit_law("chinchilla", runs, bootstrap=0, fixed={"beta": "alpha"})
    assert tied.theta[2] == tied.theta[4]
    assert tied.objective == pytest.approx(fit_law("chinchilla_tied", runs, bootstrap=0).objective, rel=1e-10)
    freed = fit_law("chinchilla_tied", runs, bootstrap=0, fixed={"beta": None})
    free = fit_law("chinchilla", runs, bootstrap=0)
    assert freed.objective == pytest.approx(free.objective, rel=1e-10)
    held = fit_law("chinchilla", runs, bootstrap=10, fixed={"E": 1.82})
    assert held.theta[0] == 1.82
    assert (held.theta_draws[:, 0] == 1.82).all()
    assert free.objective < held.objective < tied.objective * 10


def test_same_seed_same_draws():
    runs = chinchilla_runs()
    first, second, other = (fit_law("chinchilla", runs, bootstrap=20, seed=seed).theta_draws for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_order_of_rows_does_not_change_the_fit():
    runs = chinchilla_runs()
    fit = fit_law("chinchilla", runs, bootstrap=0)
    again = fit_law("chinchilla", runs.sample(fraction=1, shuffle=True, seed=3), bootstrap=0)
    assert again.theta == pytest.approx(fit.theta, rel=1e-6)


def test_bootstrap_interval_of_a_straight_line_is_near_the_exact_one():
    runs = straight(rows=40)
    fit = fit_law("power", runs, loss="log_mse", bootstrap=2000)
    line = stats.linregress(np.log(runs["samples_seen"]), np.log(runs["error"]))
    width = 2 * stats.t.ppf(0.975, 38) * line.stderr
    row = fit.parameters.filter(parameter="b")
    assert row["method"][0] == "resampled runs, within pools"
    assert row["upper"][0] - row["lower"][0] == pytest.approx(width, rel=0.25)


def test_methods_of_the_bootstrap():
    one = fit_law("goyal_eq3", simulated(GoyalEq3(), 0.002), bootstrap=8)
    assert "residual blocks of 2, t(13)" in one.parameters["method"].to_list()
    four = fit_law("goyal_eq3", simulated(GoyalEq3(), 0.002, draws=4), bootstrap=8)
    assert "weighted draws, joint across pools, t(3)" in four.parameters["method"].to_list()
    assert fit_law("goyal_eq3", simulated(GoyalEq3()), bootstrap=0).parameters["lower"].is_null().all()


def test_a_column_can_name_the_units():
    runs = straight(noise=0.02, rows=24).with_columns(lab=pl.Series([f"lab{i % 6}" for i in range(24)]))
    fit = fit_law("power", runs, cluster="lab", bootstrap=50)
    assert set(fit.parameters["method"]) == {"weighted lab, joint across pools, t(5)"}


def test_few_draws_give_the_spread_of_student():
    # The mean of G draws: the interval must be t(G - 1) of their spread, not the bootstrap's smaller one.
    rng = np.random.Generator(np.random.PCG64(5))
    shift = 0.02 * rng.standard_normal(4)
    n = np.geomspace(1e3, 1e7, 6)
    runs = pl.DataFrame(
        {
            "run_id": [f"{g}" for g in range(4) for _ in n],
            "draw": [g for g in range(4) for _ in n],
            "samples_seen": np.tile(n, 4),
            "error": np.concatenate([5 * n**-0.3 * np.exp(s) for s in shift]),
        }
    )
    fit = fit_law("power", runs, loss="log_mse", bootstrap=4000, fixed={"b": -0.3})
    half = stats.t.ppf(0.975, 3) * shift.std(ddof=1) / 2
    row = fit.parameters.filter(parameter="a")
    assert (np.log(row["upper"][0]) - np.log(row["lower"][0])) / 2 == pytest.approx(half, rel=0.15)


def test_new_run_interval_is_wider_than_the_mean_interval():
    runs = straight(rows=30)
    fit = fit_law("power", runs, bootstrap=400)
    mean, run = (fit.predict(runs, kind=kind) for kind in ("mean", "run"))
    assert ((mean["lower"] < mean["predicted"]) & (mean["predicted"] < mean["upper"])).all()
    assert (run["upper"] - run["lower"] > 1.5 * (mean["upper"] - mean["lower"])).all()
    inside = (run["lower"] < runs["error"]) & (runs["error"] < run["upper"])
    assert inside.mean() > 0.85


def test_coverage_of_mean_predictions():
    n = np.geomspace(1e3, 1e7, 20)
    truth, inside = 5 * n**-0.3, 0
    for seed in range(40):
        fit = fit_law("power", straight(rows=20, seed=seed), bootstrap=200, seed=seed)
        predicted = fit.predict(pl.DataFrame({"samples_seen": n}))
        inside += ((predicted["lower"].to_numpy() <= truth) & (truth <= predicted["upper"].to_numpy())).sum()
    assert 0.85 <= inside / (40 * 20) <= 1.0


def test_standardised_residuals_have_the_variance_on_n_minus_p():
    residual = np.array([1.0, -2.0, 0.5, 0.5, -1.0, 1.0])
    scaled = standardised(residual, np.full(6, 1 / 3), 2)
    assert (scaled**2).mean() == pytest.approx((residual**2).sum() / 4)


def test_report_reads_well_and_names_the_doubts():
    fit = fit_law("goyal_eq3", simulated(GoyalEq3(), 0.002, draws=3), bootstrap=50)
    text = fit.report()
    assert "goyal_eq3: ln(y - d)" in text
    assert "tau[top10]" in text
    assert "Doubts:" in text
    assert "the largest compute held out: " in text
    clean = fit_law("power", straight(noise=0.001), bootstrap=50).report()
    assert "No check is flagged." in clean
    few = fit_law("saturating_power", straight().head(3), bootstrap=0).report()
    assert "Extrapolation not judged: no cutoff leaves enough runs" in few
    flat = straight(noise=0).with_columns(error=0.5 + pl.col("error") ** 3)
    assert "there last point predicts better than the law" in fit_law("power", flat, bootstrap=0).report()


def test_every_fit_judges_its_extrapolation_with_its_own_options():
    runs = straight(rows=20).with_columns(spread=pl.col("error") * 0.01)
    options = {"loss": "log_mse", "fixed": {"b": -0.3}, "weights": {"sd": "spread"}}
    fit = fit_law("power", runs, bootstrap=0, **options)
    assert fit.held_out.equals(holdout("power", runs, **options))
    assert not fit.held_out.equals(holdout("power", runs))
    scores = summary(fit.held_out).filter(split="largest")
    assert set(scores["method"]) == {"law", "last point", "log-linear"}
    assert scores.select("absolute_relative_error", "bias", "distance").null_count().sum_horizontal()[0] == 0
    freed = fit_law("three_regions", straight(rows=40), bootstrap=0, fixed={"f": None})
    assert freed.held_out.equals(holdout("three_regions", straight(rows=40), fixed={"f": None}))


def test_diagnostics_flag_what_they_should():
    runs = straight(rows=20)
    outlier = runs.with_columns(error=pl.when(pl.col("run_id") == 19).then(pl.col("error") * 3).otherwise("error"))
    table = fit_law("power", outlier, loss="log_mse", bootstrap=0).diagnostics
    assert table.filter(name="largest influence of one run")["subject"][0] == "19"
    assert table.filter(name="largest change with another loss")["value"][0] > 0.1
    few = fit_law("saturating_power", runs.head(3), bootstrap=0).diagnostics
    assert few.filter(name="evaluations per parameter")["flag"][0]
    bent = pl.DataFrame({"samples_seen": np.tile(np.geomspace(1e3, 1e7, 8), 3), "pool": "all"})
    noise = 1 + 0.001 * np.random.Generator(np.random.PCG64(0)).standard_normal(24)
    bent = bent.with_columns(error=(0.2 + 5 * pl.col("samples_seen") ** -0.4) * pl.Series(noise))
    assert fit_law("power", bent, bootstrap=0).diagnostics.filter(name="lack of fit, p-value")["flag"][0]
    right = fit_law("saturating_power", bent, bootstrap=0).diagnostics
    assert not right.filter(name="lack of fit, p-value")["flag"][0]
    rising = bent.with_columns(error=pl.when(pl.col("samples_seen") > 9e6).then(0.5).otherwise("error"))
    assert "rise of the mean error" in fit_law("power", rising, bootstrap=0).diagnostics["name"].to_list()


def test_a_fit_outside_its_own_replicates_is_flagged():
    fit = fit_law("power", straight(), loss="log_mse", bootstrap=100, seed=0)
    assert not fit.outside.any()
    name = fit.law.names[1]
    moved = replace(fit, theta=fit.theta * np.where(np.array(fit.law.names) == name, 2, 1))
    assert moved.outside.tolist() == [n == name for n in fit.law.names]
    said = moved.diagnostics.filter(name="outside its interval", subject=name)["message"].item()
    assert said.startswith(f"{name}: the fit lies outside the interval of its own replicates")


def test_profile_of_an_unbounded_parameter_is_open():
    # Without decay in the truth the runs cannot bound the half-life above.
    n = np.geomspace(2e6, 2e8, 12)
    runs = pl.DataFrame({"pool": "all", "unique_samples": POOL_SIZE, "samples_seen": n, "error": 3 * n**-0.15})
    noise = np.exp(0.003 * np.random.Generator(np.random.PCG64(2)).standard_normal(12))
    fit = fit_law("goyal_eq3", runs.with_columns(pl.col("error") * pl.Series(noise)), loss="log_mse", bootstrap=0)
    profile = fit.profile("tau[all]")
    assert profile.upper == pytest.approx(1e4)
    assert profile.lower > 1
    with pytest.raises(InputError, match="not free"):
        fit.profile("gamma")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda r: fit_law("nonsense", r), "law 'nonsense' is unknown"),
        (lambda r: fit_law("power", r.clear()), "the runs are empty"),
        (lambda r: fit_law("power", r.head(1)), "2 free parameters"),
        (lambda r: fit_law("saturating_power", r.head(2)), "3 free parameters"),
        (
            lambda r: fit_law("power", r.with_columns(samples_seen=pl.lit(1e5))),
            r"only 1 distinct value\(s\) of samples_seen",
        ),
        (lambda r: fit_law("power", r.with_columns(error=pl.col("error") - 1)), "column 'error', row"),
        (lambda r: fit_law("power", r.with_columns(error=float("nan"))), "column 'error', row 0 is nan"),
        (lambda r: fit_law("power", r.with_columns(error=pl.lit(None, pl.Float64))), "row 0 is None"),
        (lambda r: fit_law("power", r.with_columns(samples_seen=pl.lit("many"))), "type String"),
        (lambda r: fit_law("power", r.drop("samples_seen")), "column 'samples_seen' is missing"),
        (lambda r: fit_law("chinchilla", r), "column 'params' is missing"),
        (lambda r: fit_law("power", r, loss="l7"), "loss 'l7' is unknown"),
        (lambda r: fit_law("power", r, delta=0), "delta is 0"),
        (lambda r: fit_law("power", r, level=95), "level is 95"),
        (lambda r: fit_law("power", r, bootstrap=-1), "bootstrap is -1"),
        (lambda r: fit_law("power", r, fixed={"c": 1.0}), "'c' is unknown"),
        (lambda r: fit_law("power", r, fixed={"b": -99.0}), "outside of its bounds"),
        (lambda r: fit_law("power", r, fixed={"b": "a"}), "cannot be tied"),
        (lambda r: fit_law("power", r, fixed={"b": "z"}), "tied to 'z', which is unknown"),
        (lambda r: fit_law("power", r, weights={"var": "x"}), "must be"),
        (lambda r: fit_law("power", r.drop("run_id")), "column 'run_id' is missing"),
        (lambda r: fit_law("power", r.with_columns(lab=pl.lit("a")), cluster="lab"), "needs at least 2"),
        (lambda r: fit_law("power", r.with_columns(draw=pl.Series([0, 1, None] * 8))), "column 'draw', row 2 is empty"),
        (lambda r: fit_law("power", r.with_columns(metric=pl.Series(["a", "b"] * 12))), "mixes a, b"),
        (lambda r: fit_law("goyal_eq3", r), "neither 'weights' nor 'pool'"),
        (lambda r: fit_law(GoyalEq3(n0=1e9), simulated(GoyalEq3())), "n0 is 1e"),
    ],
)
def test_bad_input_is_one_clear_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        call(straight())
    assert "\n" not in str(caught.value)
