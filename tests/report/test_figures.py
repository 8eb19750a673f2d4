"""Figures of studies that lack one thing or another."""

import csv
import io
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from curation_scaling.report.charts.frontier import frontier_figure
from curation_scaling.report.charts.holdout import holdout_figure
from curation_scaling.report.charts.learning import learning_figure
from curation_scaling.report.charts.mixtures import mixtures_figure
from curation_scaling.report.charts.parameters import SHARED, profiles_figure
from curation_scaling.report.charts.probability import probability_figure
from curation_scaling.report.curves import frontier_curves, learning_curves
from curation_scaling.report.figure import Figure
from curation_scaling.report.figure import csv as as_csv
from curation_scaling.report.figures import draw_figures
from curation_scaling.report.palette import OKABE_ITO, colour_of
from curation_scaling.report.results import Results


def rows_of(figure: Figure) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(figure.spec["datasets"]["table"])))


def colours_in(node: Any) -> dict[str, str]:
    """Pool to colour, from every colour scale in a specification."""
    found: dict[str, str] = {}
    if isinstance(node, dict):
        scale = node.get("scale", {}) if node.get("field") in ("pool", "owner") else {}
        if any(str(c).startswith("#") for c in scale.get("range", [])):
            pairs = dict(zip(scale["domain"], scale["range"], strict=True))
            found |= {pool: colour for pool, colour in pairs.items() if pool != SHARED}
        for value in node.values():
            found |= colours_in(value)
    elif isinstance(node, list):
        for value in node:
            found |= colours_in(value)
    return found


WITHOUT_POOLS = ("parameter_correlations", "schedule_gain", "outcomes")


def test_every_figure_is_valid_vega_lite(trained_results: Results) -> None:
    for figure in draw_figures(trained_results):
        if figure.chart is not None:
            valid = figure.chart.to_dict(validate=True)  # raises where a property is none of Vega-Lite's
            ours = set(valid) - {"config", "datasets"}
            assert {key: figure.spec[key] for key in ours} == {key: valid[key] for key in ours}, figure.name


def test_a_pool_has_one_colour_everywhere(trained_results: Results) -> None:
    expected = {pool: colour_of(trained_results.pools, pool) for pool in trained_results.pools}
    for figure in draw_figures(trained_results):
        seen = colours_in(figure.spec)
        assert seen or figure.name in WITHOUT_POOLS or figure.chart is None, figure.name
        assert seen.items() <= expected.items()
    assert set(expected.values()) <= set(OKABE_ITO)


def test_the_line_passes_through_the_predictions(trained_results: Results) -> None:
    curves = learning_curves(trained_results)
    at = trained_results.main(trained_results.predictions).filter(pl.col("samples_seen") == 800)
    for pool, predicted, lower in at.select("pool", "predicted", "lower").iter_rows():
        last = curves.filter(pool=pool).row(-1, named=True)
        assert last["samples_seen"] == pytest.approx(800)
        assert last["predicted"] == pytest.approx(predicted, rel=1e-9)
        assert last["lower"] == pytest.approx(lower, rel=1e-9)


def test_the_frontier_lines_agree_with_the_artifact(trained_results: Results) -> None:
    curves = frontier_curves(trained_results)
    ends = trained_results.main(trained_results.frontier).filter(pl.col("budget").is_in([100.0, 1600.0]))
    for row in ends.iter_rows(named=True):
        mine = curves.filter(pl.col("pool") == row["pool"]).row(0 if row["budget"] == 100 else -1, named=True)
        for name in ("predicted", "lower", "upper", "probability_best"):
            assert mine[name] == pytest.approx(row[name], rel=1e-9)
        assert mine["best"] == row["best"]
        assert mine["extrapolated"] == row["extrapolated"]
    total = curves.group_by("samples_seen").agg(pl.sum("probability_best"))["probability_best"]
    assert total.to_list() == pytest.approx([1.0] * len(total))


def test_every_run_is_a_point(trained_results: Results) -> None:
    kinds = [row["kind"] for row in rows_of(learning_figure(trained_results))]
    assert kinds.count("run") == trained_results.runs.height
    assert kinds.count("mean") == 18


def test_left_out_points_are_marked(trained_results: Results) -> None:
    late = pl.when(pl.col("samples_seen") == 800).then(pl.lit("left_out")).otherwise("role")
    changed = replace(trained_results, predictions=trained_results.predictions.with_columns(role=late))
    figure = learning_figure(changed)
    assert "left out of the fit" in figure.svg()
    assert "Crosses were left out" in figure.caption
    none = trained_results.predictions.filter(pl.col("role") != "left_out")
    assert "Crosses" not in learning_figure(replace(trained_results, predictions=none)).caption


