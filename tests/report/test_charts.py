"""Figures that count and compare: score histograms, agreement with published numbers, heat maps, pruned laws."""

import math

import polars as pl
import pytest

from curation_scaling.report.charts.agreement import agreement_figure
from curation_scaling.report.charts.matrix import by_likeness
from curation_scaling.report.charts.outcomes import outcomes_figure
from curation_scaling.report.charts.rankings import correlation_figure, overlap_figure
from curation_scaling.report.charts.scores import BARS, buckets_figure, histogram_figure
from curation_scaling.report.curves import PRUNED_POINTS, pruned_curves
from curation_scaling.report.figure import Figure
from curation_scaling.report.palette import OKABE_ITO, set_channels
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
