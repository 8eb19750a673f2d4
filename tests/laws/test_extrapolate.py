import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws import extrapolate


def curve(seed: int = 0) -> pl.DataFrame:
    n = np.geomspace(1e4, 1e8, 40)
    noise = np.exp(0.003 * np.random.Generator(np.random.PCG64(seed)).standard_normal(n.size))
    return pl.DataFrame({"samples_seen": n, "error": (0.1 + 5 * n**-0.3) * noise})


def test_the_law_that_extrapolates_gets_the_weight():
    table = extrapolate(curve(), ["m1", "m2"]).table
    assert table["law"].to_list() == ["m1", "m2"]
    assert table["weight"].sum() == pytest.approx(1)
    assert table["weight"][1] > 0.9


def test_the_prediction_lies_between_those_of_the_laws_and_near_the_truth():
    found = extrapolate(curve(), ["m1", "m2", "m3"])
    ask = pl.DataFrame({"samples_seen": [4e8]})
    single = np.array([fit.predict(ask)["predicted"][0] for fit in found.fits])
    combined = found.predict(ask)[0]
    assert single.min() <= combined <= single.max()
    assert combined == pytest.approx(0.1 + 5 * 4e8**-0.3, rel=0.03)


def test_nothing_beyond_the_runs_is_used():
    runs = curve()
    part = runs.filter(pl.col("samples_seen") < 2e7)
    with_more = extrapolate(part.vstack(runs.clear()), ["m1", "m2"])
    assert extrapolate(part, ["m1", "m2"]).table.equals(with_more.table)


def test_laws_that_cannot_be_fitted_are_left_out():
    assert extrapolate(curve(), ["m2", "chinchilla"]).table["law"].to_list() == ["m2"]
    with pytest.raises(InputError, match="none of the laws can be fitted"):
        extrapolate(curve(), ["chinchilla"])
    with pytest.raises(InputError, match="no law was given"):
        extrapolate(curve(), [])
