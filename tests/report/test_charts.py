"""Figures that count and compare: score histograms, agreement with published numbers, heat maps, pruned laws."""

import math

import polars as pl
import pytest

from curation_scaling.report.charts.agreement import agreement_figure
from curation_scaling.report.charts.matrix import by_likeness
from curation_scaling.report.charts.outcomes import outcomes_figure
from curation_scaling.report.charts.rankings import correlation_figure, overlap_figure
from curation_scaling.report.charts.scores import BARS, buckets_figure, histogram_figure
from curation_scaling.report.charts.selectors import selector_figure
from curation_scaling.report.curves import PRUNED_POINTS, pruned_curves
from curation_scaling.report.figure import Figure
from curation_scaling.report.palette import OKABE_ITO, set_channels
from curation_scaling.report.wording import long_number, number
from study_data import parsed, table

STUDY = parsed(table())
POOLS = ["bucket1", "bucket2", "all"]
EDGES = pl.DataFrame(
    {"draw": [0, 0], "bucket": [1, 2], "pool": ["bucket1", "bucket2"], "score_min": [0.6, 0.0], "score_max": [1.0, 0.6]}
)


def bars(figure: Figure) -> pl.DataFrame:
    return figure.table.drop_nulls("rows")


def test_every_row_is_in_a_bar_of_its_bucket() -> None:
    rows = pl.DataFrame({"score": [i / 1000 for i in range(1000)]}).with_columns(
        pool=pl.when(pl.col("score") >= 0.6).then(pl.lit("bucket1")).otherwise(pl.lit("bucket2"))
    )
    figure = buckets_figure(STUDY, POOLS, rows, EDGES)
    count = dict(bars(figure).group_by("pool").agg(pl.sum("rows")).iter_rows())
    assert count == {"bucket1": 400, "bucket2": 600}
    assert figure.table["edge"].drop_nulls().to_list() == [0.6]
    assert figure.svg().startswith("<svg")


def test_cells_of_shards_are_split_at_the_edges() -> None:
    """Ten cells of 100 rows; the edge at 0.65 halves one of them."""
    cells = pl.DataFrame({"score_low": [i / 10 for i in range(10)], "rows": [100] * 10})
    cells = cells.with_columns(score_high=pl.col("score_low") + 0.1, group=pl.lit(None, pl.String))
    at = EDGES.with_columns(score_min=pl.when(pl.col("bucket") == 1).then(0.65).otherwise("score_min"))
    figure = histogram_figure(STUDY, POOLS, cells, at)
    count = dict(bars(figure).group_by("pool").agg(pl.sum("rows")).iter_rows())
    assert count["bucket1"] == pytest.approx(350)
    assert count["bucket2"] == pytest.approx(650)
    assert bars(figure)["score_from"].n_unique() <= BARS
    assert figure.svg().startswith("<svg")


def test_scores_that_are_all_alike_and_none_at_all() -> None:
    alike = pl.DataFrame({"score": [2.0] * 5, "pool": ["bucket1"] * 5})
    assert bars(buckets_figure(STUDY, POOLS, alike, EDGES))["rows"].sum() == 5
    assert buckets_figure(STUDY, POOLS, alike.clear(), EDGES).chart is None


def test_agreement_is_in_units_of_what_is_allowed() -> None:
    names = ("order", "quantity", "published", "refit", "lower", "upper", "tolerance", "agrees", "source")
    rows = [
        (0, "by tolerance", 1.0, 1.2, None, None, 0.4, True, "Table 1"),
        (1, "by interval, below", 1.0, 1.2, 1.1, 1.3, None, False, "Table 1"),
        (2, "by interval, above", 1.0, 0.9, 0.7, 1.1, None, True, "Table 1"),
        (3, "far off", 1.0, 9.0, None, None, 0.1, False, "Table 1"),
        (4, "not published", None, 2.0, None, None, None, None, "none"),
    ]
    types = {n: pl.Float64 for n in ("published", "refit", "lower", "upper", "tolerance")} | {"agrees": pl.Boolean}
    figure = agreement_figure(pl.DataFrame(rows, schema=list(names), schema_overrides=types, orient="row"))
    assert figure.table["of_allowed"].to_list() == pytest.approx([0.5, 2.0, -0.5, 2.5])
    for share, verdict in figure.table.select("of_allowed", "verdict").iter_rows():
        assert (abs(share) <= 1) == (verdict == "agrees")
    assert figure.svg().startswith("<svg")


def pairs(**values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"first": ["a", "a", "b"], "second": ["b", "c", "c"], **values})


def test_names_that_are_alike_stand_together() -> None:
    order = by_likeness(pairs(estimate=[0.1, 0.9, 0.2]))
    assert abs(order.index("a") - order.index("c")) == 1
    assert by_likeness(pairs(estimate=[0.1, 0.9, 0.2])[:1]) == ["a", "b"]


def test_each_half_of_the_heat_map_holds_one_coefficient() -> None:
    common = {"scorer": "all", "level": 0.95, "samples": 1000}
    both = [
        pairs(estimate=values).with_columns(
            method=pl.lit(method), lower=pl.col("estimate") - 0.01, upper=pl.col("estimate") + 0.01
        )
        for method, values in (("spearman", [0.1, 0.9, 0.2]), ("kendall", [0.05, 0.8, 0.15]))
    ]
    figure = correlation_figure(pl.concat(both).with_columns(**{k: pl.lit(v) for k, v in common.items()}))
    assert figure.table.height == 6
    assert figure.table.select("row", "column").unique().height == 6
    spearman = {frozenset(p) for p in figure.table.filter(method="Spearman's rho").select("row", "column").iter_rows()}
    assert len(spearman) == 3
    assert "No 95% interval is wider than ± 0.01." in figure.caption
    assert figure.svg().startswith("<svg")


