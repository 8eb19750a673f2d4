import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws import extrapolate
from curation_scaling.laws.extrapolate import Extrapolation


def curve(seed: int = 0, floor: float = 0.1, noise: float = 0.003, name: str = "a") -> pl.DataFrame:
    n = np.geomspace(1e4, 1e8, 40)
    factor = np.exp(noise * np.random.Generator(np.random.PCG64(seed)).standard_normal(n.size))
    return pl.DataFrame({"run_id": name, "samples_seen": n, "error": (floor + 5 * n**-0.3) * factor})


def weights(found: Extrapolation) -> dict[tuple[str, bool], float]:
    return {(law, moved): weight for law, moved, _, weight in found.table.iter_rows()}


def test_every_law_is_a_candidate_twice_and_the_one_that_extrapolates_gets_the_weight():
    found = weights(extrapolate(curve(), ["m1", "m2"]))
    assert set(found) == {("m1", False), ("m1", True), ("m2", False), ("m2", True)}
    assert sum(found.values()) == pytest.approx(1)
    assert found["m2", False] + found["m2", True] > 0.95
    assert found["m2", False] > found["m2", True]  # the last point's noise is independent: moving adds it


def test_weights_fall_with_the_third_power_of_the_rollout():
    table = extrapolate(curve(), ["m1", "m2", "m3"]).table
    product = (table["weight"] * table["rollout"] ** 3).to_numpy()
    assert product == pytest.approx(product[0])


def test_where_the_residuals_persist_moving_through_the_last_point_wins():
    runs = curve(noise=0).with_columns(pl.col("error") * pl.when(pl.col("samples_seen") > 3e5).then(0.97).otherwise(1))
    found = weights(extrapolate(runs, ["m1"]))
    assert found["m1", True] > 0.7


def test_the_prediction_lies_near_the_truth():
    ask = pl.DataFrame({"samples_seen": [4e8]})
    assert extrapolate(curve(), ["m1", "m2", "m3"]).predict(ask)[0] == pytest.approx(0.1 + 5 * 4e8**-0.3, rel=0.03)


def test_a_curve_that_never_rose_is_not_predicted_to_rise():
    best = curve(noise=0.2).with_columns(pl.col("error").cum_min())
    ask = pl.DataFrame({"samples_seen": [1e8, 1.1e8, 4e8]})
    least = best["error"].min() * (1 + 1e-12)  # a logarithm and back
    assert (extrapolate(best, ["m2", "m3"]).predict(ask) <= least).all()
    assert extrapolate(curve(noise=0.2, seed=3), ["m2"]).predict(ask)[0] > curve(noise=0.2, seed=3)["error"].min()


def test_curves_of_a_family_share_their_weights_but_not_their_fits():
    family = pl.concat([curve(i, 0.1 + 0.1 * i, name=f"c{i}") for i in range(4)])
    found = extrapolate(family, ["m1", "m2"], curve="run_id")
    alone = [extrapolate(part, ["m1", "m2"]) for part in family.partition_by("run_id")]
    squares = np.mean([one.table["rollout"].to_numpy() ** 2 for one in alone], axis=0)
    assert found.table["rollout"].to_numpy() ** 2 == pytest.approx(squares)
    ask = pl.DataFrame({"run_id": [f"c{i}" for i in (2, 0, 3)], "samples_seen": [4e8] * 3})
    truth = np.array([0.3, 0.1, 0.4]) + 5 * 4e8**-0.3
    assert found.predict(ask) == pytest.approx(truth, rel=0.03)


def test_nothing_beyond_the_runs_is_used():
    runs = curve()
    part = runs.filter(pl.col("samples_seen") < 2e7)
    shuffled = runs.sample(fraction=1, shuffle=True, seed=1).filter(pl.col("samples_seen") < 2e7)
    ask = pl.DataFrame({"samples_seen": [4e8]})
    first, second = (extrapolate(rows, ["m1", "m2"]).predict(ask)[0] for rows in (part, shuffled))
    assert first == pytest.approx(second, rel=1e-6)
    assert first != pytest.approx(extrapolate(runs, ["m1", "m2"]).predict(ask)[0], rel=1e-6)


def test_too_short_a_curve_weighs_its_laws_alike():
    table = extrapolate(curve().head(4), ["m1", "m2"]).table
    assert table["rollout"].null_count() == 4
    assert table["weight"].to_list() == pytest.approx([0.25] * 4)


def test_bad_input_is_one_sentence():
    assert set(extrapolate(curve(), ["chinchilla", "m2"]).table["law"]) == {"m2"}
    with pytest.raises(InputError, match="none of the laws can be fitted: column 'params'"):
        extrapolate(curve(), ["chinchilla"])
    with pytest.raises(InputError, match="no law was given"):
        extrapolate(curve(), [])
    with pytest.raises(InputError, match="column 'task' is missing"):
        extrapolate(curve(), ["m1"], curve="task")
    family = pl.concat([curve(), curve(name="b").head(1)])
    with pytest.raises(InputError, match="to curve 'b'"):
        extrapolate(family, ["m1"], curve="run_id")
    with pytest.raises(InputError, match="curve 'z' was not fitted"):
        extrapolate(curve(), ["m1"], curve="run_id").predict(pl.DataFrame({"run_id": ["z"], "samples_seen": [1e9]}))
