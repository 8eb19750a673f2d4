"""The frontier: predicted error of every candidate by budget."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale, samples_axis
from curation_scaling.report.charts.marker import chosen_budget
from curation_scaling.report.curves import frontier_curves
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, colours, shapes
from curation_scaling.report.results import Results


def frontier_figure(results: Results) -> Figure:
    """Lines with bands, the best pool thick, dashed where the law extrapolates, and what was measured."""
    table = _table(results)
    pools = table.filter("leading")["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low, high)
    scale = error_scale([*table["predicted"], *table["measured"]])
    y = error_axis("predicted", f"Predicted {results.metric}", scale)
    line, measured = (alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("law", "measured"))
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
        alt.Tooltip("predicted:Q", title="Predicted", format=".4g"),
    ]
    points = measured.transform_filter("datum.leading").encode(
        x, alt.Y("measured:Q", scale=scale), tooltip=[*tooltip, alt.Tooltip("measured:Q", format=".4g")]
    )
    chart = alt.layer(
        line.transform_filter("datum.leading")
        .mark_area(opacity=1, fillOpacity=0.10)
        .encode(x, alt.Y("lower:Q", scale=scale), alt.Y2("upper:Q"), colour),
        line.transform_filter("datum.best_stretch !== null")
        .mark_line(strokeWidth=9, strokeOpacity=0.4, strokeCap="round")
        .encode(x, y, colour, detail="best_stretch:N"),
        line.transform_filter("!datum.leading")
        .mark_line(strokeWidth=0.8, strokeOpacity=0.45, color="gray")
        .encode(x, y, detail="pool:N", tooltip=tooltip),
        line.transform_filter("datum.leading && !datum.extrapolated").mark_line().encode(x, y, colour, tooltip=tooltip),
        line.transform_filter("datum.leading && (datum.extrapolated || datum.edge)")
        .mark_line(strokeDash=[4, 4])
        .encode(x, y, colour, tooltip=tooltip),
        points.mark_point(size=40, filled=True, opacity=1).encode(color=colour, shape=shape),
        points.transform_filter("datum.measured_best").mark_point(
            size=130, filled=False, strokeWidth=1.5, stroke="currentColor", shape="circle"
        ),
        chosen_budget(),
        data=table_data(table),
    ).properties(height=360)
    return Figure("frontier", "The frontier: every candidate at every budget", _caption(results), chart, table)


def _table(results: Results) -> pl.DataFrame:
    """Kinds: `law` is the law on a grid, `measured` the mean of the runs at a budget of the study."""
    law = (
        frontier_curves(results)
        .with_columns(
            kind=pl.lit("law"),
            stretch=pl.col("best").ne(pl.col("best").shift(1)).fill_null(True).cum_sum().over("pool"),
            edge=~pl.col("extrapolated") & pl.col("extrapolated").shift(-1).over("pool").fill_null(False),
        )
        .with_columns(best_stretch=pl.when("best").then("stretch"))
        .drop("stretch", "probability_best")
    )
    measured = (
        results.main(results.frontier)
        .filter(pl.col("measured").is_not_null())
        .select(
            "pool", "repetitions", "predicted", "measured", "measured_best", "best", "extrapolated",
            samples_seen="budget", kind=pl.lit("measured"),
        )
    )  # fmt: skip
    leading = results.leading
    return (
        pl.concat([law, measured], how="diagonal")
        .with_columns(leading=pl.col("pool").is_in(leading))
        .select(
            "kind", "pool", "leading", "samples_seen", "repetitions", "predicted", "lower", "upper", "best",
            "best_stretch", "extrapolated", "edge", "measured", "measured_best",
        )
        .sort("kind", "pool", "samples_seen")
    )  # fmt: skip


def _caption(results: Results) -> str:
    study = results.study
    text = (
        f"Expected {results.metric} of each candidate pool against the budget in {study.unit} seen (law "
        f"{study.laws.main}, rule gamma = {study.laws.gamma:g}). The thick line marks the best pool at each budget; "
        f"bands are {study.laws.level:.0%} intervals of the expected error; lines are dashed beyond the "
        f"{study.unit} seen or the repetitions of the fitted runs, where the law extrapolates."
    )
    count = results.main(results.frontier)["pool"].n_unique()
    if count > len(OKABE_ITO):
        text += (
            f" In colour: the {len(OKABE_ITO)} of {count} candidates that come nearest to being best; grey: the rest."
        )
    if results.main(results.frontier)["measured"].is_not_null().any():
        text += " Points: means of real runs; a ring marks the best one where all candidates were measured."
    return text