def test_overlap_is_seen_beyond_chance() -> None:
    rows = pairs(shared=[0.5, 1.0, 0.25]).with_columns(
        scorer=pl.lit("all"), keep=pl.lit("hard"), fraction=0.5, by_chance=0.5
    )
    found = overlap_figure(rows).table
    assert found.height == 6
    beyond = {(r, c): v for r, c, v in found.select("row", "column", "beyond_chance").iter_rows()}
    assert beyond["a", "b"] == beyond["b", "a"] == 0
    assert beyond["a", "c"] == 1
    assert beyond["b", "c"] == -0.5


def test_outcomes_add_up_in_a_natural_order() -> None:
    rows = [("input", "read", 20), ("kept", "bucket10", 5), ("kept", "bucket2", 5), ("rejected", "empty", 10)]
    frame = pl.DataFrame(rows, schema=["kind", "outcome", "rows"], orient="row")
    figure = outcomes_figure(frame.with_columns(draw=0, size=pl.col("rows")))
    assert figure.table["outcome"].to_list() == ["bucket2", "bucket10", "empty"]
    assert figure.table["share"].sum() == 1
    assert figure.table["label"].to_list() == ["25.0%", "25.0%", "50.0%"]


def test_few_rows_are_told_from_none() -> None:
    rows = [("kept", "bucket1", 99_999), ("rejected", "twice", 1), ("rejected", "unscored", 0)]
    frame = pl.DataFrame(rows, schema=["kind", "outcome", "rows"], orient="row")
    figure = outcomes_figure(frame.with_columns(draw=0, size=pl.col("rows")))
    assert figure.table["label"].to_list() == ["100.0%", "<0.1%", "0"]


def test_buckets_that_share_a_colour_are_named_at_their_ends() -> None:
    names = [f"bucket{i}" for i in range(1, 11)]
    rows = pl.DataFrame({"score": [i / 1000 for i in range(1000)]}).with_columns(
        pool=pl.format("bucket{}", 10 - (pl.col("score") * 10).floor().cast(pl.Int64))
    )
    low = [1 - i / 10 for i in range(1, 11)]
    edges = pl.DataFrame({"draw": [0] * 10, "bucket": range(1, 11), "pool": names, "score_min": low})
    edges = edges.with_columns(score_max=pl.col("score_min") + 0.1)
    assert "end of bucket9" in buckets_figure(STUDY, names, rows, edges).svg()
    two = buckets_figure(STUDY, names[:2], rows.filter(pl.col("pool").is_in(names[:2])), edges[:2])
    assert "end of bucket1" not in two.svg()
    assert "Score: quality" in two.svg()


def test_long_numbers_are_written_one_way() -> None:
    assert [long_number(v, 5) for v in (80e6, 67757123.0, 0.34731, 6.8e15, math.inf, None)] == [
        "80,000,000", "67,757,000", "0.34731", "6.8e15", "∞", "–",
    ]  # fmt: skip
    assert [number(v) for v in (1e4, 12345.6, 1e-5, 0.25, 3e12)] == ["1e4", "1.235e4", "1e-5", "0.25", "3e12"]


def test_the_price_of_choosing_has_a_panel_a_task_and_model() -> None:
    """One facet that the page can fold into fewer columns; ticks that stay apart."""
    methods = pl.DataFrame({"task": ["T"] * 2, "model": ["7B", "70B"], "params": [7e9, 7e10], "method": ["Random"] * 2})
    grid = pl.DataFrame({"budget_flops": [2e17, 1e18, 2e19]})
    rest = pl.DataFrame({"share": [0.1], "predicted": [40.0], "best": [True], "probability_best": [1.0]})
    budgets = methods.drop("params").join(grid, how="cross").join(rest, how="cross")
    figure = selector_figure(budgets.with_columns(measured=pl.col("predicted")), methods)
    assert figure.spec["facet"]["sort"] == ["T, 7B", "T, 70B"]
    assert figure.spec["columns"] == 2
    axis = figure.spec["spec"]["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == [1e18, 1e19]
    assert figure.svg().startswith("<svg")


def test_a_pruned_law_is_drawn_from_its_row() -> None:
    """y = a (n / 1)^b of the plain power law, as `pruning/fits` stores it."""
    fit = {"label": "s", "fraction": 0.5, "axis": "kept", "law": "power", "chosen": True, "note": ""}
    fits = pl.DataFrame([fit | {"parameter": "a", "estimate": 2.0}, fit | {"parameter": "b", "estimate": -0.5}])
    curves = pl.DataFrame({"label": ["s", "s"], "fraction": [0.5, 0.5], "kept": [100, 10_000]})
    found = pruned_curves(fits, curves)
    assert found.height == PRUNED_POINTS
    first, last = found["predicted"][0], found["predicted"][-1]
    assert math.log(last / first) / math.log(100) == pytest.approx(-0.5)
    assert pruned_curves(fits.with_columns(chosen=pl.lit(False)), curves).is_empty()


def test_a_set_keeps_its_colour_where_others_are_missing() -> None:
    whole, _ = set_channels("label", ["a", "b", "c"], "Set")
    part, shape = set_channels("label", ["a", "b", "c"], "Set", ["c"])
    assert whole.to_dict()["scale"]["range"] == list(OKABE_ITO[:3])
    assert part.to_dict()["scale"] == {"domain": ["c"], "range": [OKABE_ITO[2]]}
    assert shape.to_dict()["scale"]["domain"] == ["c"]