def test_a_parameter_over_decades_is_profiled_over_its_logarithm(trained_results: Results) -> None:
    rows = trained_results.profiles
    assert rows is not None
    first = rows["parameter"][0]
    grid = pl.DataFrame({"parameter": [first] * 3, "value": [0.1, 10.0, 1e4], "statistic": [3.0, 0.0, 0.1]})
    added = pl.concat([rows.filter(pl.col("parameter") != first), grid], how="diagonal")
    added = added.with_columns(pl.col("threshold").fill_null(float(rows["threshold"][0])))
    fits = trained_results.fits.with_columns(
        lower=pl.when(pl.col("parameter") == first).then(0.2).otherwise("lower"),
    )
    figure = profiles_figure(replace(trained_results, profiles=added, fits=fits))
    wide = figure.table.filter("wide")
    assert wide["parameter"].unique().to_list() == [first]
    assert wide["panel"].str.starts_with(f"log10 {first}").all()
    assert not figure.table.filter(pl.col("lower") <= 0)["wide"].any()
    assert "log10" in figure.svg()


def test_one_run_a_pool_draws_no_single_runs(imported_results: Results) -> None:
    figures = draw_figures(imported_results)
    learning = next(figure for figure in figures if figure.name == "learning_curves")
    assert {row["kind"] for row in rows_of(learning)} == {"mean", "law", "held_out"}
    for figure in figures:
        assert figure.svg().startswith("<svg")


def test_without_trained_mixtures_the_figure_says_so(imported_results: Results) -> None:
    alone = replace(imported_results, predictions=imported_results.predictions.filter(pl.col("role") != "mixture"))
    figure = mixtures_figure(alone)
    assert figure.chart is None
    assert "No mixture of pools was trained" in figure.svg()


def test_without_hold_out_the_figure_says_so(imported_results: Results) -> None:
    figure = holdout_figure(replace(imported_results, holdout=imported_results.holdout.clear()))
    assert figure.chart is None
    assert "No hold-out" in figure.svg()


def test_baselines_that_need_no_law_are_drawn_once(trained_results: Results) -> None:
    twice = pl.concat([trained_results.holdout, trained_results.holdout.with_columns(law=pl.lit("another"))])
    labels = [row["label"] for row in rows_of(holdout_figure(replace(trained_results, holdout=twice)))]
    single = [row["label"] for row in rows_of(holdout_figure(trained_results))]
    assert labels.count("last point") == single.count("last point") > 0
    assert "another, no repetition" in labels


def test_without_switches_the_caption_says_so(trained_results: Results) -> None:
    figure = probability_figure(replace(trained_results, switches=trained_results.switches.clear()))
    assert "does not change" in figure.caption
    assert {row["kind"] for row in rows_of(figure)} == {"pool"}


def test_open_intervals_of_switches_reach_the_edge(trained_results: Results) -> None:
    row = {"law": "goyal_eq3", "gamma": 0.0, "main": True, "order": 0, "from_pool": "bucket1", "to_pool": "all"}
    row |= {"budget": 300.0, "flops": None, "lower": None, "upper": None, "share": 0.5}
    switches = pl.DataFrame([row], schema=trained_results.switches.schema)
    figure = probability_figure(replace(trained_results, switches=switches))
    switch = next(r for r in rows_of(figure) if r["kind"] == "switch")
    assert (float(switch["lower"]), float(switch["upper"])) == (100, 1600)
    assert "bucket1 → all" in figure.svg()


def test_unmeasured_budgets_have_no_points(trained_results: Results) -> None:
    nothing = trained_results.frontier.with_columns(measured=pl.lit(None, pl.Float64), measured_best=None)
    figure = frontier_figure(replace(trained_results, frontier=nothing.cast({"measured_best": pl.Boolean})))
    assert {row["kind"] for row in rows_of(figure)} == {"law"}
    assert "Points:" not in figure.caption
    assert figure.svg().startswith("<svg")


def test_a_single_budget_still_makes_a_figure(trained_results: Results) -> None:
    one = replace(trained_results, frontier=trained_results.frontier.filter(pl.col("budget") == 400))
    seen = [float(row["samples_seen"]) for row in rows_of(frontier_figure(one)) if row["kind"] == "law"]
    assert (min(seen), max(seen)) == (200, 800)


def test_csv_keeps_types_and_quotes_text() -> None:
    table = pl.DataFrame({"a": ['x,"y"', None], "b": [1234567, 2], "c": [0.123456789, None], "d": [True, None]})
    assert as_csv(table) == 'a,b,c,d\n"x,""y""",1234567,0.123457,true\n,2,,\n'
