"""Published optima, recomputed from the public data."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.laws import fit_law, law_named
from curation_scaling.laws.data_constrained import DataConstrained
from curation_scaling.laws.losses import Loss


@pytest.fixture
def chinchilla_points(public_data):
    raw = pl.read_csv(public_data / "besiroglu2024" / "chinchilla_points.csv")
    runs = raw.select(
        params=pl.col("Model Size"), tokens=pl.col("Training FLOP") / (6 * pl.col("Model Size")), error=pl.col("loss")
    )
    return runs.sort("error").head(240)  # the five largest losses are left out


def test_chinchilla_optimum(chinchilla_points):
    fit = fit_law("chinchilla", chinchilla_points, bootstrap=0)
    assert fit.objective == pytest.approx(1.018274018e-3, rel=1e-9)
    assert fit.theta == pytest.approx([1.817218, 477.826, 0.3473105, 2143.417, 0.3671724], rel=3e-6)
    assert fit.starts.share_best == 1.0


@pytest.fixture
def repeated_runs(public_data):
    raw = pl.read_csv(public_data / "muennighoff2023" / "runs.csv").filter(pl.col("in_182_fit") == 1)
    return raw.select("params", "tokens", unique_samples="unique_tokens", error="loss")


PUBLISHED = {"E": 0.6254804, "A": 6.255414, "B": 7.3049974}  # logs
EXPONENT = 0.3526596


def constants() -> dict[str, float]:
    return {name: float(np.exp(value)) for name, value in PUBLISHED.items()} | {"alpha": EXPONENT, "beta": EXPONENT}


def test_data_constrained_objective_at_the_published_point(repeated_runs):
    law = law_named("data_constrained")
    values = constants() | {"R_D": 15.387756, "R_N": 5.309743}
    theta = np.array([[values[name] for name in law.names]])
    error = repeated_runs["error"].to_numpy()
    residual = Loss("log_huber", 1e-3).residual(law.predict(theta, law.design(repeated_runs)), error)
    assert Loss("log_huber", 1e-3).cost(residual).sum() == pytest.approx(0.015825935258, abs=1e-11)


def test_data_constrained_global_optimum(repeated_runs):
    fit = fit_law("data_constrained", repeated_runs, bootstrap=0, fixed=constants())
    assert fit.objective == pytest.approx(0.0158046625, abs=1e-10)
    assert fit.theta[fit.law.names.index("R_D")] == pytest.approx(95.365, rel=1e-3)
    assert fit.theta[fit.law.names.index("R_N")] == pytest.approx(1.7059, rel=1e-3)


@pytest.mark.parametrize(
    ("params", "tokens", "loss"), [(6.34e9, 242e9, 2.2256440889984477), (8.67e9, 178e9, 2.2269634075087867)]
)
def test_data_constrained_published_predictions(params, tokens, loss):
    law = DataConstrained()
    values = constants() | {"R_D": 15.387756, "R_N": 5.309743}
    theta = np.array([[values[name] for name in law.names]])
    frame = pl.DataFrame({"params": [params], "tokens": [tokens], "unique_samples": [25e9]})
    assert law.predict(theta, law.design(frame))[0, 0] == pytest.approx(loss, rel=1e-9)
