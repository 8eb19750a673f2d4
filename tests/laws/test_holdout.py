import numpy as np
import polars as pl
import pytest
from laws_data import simulated

from curation_scaling.errors import InputError
from curation_scaling.laws import GoyalEq3, compare, holdout, summary


def curve(floor: float = 0.1, rows: int = 40) -> pl.DataFrame:
    n = np.geomspace(1e3, 1e8, rows)
    return pl.DataFrame({"pool": "all", "samples_seen": n, "error": floor + 5 * n**-0.4})


def test_the_true_law_extrapolates_exactly_and_beats_the_baselines():
    table = holdout("saturating_power", curve())
    assert table.filter(method="law")["absolute_relative_error"].max() < 1e-6
    scores = summary(table).filter(split="largest")
    assert scores["method"][0] == "law"
    assert set(scores["method"]) == {"law", "last point", "log-linear"}
    assert (table["distance"] > 1).all()
    largest = table.filter(split="largest")
    assert largest["compute"].min() > 0.5e8
    # The last point stays above a falling curve: a positive bias.
    assert (table.filter(method="last point")["relative_error"] > 0).all()


def test_the_log_linear_baseline_is_exact_on_a_power_law():
    table = holdout("saturating_power", curve(floor=0.0))
    assert table.filter(method="log-linear")["absolute_relative_error"].max() < 1e-10


def test_repetition_laws_are_also_compared_with_no_repetition():
    table = holdout("goyal_eq3", simulated(GoyalEq3(), 0.001, draws=2))
    scores = summary(table).filter(split="largest")
    assert "no repetition" in scores["method"].to_list()
    assert scores["method"][0] == "law"
    assert (table.filter(method="no repetition")["relative_error"] < 0).all()


def test_compare_chooses_the_true_law_and_explains_the_others():
    noise = np.exp(0.002 * np.random.Generator(np.random.PCG64(0)).standard_normal(40))
    runs = curve().with_columns(pl.col("error") * pl.Series(noise))
    table = compare(["power", "saturating_power", "chinchilla"], runs)
    assert table["law"][0] == "saturating_power"
    assert table["chosen"].to_list() == [True, False, False]
    assert table["note"][2].startswith("column 'params' is missing")
    assert table["rollout"][0] < table["baseline_rollout"][0]
    assert table["aicc"][0] < table["aicc"][1]


def test_too_few_runs_to_hold_out():
    with pytest.raises(InputError, match="no cutoff leaves enough"):
        holdout("saturating_power", curve().head(3))
    with pytest.raises(InputError, match="none of the laws"):
        compare(["chinchilla"], curve())
