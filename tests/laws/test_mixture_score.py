import math

import polars as pl
import pytest

from curation_scaling.laws.mixture_score import score_mixtures

# (pool, samples seen, role, measured error, predicted)
ROWS = [
    ("a", 100, "fitted", 0.50, 0.50),
    ("b", 100, "fitted", 0.60, 0.60),
    ("mix", 100, "mixture", 0.40, 0.44),
    ("a", 200, "fitted", 0.45, 0.40),
    ("b", 200, "fitted", 0.38, 0.42),
    ("mix", 200, "mixture", 0.39, 0.41),
    ("a", 400, "fitted", 0.30, 0.30),
    ("mix", 400, "mixture", 0.20, 0.10),  # b was not trained here: no choice among all
]
RUNS = [("mix", 100, 0.39), ("mix", 100, 0.41), ("mix", 200, 0.30), ("mix", 400, 0.2), ("a", 100, 0.5)]


def predictions(rows):
    frame = pl.DataFrame(rows, schema=["pool", "samples_seen", "role", "error", "predicted"], orient="row")
    return frame.with_columns(
        residual=(pl.col("error") / pl.col("predicted")).log(),
        run_lower=pl.col("predicted") - 0.05,
        run_upper=pl.col("predicted") + 0.05,
    )


def scored(rows, candidates=("a", "b", "mix")):
    runs = pl.DataFrame(RUNS, schema=["pool", "samples_seen", "error"], orient="row")
    return score_mixtures(predictions(rows), runs, list(candidates))


def test_a_table_by_hand():
    found = scored(ROWS)
    logs = [math.log(0.40 / 0.44), math.log(0.39 / 0.41), math.log(0.20 / 0.10)]
    assert found["points"] == 3
    assert found["bias"] == pytest.approx(sum(logs) / 3)
    assert found["log_rmse"] == pytest.approx(math.sqrt(sum(x * x for x in logs) / 3))
    # Single evaluations: 0.39 lies on the interval's edge 0.44 - 0.05, 0.41 inside, 0.30 and 0.2 outside.
    assert found["covered"] == 2 / 4
    # At 100 mix is predicted best and was; at 200 a is predicted best, but b was: regret 0.45 - 0.38.
    assert (found["budgets"], found["winners_matched"]) == (2, 1)
    assert found["worst_regret"] == pytest.approx(0.07)
    assert found["mean_regret"] == pytest.approx(0.035)


def test_only_candidates_are_chosen_among():
    found = scored(ROWS, ["a", "mix"])
    assert (found["budgets"], found["winners_matched"]) == (3, 2)
    assert found["worst_regret"] == pytest.approx(0.06)


def test_without_trained_mixtures_there_is_no_score():
    found = scored([row for row in ROWS if row[2] != "mixture"])
    assert found["points"] == 0
    assert found["log_rmse"] is found["bias"] is found["covered"] is None
    assert (found["budgets"], found["mean_regret"], found["worst_regret"]) == (0, None, None)


def test_pools_predicted_alike_are_chosen_by_name():
    rows = [("b", 100, "fitted", 0.5, 0.4), ("a", 100, "fitted", 0.6, 0.4)]
    assert scored(rows, ["a", "b"])["worst_regret"] == pytest.approx(0.1)
    assert scored(rows[::-1], ["a", "b"])["worst_regret"] == pytest.approx(0.1)
