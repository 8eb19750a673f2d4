"""Evaluation noise: estimated from repeated runs, shrunk as stated, and worth its weight where it differs."""

import numpy as np
import polars as pl
import pytest
from laws_data import noisy_study
from scipy.special import polygamma

from curation_scaling.artifacts import FITS, RUNS
from curation_scaling.artifacts_noise import NOISE, SIGNAL
from curation_scaling.errors import InputError
from curation_scaling.laws import fit_law
from curation_scaling.laws.noise import _trigamma_inverse, evaluation_noise, signal_to_noise
from curation_scaling.laws.stage import fit_laws
from curation_scaling.laws.weighing import noise_tables, of_metric, weighed, weights_for
from curation_scaling.store import read
from curation_scaling.study.keys import laws_keys
from known_law import LAW, SEEN, collected, content

SAMPLES = np.array([1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3])


def runs(sd, draws=4, seeds=1, error=None, pools=("a",), rng=None, between=0.0):
    """Runs of ln(error) with standard deviation sd(n) between seeds and `between` between draws."""
    rng = rng or np.random.default_rng(0)
    curve = np.full(SAMPLES.size, 0.5) if error is None else error
    rows = []
    for pool in pools:
        for draw in range(draws):
            shared = between * rng.standard_normal(SAMPLES.size)
            for seed in range(seeds):
                log = np.log(curve) + shared + sd * rng.standard_normal(SAMPLES.size)
                rows += [
                    ("m", pool, f"{pool}-{draw}-{seed}", draw, seed, int(n), float(e))
                    for n, e in zip(SAMPLES, np.exp(log), strict=True)
                ]
    schema = ["metric", "pool", "run_id", "draw", "seed", "samples_seen", "error"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_variances_are_shrunk_to_a_line_that_many_runs_know():
    sd = 0.1 * (SAMPLES / SAMPLES[0]) ** -0.5
    noise = evaluation_noise(runs(sd, draws=400))
    assert noise["noise"].to_numpy() == pytest.approx(sd, rel=0.1)
    few = evaluation_noise(runs(sd, draws=3, pools=tuple("abcdefgh")))
    measured, shrunk = (few[name].to_numpy() / np.tile(sd, 8) for name in ("sd", "noise"))
    assert np.std(np.log(shrunk)) < 0.25 < 0.45 < np.std(np.log(measured))
    assert few["sd"][0] == pytest.approx(
        np.std(np.log(runs(sd, draws=3).filter(samples_seen=1000)["error"].to_numpy()), ddof=1), rel=2
    )


def test_an_evaluation_of_one_run_takes_the_line():
    frame = runs(0.05, draws=5).vstack(runs(0.05, draws=1, pools=("b",)))
    noise = evaluation_noise(frame)
    alone = noise.filter(pool="b")
    assert alone["sd"].null_count() == alone.height
    assert alone["noise"].to_numpy() == pytest.approx(noise.filter(pool="a")["noise"].to_numpy(), rel=0.3)


@pytest.mark.parametrize("x", [0.02, 0.5, 3.0, 80.0])
def test_the_trigamma_function_is_inverted(x):
    assert _trigamma_inverse(float(polygamma(1, x))) == pytest.approx(x, rel=1e-9)


def test_noise_without_repeated_or_different_runs_is_one_sentence():
    with pytest.raises(
        InputError, match="the noise of m cannot be told, no evaluation was made by two runs: add draws"
    ):
        evaluation_noise(runs(0.1, draws=1))
    with pytest.raises(InputError, match="the runs of every evaluation are equal"):
        evaluation_noise(runs(0.0, draws=3))


def test_seeds_and_draws_are_told_apart():
    frame = runs(0.02, draws=40, seeds=5, between=0.05)
    row = signal_to_noise(frame, evaluation_noise(frame)).filter(pool="a").row(0, named=True)
    assert row["seed_noise"] == pytest.approx(0.02, rel=0.1)
    assert row["draw_noise"] == pytest.approx(0.05, rel=0.2)
    assert row["lower"] < row["noise"] < row["upper"]
    # By its definition, on the same balanced design: mean squares between draws.
    log = np.log(frame["error"].to_numpy()).reshape(40, 5, SAMPLES.size)
    between = 5 * log.mean(axis=1).var(axis=0, ddof=1)
    within = log.var(axis=1, ddof=1).mean(axis=0)
    assert row["draw_noise"] == pytest.approx(np.sqrt((between - within).mean() / 5))
    only = signal_to_noise(runs(0.02, draws=4), evaluation_noise(runs(0.02, draws=4)))
    assert only["seed_noise"].null_count() == 2


def test_signal_is_the_spread_of_the_means_without_the_noise_in_them():
    curve = SAMPLES**-0.3
    frame = pl.concat([runs(0.02, draws=50, error=s * curve, pools=(p,)) for s, p in ((1.0, "a"), (1.2, "b"))])
    found = signal_to_noise(frame, evaluation_noise(frame))
    along = found.filter(pool="a").row(0, named=True)
    assert along["signal"] == pytest.approx(np.std(np.log(curve), ddof=1), rel=0.02)
    assert along["shape"] == "falling"
    between = found.filter(pl.col("pool").is_null()).row(0, named=True)
    assert between["signal"] == pytest.approx(np.log(1.2) / np.sqrt(2), rel=0.1)
    assert between["signal_to_noise"] == pytest.approx(between["signal"] / between["noise"])
    assert between["resolves"] == pytest.approx(1.96 * between["noise"] * np.sqrt(2 / 50), rel=1e-3)
    # Pools that do not differ have no signal, however noisy they are.
    same = runs(0.2, draws=30, pools=tuple("abcdefgh"))
    nothing = signal_to_noise(same, evaluation_noise(same)).filter(pl.col("pool").is_null())
    assert nothing["signal_to_noise"].item() < 0.2


@pytest.mark.parametrize(("loss", "gain"), [("log_mse", 0.5), ("log_huber", 0.8)])
def test_weights_find_the_parameters_of_a_curve_whose_noise_differs(loss, gain):
    """Errors that are noisy where they are high: estimated weights against none, over 16 simulations."""
    sd = 0.2 * (SAMPLES / SAMPLES[0]) ** -0.8
    rng = np.random.default_rng(3)
    floors = []
    for _ in range(16):
        frame = runs(sd, error=0.1 + 3 * SAMPLES**-0.35, rng=rng)
        weighed = frame.join(evaluation_noise(frame).drop("runs", "error"), on=["metric", "pool", "samples_seen"])
        fits = [
            fit_law("saturating_power", weighed, loss=loss, bootstrap=0, weights=weights)
            for weights in (None, {"noise": "noise"})
        ]
        floors.append([fit.theta[fit.law.names.index("d")] - 0.1 for fit in fits])
    plain, weighed = np.sqrt((np.array(floors) ** 2).mean(axis=0))
    assert weighed < gain * plain


def test_weights_are_inverse_variances_or_for_linear_losses_inverse_deviations():
    frame = runs(0.1).with_columns(s=pl.Series(np.tile(np.geomspace(1, 8, 7), 4)))
    squared, linear = (
        fit_law("power", frame, loss=loss, bootstrap=0, weights={"noise": "s"}).problem.weight
        for loss in ("log_mse", "log_huber")
    )
    assert squared[0] / squared[6] == pytest.approx(64)
    assert linear[0] / linear[6] == pytest.approx(8)
    assert squared.mean() == pytest.approx(linear.mean()) == pytest.approx(1)
    raw = fit_law("power", frame, loss="mse", bootstrap=0, weights={"noise": "s"}).problem.weight
    assert raw[0] / raw[6] == pytest.approx(64 * (frame["error"][6] / frame["error"][0]) ** 2)
    with pytest.raises(InputError, match=r"but must be {'sd': column} or {'noise': column} or {'count': column}"):
        fit_law("power", frame, bootstrap=0, weights={"variance": "s"})


def test_a_study_weighs_by_the_noise_and_shows_it(tmp_path):
    study, layout = noisy_study(tmp_path, noise="weigh")
    fit_laws(study, layout)
    fits = read(layout.law("fits"), FITS, study="known").filter(parameter="b[good]")
    runs = read(layout.runs, RUNS)
    runs = weighed(study, runs, noise_tables(study, runs)[0])
    plain, again = (
        fit_law(LAW, runs, loss="log_mse", bootstrap=0, weights=weights).parameters
        for weights in (None, weights_for(runs))
    )
    found = fits["estimate"].item()
    assert found == pytest.approx(again.filter(parameter="b[good]")["estimate"].item(), rel=1e-4)
    assert found != pytest.approx(plain.filter(parameter="b[good]")["estimate"].item(), rel=1e-2)
    noise, signal = read(layout.law("noise"), NOISE), read(layout.law("signal"), SIGNAL)
    assert noise.height == 2 * len(SEEN)
    early, late = (noise.filter(samples_seen=n)["noise"].mean() for n in (SEEN[0], SEEN[-1]))
    assert early > 1.5 * late
    assert signal["pool"].to_list() == [None, "fair", "good"]
    assert (signal["signal_to_noise"] > 2).all()


def test_keys_that_say_nothing_leave_older_results_as_they_are(tmp_path):
    plain, _ = collected(tmp_path)
    named, _ = collected(tmp_path, laws=content()["laws"] | {"odd_curves": "leave_out", "noise": None})
    assert laws_keys(plain) == laws_keys(named)
    assert not {"noise", "trials", "odd_curves", "metric"} & set(laws_keys(plain)["laws"])
    assert laws_keys(plain.model_copy(update={"laws": plain.laws.model_copy(update={"noise": "weigh"})}))["laws"][
        "noise"
    ]


def test_one_of_several_metrics_is_fitted_and_all_have_their_noise(tmp_path):
    def twice(frame):
        other = frame.with_columns(error=0.5 * pl.col("error"), metric=pl.lit("half"))
        return frame.with_columns(metric=pl.lit("whole")).vstack(other.select(*frame.columns, "metric"))

    study, layout = noisy_study(tmp_path / "both", twice, metric="half", noise="estimate")
    runs = read(layout.runs, RUNS)
    assert set(of_metric(study, runs)["metric"]) == {"half"}
    signal = noise_tables(study, runs)[1]
    assert set(signal["metric"]) == {"half", "whole"}
    halves, wholes = (signal.filter(metric=name)["noise"].to_numpy() for name in ("half", "whole"))
    assert halves == pytest.approx(wholes)  # the noise is relative
    for laws, says in (
        ({}, "mixes half, whole"),
        ({"metric": "third"}, r"laws.metric: 'third' is not among the runs'"),
    ):
        study, layout = noisy_study(tmp_path / "no", twice, **laws)
        with pytest.raises(InputError, match=says):
            fit_laws(study, layout)
        assert not layout.law("fits").exists()
