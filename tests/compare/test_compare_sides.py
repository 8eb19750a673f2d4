from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curation_scaling.compare import Compared, compare_sides, compare_studies, describe_comparison, read_sides
from curation_scaling.errors import InputError


@pytest.fixture(scope="module")
def shared(results: Path) -> Compared:
    return compare_sides(read_sides(["sharp", "blunt"], results))


@pytest.fixture(scope="module")
def crossing(results: Path) -> Compared:
    return compare_sides(read_sides(["procedures:flat", "procedures:steep"], results))


def answer(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(rule="answer")


def test_studies_on_the_same_draws_share_them_and_what_is_common_cancels(shared: Compared, results: Path) -> None:
    independent = compare_sides(read_sides(["sharp", "other"], results))
    assert "share their draws" in shared.sharing[0]
    assert "independent draws: the studies differ in seed" in independent.sharing[0]
    widths = [
        answer(c.differences).filter("asked").select((pl.col("upper") - pl.col("lower")).mean()).item()
        for c in (shared, independent)
    ]
    assert widths[0] < 0.5 * widths[1]  # the luck of a draw, 5 %, is in both studies of the first pair


def test_a_difference_is_the_difference_of_the_frontiers(shared: Compared) -> None:
    first, second = (shared.frontiers.filter(side=name).sort("budget") for name in ("sharp", "blunt"))
    rows = answer(shared.differences).sort("budget")
    assert np.allclose(rows["difference"], second["predicted"] - first["predicted"])
    assert np.allclose(rows["probability_second"], second["probability_best"])
    assert (rows["lower"] <= rows["upper"]).all()


def test_compute_is_the_axis_where_both_know_it_and_samples_else(results: Path, shared: Compared) -> None:
    assert shared.axis == "flops"
    assert shared.frontiers.filter("asked")["budget"].unique().sort().to_list() == [6e5, 2.4e6, 9.6e6]
    sides = [replace(side, scales={"samples_seen": 1.0}) for side in shared.sides]
    assert compare_sides(sides).frontiers.filter("asked")["budget"].unique().sort().to_list() == [100, 400, 1600]


def test_parameters_differ_as_the_pools_were_made(shared: Compared) -> None:
    rows = {row["parameter"]: row for row in shared.parameters.iter_rows(named=True)}
    best = rows["b[bucket1]"]
    assert best["difference"] == pytest.approx(best["second_estimate"] - best["first_estimate"])
    assert 0 < best["lower"] < best["difference"] < best["upper"]  # b is negative; the sharp filter's is further down
    assert rows["b[bucket2]"]["upper"] < 0
    assert "gamma" not in rows


def test_the_crossing_of_two_power_laws_is_found_with_its_interval(crossing: Compared) -> None:
    row = answer(crossing.crossings).row(0, named=True)
    assert row["budget"] == pytest.approx(1e20, rel=0.15)
    assert row["lower"] < 1e20 < row["upper"]
    assert (row["ahead_low"], row["ahead_high"]) == ("procedures:flat", "procedures:steep")
    assert row["share_crossing"] == 1.0
    words = describe_comparison(crossing)
    assert "procedures:steep overtakes (" in words
    assert "95% interval" in words
    assert "alpha" in words


def test_intervals_of_the_crossing_cover_the_truth(results: Path) -> None:
    """Half the draws put it on either side: the estimate is not at the end of its interval."""
    sides = read_sides(["procedures:flat", "procedures:steep"], results)
    found = answer(compare_sides(sides[::-1]).crossings).row(0, named=True)
    other = answer(compare_sides(sides).crossings).row(0, named=True)
    assert found["budget"] == pytest.approx(other["budget"])
    assert found["ahead_high"] == "procedures:steep"
    assert found["share_first"] == other["share_second"]


def test_where_there_is_no_crossing_the_shares_say_so(shared: Compared) -> None:
    row = answer(compare_sides(shared.sides, [6e5]).crossings).row(0, named=True)
    assert row["share_crossing"] + row["share_first"] + row["share_second"] == pytest.approx(1)
    sides = [shared.sides[0], replace(shared.sides[0], name="same")]
    alone = compare_sides(sides)
    assert answer(alone.crossings)["budget"].to_list() == [None]
    assert answer(alone.crossings)["share_first"].to_list() == [1.0]
    assert alone.parameters.is_empty()
    assert "No crossing: sharp is ahead" in describe_comparison(alone)
    assert answer(alone.differences)["probability_second"].unique().to_list() == [0.5]


def test_three_sides_are_compared_in_pairs_and_all_together(results: Path) -> None:
    found = compare_sides(read_sides(["sharp", "blunt", "sharp:bucket2"], results))
    assert answer(found.crossings).height == 3
    total = found.frontiers.group_by("budget").agg(pl.sum("probability_best"))["probability_best"]
    assert np.allclose(total, 1)
    assert found.frontiers.filter(side="sharp:bucket2")["choice"].unique().to_list() == ["bucket2"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["sharp", "gone"], "'gone' names no finished study below"),
        (["sharp", "../x"], "'../x' names no finished study below"),
        (["sharp", "declared"], "runs.parquet.sha256 is missing"),
        (["sharp"], "a comparison needs two sides"),
        (["sharp", "sharp"], "sharp stands there twice"),
        (
            ["sharp:buckt1", "blunt"],
            "'buckt1' is no candidate of study sharp; these are: bucket1, bucket2, all (did",
        ),
        (["procedures", "sharp"], "the choices are procedures:steep, procedures:flat"),
        (["procedures:steep", "sharp"], "share no range of flops"),
        (["procedures:steep", "procedures:steep_again"], "9 runs in common"),
    ],
)
def test_sides_that_cannot_be_compared_are_refused_in_one_sentence(
    results: Path, names: list[str], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        compare_sides(read_sides(names, results))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_units_and_metrics_must_agree_and_budgets_lie_in_the_range(shared: Compared) -> None:
    first, second = shared.sides
    with pytest.raises(InputError, match="sharp measures loss, blunt measures accuracy: only studies of one metric"):
        compare_sides([first, replace(second, metric="accuracy")])
    with pytest.raises(InputError, match="only studies of one unit"):
        compare_sides([first, replace(second, unit="tokens")])
    with pytest.raises(InputError, match=r"budget 5 is outside 6e\+05 to 9.6e\+06 flops"):
        compare_sides(shared.sides, [5])
    with pytest.raises(InputError, match="share no axis"):
        compare_sides([replace(first, scales={"flops": 1.0}), replace(second, scales={"samples_seen": 1.0})])


def test_tables_are_written_verified_and_the_same_twice(results: Path) -> None:
    _, root = compare_studies(["sharp", "blunt"], results)
    before = {path.name: path.read_bytes() for path in root.glob("*.parquet*")}
    assert sorted(before)[::2] == [
        "crossings.parquet",
        "differences.parquet",
        "frontiers.parquet",
        "parameters.parquet",
    ]
    compare_studies(["sharp", "blunt"], results)
    assert {path.name: path.read_bytes() for path in root.glob("*.parquet*")} == before
    assert root == results / "_compare/sharp+blunt"
