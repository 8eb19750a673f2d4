"""How sure the choice is: the probability of each pool being best, and the budgets at which the best pool changes."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import samples_axis
from curation_scaling.report.charts.marker import chosen_budget
from curation_scaling.report.curves import frontier_curves
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours
from curation_scaling.report.results import Results

ROW = 0.09  # height of one switch above the areas, as a share of their height


def probability_figure(results: Results) -> Figure:
    """Stacked probabilities along the budget axis; above them each switch with its interval."""
    table = _table(results)
    pools = table["pool"].drop_nulls().unique().to_list()
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low, high)
    switches = results.main(results.switches).height
    y = alt.Y(
        "probability:Q",
        title="Probability of being best",
        scale=alt.Scale(domain=[0, 1 + ROW * (switches + 0.5 if switches else 0)], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
        stack="zero",
    )
    area, switch = (alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("pool", "switch"))
    height = alt.Y("height:Q")
    tooltip = [
        alt.Tooltip("label:N", title="Switch"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        alt.Tooltip("share:Q", title="Share of draws", format=".0%"),
    ]
    chart = alt.layer(
        area.mark_area(opacity=1, fillOpacity=0.85).encode(
            x, y, colours(results.pools, pools, alt.Legend()), order=alt.Order("rank:Q", sort="ascending")
        ),
        switch.mark_rule(strokeDash=[4, 3], color="currentColor").encode(x, alt.Y("zero:Q"), alt.Y2("height:Q")),
        switch.mark_rule(strokeWidth=2, color="currentColor").encode(
            alt.X("lower:Q"), height, x2="upper:Q", tooltip=tooltip
        ),
        switch.mark_point(filled=True, size=55, color="currentColor", opacity=1).encode(x, height, tooltip=tooltip),
        *_labels(switch.encode(x, height, text="label:N")),
        chosen_budget(),
        data=table_data(table),
    )
    return Figure("probability_best", "Which pool is best, and how sure that is", _caption(results), chart, table)


def _labels(base: alt.Chart) -> list[alt.Chart]:
    """Beside each switch, on the side where there is room."""
    right = base.transform_filter("datum.label_right").mark_text(align="left", dx=2, dy=-8, color="currentColor")
    left = base.transform_filter("!datum.label_right").mark_text(align="right", dx=-2, dy=-8, color="currentColor")
    return [right, left]


def _table(results: Results) -> pl.DataFrame:
    """Kinds: `pool` is a pool's probability on a grid; `switch` a change of the best pool with its interval."""
    order = {pool: n for n, pool in enumerate(results.pools)}
    areas = (
        frontier_curves(results)
        .filter((pl.col("probability_best") > 0).any().over("pool"))
        .select(
            "pool",
            "samples_seen",
            probability="probability_best",
            rank=pl.col("pool").replace_strict(order, return_dtype=pl.Int64),
            kind=pl.lit("pool"),
        )
    )
    low, high = areas.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    switches = (
        results.main(results.switches)
        .sort("order")
        .select(
            kind=pl.lit("switch"),
            label=pl.col("from_pool") + " → " + pl.col("to_pool"),
            samples_seen="budget",
            lower=pl.col("lower").fill_null(low),
            upper=pl.col("upper").fill_null(high),
            share="share",
            zero=pl.lit(0.0),
            height=1 + ROW * (pl.int_range(pl.len()) + 0.7),
            label_right=pl.col("budget") < (low * high) ** 0.5,
        )
    )
    return pl.concat([areas, switches], how="diagonal").sort("kind", "rank", "samples_seen")


def _caption(results: Results) -> str:
    study = results.study
    switches = results.main(results.switches)
    text = (
        f"Share of the bootstrap draws of the fit in which each pool has the lowest expected error, by budget in "
        f"{study.unit} seen."
    )
    if switches.is_empty():
        return text + " The best pool of the estimate does not change between the smallest and the largest budget."
    return text + (
        f" Above, each change of the best pool with its {study.laws.level:.0%} interval; an interval that reaches the "
        f"edge of the figure goes on beyond the budgets of the study."
    )
