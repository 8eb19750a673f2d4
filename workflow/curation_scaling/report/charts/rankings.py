"""Figures of rankings: their correlations, and the error of published runs by the size of what they kept."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, SHAPES


def correlation_figure(correlation: pl.DataFrame) -> Figure:
    """Every pair of metrics: Spearman's rho and Kendall's tau with their intervals."""
    title = "Do the metrics agree?"
    if correlation.is_empty():
        return Figure("rank_correlation", title, "One metric has nothing to correlate with.", None, correlation)
    table = correlation.select(
        pair=pl.format("{} – {}", "first", "second"),
        method=pl.col("method").replace({"spearman": "Spearman's rho", "kendall": "Kendall's tau-b"}),
        estimate="estimate",
        lower="lower",
        upper="upper",
        scorer="scorer",
    ).sort("scorer", "pair", "method")
    order = table.filter(method="Spearman's rho").sort("estimate", descending=True)["pair"].unique(maintain_order=True)
    y = alt.Y("pair:N", sort=order.to_list(), title=None)
    x = alt.X("estimate:Q", title="Rank correlation", scale=alt.Scale(domain=[-1, 1]))
    domain = ["Spearman's rho", "Kendall's tau-b"]
    colour = alt.Color("method:N", scale=alt.Scale(domain=domain, range=list(OKABE_ITO[:2])), title=None)
    shape = alt.Shape("method:N", scale=alt.Scale(domain=domain, range=["circle", "square"]), title=None)
    layers = alt.layer(
        alt.Chart().mark_rule(strokeWidth=2).encode(y, alt.X("lower:Q"), alt.X2("upper:Q"), colour),
        alt.Chart()
        .mark_point(size=45, filled=True, opacity=1)
        .encode(x, y, colour, shape, tooltip=["pair:N", "method:N", "estimate:Q", "lower:Q", "upper:Q"]),
        data=table_data(table),
    ).properties(height=alt.Step(18))
    chart = layers.facet(facet=alt.Facet("scorer:N", title=None), columns=2)
    caption = (
        "Rank correlation of every pair of metrics over all samples, a panel a scorer. Bars: bootstrap intervals from "
        "a seeded sample of the rows; most are narrower than the point."
    )
    return Figure("rank_correlation", title, caption, chart, table)


def groups_figure(points: pl.DataFrame) -> Figure:
    """Mean error of each group of published runs against the samples kept, with two standard errors."""
    table = (
        points.drop_nulls(["unique_samples", "group"])
        .group_by("group", "unique_samples")
        .agg(error=pl.mean("error"), se=pl.std("error") / pl.len().sqrt(), runs=pl.len())
        .with_columns(lower=pl.col("error") - 2 * pl.col("se"), upper=pl.col("error") + 2 * pl.col("se"))
        .sort("group", "unique_samples")
    )
    low, high = table.select(pl.min("unique_samples"), pl.max("unique_samples").alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.05, high * 1.05], nice=False)
    x = alt.X("unique_samples:Q", scale=scale, axis=alt.Axis(values=log_ticks(low, high)), title="Samples kept")
    axis = alt.Axis(tickCount=6, labelOverlap=True)
    y = alt.Y("error:Q", scale=error_scale(table["error"]), axis=axis, title="Mean error")
    domain = table["group"].unique().sort().to_list()
    colour = alt.Color("group:N", scale=alt.Scale(domain=domain, range=list(OKABE_ITO[: len(domain)])), title="Kept by")
    shape = alt.Shape("group:N", scale=alt.Scale(domain=domain, range=list(SHAPES[: len(domain)])), title="Kept by")
    chart = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, y, colour),
        alt.Chart().mark_rule().encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        alt.Chart()
        .mark_point(size=45, filled=True, opacity=1)
        .encode(x, y, colour, shape, tooltip=["group:N", "unique_samples:Q", "error:Q", "runs:Q"]),
        data=table_data(table),
    )
    caption = "Mean error of the published runs by what they kept; bars: two standard errors over seeds."
    return Figure("pruning_curves", "Error against the samples kept", caption, chart, table)
