"""The law of model size, quality and repetition: derivatives, special cases, recovery of a truth."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws import GoyalEq3, fit_law, law_named
from curation_scaling.laws.goyal_size import GoyalSize

POOLS = {"good": 1e6, "poor": 4e6}
SIZES = (1e6, 4e6, 1.6e7, 6.4e7)
#                  d    a    A    alpha gamma  b: good, poor   tau: good, poor
TRUTH = np.array([[1.2, 0.9, 0.6, 0.34, 0.0, -0.33, -0.24, 4.0, 7.0]])


def frame(sizes=SIZES):
    rows = [
        (f"{pool}{n:g}", pool, n, unique * seen, unique)
        for n in sizes
        for pool, unique in POOLS.items()
        for seen in (0.25, 0.5, 1, 2, 4, 8, 16)
    ]
    return pl.DataFrame(rows, schema=["run_id", "pool", "params", "samples_seen", "unique_samples"], orient="row")


def runs(noise=0.0, sizes=SIZES):
    table = frame(sizes)
    law = GoyalSize().bind(table)
    error = law.predict(TRUTH, law.design(table))[0]
    drawn = np.random.Generator(np.random.PCG64(3)).standard_normal(error.size)
    return table.with_columns(error=pl.Series(error * np.exp(noise * drawn)))


def test_jacobian_agrees_with_differences():
    law = GoyalSize().bind(frame())
    design = law.design(frame())
    value, jacobian = law.evaluate(TRUTH, design)
    assert value == pytest.approx(law.predict(TRUTH, design), rel=1e-13)
    for i, name in enumerate(law.names):
        step = np.zeros_like(TRUTH)
        step[:, i] = 1e-6
        difference = (law.predict(TRUTH + step, design) - law.predict(TRUTH - step, design)) / 2e-6
        assert difference == pytest.approx(jacobian[:, i], abs=1e-8), name


def test_one_model_size_is_equation_3_with_another_floor():
    table = frame()
    sized = GoyalSize().bind(table)
    plain = GoyalEq3().bind(table)
    floor = TRUTH[0, 0] + TRUTH[0, 2] * (SIZES[0] / sized.params0) ** -TRUTH[0, 3]
    theta = np.array([[floor, TRUTH[0, 1], *TRUTH[0, 4:]]])
    one = table.filter(params=SIZES[0])
    assert sized.predict(TRUTH, sized.design(one)) == pytest.approx(plain.predict(theta, plain.design(one)), rel=1e-13)


def test_first_passes_of_one_pool_follow_chinchilla():
    table = frame().filter((pl.col("pool") == "good") & (pl.col("samples_seen") <= 1e6))
    law = GoyalSize(pools=("good",), n0=1e5, params0=4e6)
    theta = np.array([[1.2, 0.9, 0.6, 0.34, 0.0, -0.33, 4.0]])
    chinchilla = law_named("chinchilla")
    names = {"E": 1.2, "A": 0.6 * 4e6**0.34, "alpha": 0.34, "B": 0.9 * 1e5**0.33, "beta": 0.33}
    same = np.array([[names[name] for name in chinchilla.names]])
    expected = chinchilla.predict(same, chinchilla.design(table.with_columns(tokens="samples_seen")))
    assert law.predict(theta, law.design(table)) == pytest.approx(expected, rel=1e-12)


def test_zero_noise_recovers_the_truth():
    fit = fit_law("goyal_size", runs(), loss="log_mse", bootstrap=0)
    assert fit.objective < 1e-20
    assert fit.theta == pytest.approx(TRUTH[0], rel=1e-6)


def test_noise_leaves_the_truth_inside_the_intervals():
    fit = fit_law("goyal_size", runs(noise=0.003), loss="log_mse", bootstrap=200, level=0.99)
    inside = fit.parameters.filter(pl.col("method") != "fixed").with_columns(truth=pl.Series(np.delete(TRUTH[0], 4)))
    assert inside.select(pl.col("truth").is_between("lower", "upper").mean()).item() >= 7 / 8


def test_runs_without_a_model_size_are_refused():
    with pytest.raises(InputError, match="params"):
        fit_law("goyal_size", runs().drop("params"), bootstrap=0)


def test_182_runs_with_repeated_tokens_are_fitted_as_well_as_by_their_own_law(public_data):
    raw = pl.read_csv(public_data / "muennighoff2023/runs.csv", infer_schema_length=None).filter(in_182_fit=1)
    table = raw.select(
        pl.col("params", "tokens").cast(pl.Float64),
        run_id="run",
        pool=pl.lit("c4"),
        unique_samples=pl.min_horizontal("unique_tokens", "tokens").cast(pl.Float64),
        error="loss",
    )
    assert table.height == 182
    ours = fit_law("goyal_size", table.rename({"tokens": "samples_seen"}), bootstrap=0)
    theirs = fit_law("data_constrained", table, bootstrap=0)
    assert ours.objective < 1.01 * theirs.objective
