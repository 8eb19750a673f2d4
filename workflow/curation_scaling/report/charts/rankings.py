"""Figures of rankings: their correlations, what kept sets share, and the error of published runs by what they kept."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_scale, log_ticks
from curation_scaling.report.charts.matrix import by_likeness, dark, diverging, matrix
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels

CORRELATION = "Do the metrics rank alike?"
OVERLAP = "Do the metrics keep the same samples?"
_METHODS = {"spearman": "Spearman's rho", "kendall": "Kendall's tau-b"}


def correlation_figure(correlation: pl.DataFrame) -> Figure:
    """A cell a pair of metrics: Spearman's rho below the diagonal, Kendall's tau above it."""
    if correlation.is_empty():
        return Figure("rank_correlation", CORRELATION, "One metric has nothing to correlate with.", None, correlation)
    order = by_likeness(correlation.filter(method="spearman").group_by("first", "second").agg(pl.mean("estimate")))
    place = {name: i for i, name in enumerate(order)}
    at = [pl.col(name).replace_strict(place, return_dtype=pl.Int64) for name in ("first", "second")]
    below = (pl.col("method") == "spearman") == (at[0] > at[1])  # the row is the later one
    table = correlation.select(
        "scorer",
        pl.when(below).then("first").otherwise("second").alias("row"),
        pl.when(below).then("second").otherwise("first").alias("column"),
        "estimate", "lower", "upper", "samples",
        method=pl.col("method").replace(_METHODS),
        text=pl.col("estimate").map_elements(lambda v: f"{v:.2f}", pl.String),
        dark=dark(pl.col("estimate"), -1, 1),
    ).sort("scorer", "row", "column")  # fmt: skip
    tooltip = [
        alt.Tooltip("row:N", title="Metric"),
        alt.Tooltip("column:N", title="and"),
        alt.Tooltip("method:N", title="Coefficient"),
        *(alt.Tooltip(f"{name}:Q", title=name.capitalize(), format=".3f") for name in ("estimate", "lower", "upper")),
    ]
    panel = "scorer" if table["scorer"].n_unique() > 1 else None
    value = diverging("estimate", "Rank correlation", (-1, 1))
    chart = matrix(table, "column", "row", order=(order, order), value=value, text="text", tooltip=tooltip, panel=panel)
    wide = table.select((pl.col("upper") - pl.col("lower")).max() / 2).item()
    caption = (
        f"Rank correlation of every pair of metrics over {correlation['samples'][0]:,} samples: Spearman's rho below "
        "the diagonal, Kendall's tau-b above it. Metrics that rank alike stand together. "
        + ("" if wide is None else f"No {correlation['level'][0]:.0%} interval is wider than ± {wide:.2g}.")
        + (" A panel a scorer." if panel else "")
    )
    return Figure("rank_correlation", CORRELATION, caption.strip(), chart, table)


def overlap_figure(overlap: pl.DataFrame) -> Figure:
    """A cell a pair of metrics: the share of the kept samples that both keep, coloured by how far beyond chance."""
    if overlap.is_empty():
        return Figure("kept_overlap", OVERLAP, "One metric has nothing to share its sets with.", None, overlap)
    beyond = (pl.col("shared") - pl.col("by_chance")) / (1 - pl.col("by_chance"))
    pairs = overlap.with_columns(estimate=beyond)
    order = by_likeness(pairs.group_by("first", "second").agg(pl.mean("estimate")))
    scorer = pl.format(" ({})", "scorer") if overlap["scorer"].n_unique() > 1 else pl.lit("")
    percent = (100 * pl.col("fraction")).round().cast(pl.Int64)
    half = pairs.select(
        row="first", column="second", shared="shared", by_chance="by_chance", beyond_chance="estimate",
        panel=pl.format("{}, {}% kept{}", "keep", percent, scorer),
        text=(100 * pl.col("shared")).round().cast(pl.Int64).cast(pl.String),
        dark=dark(pl.col("estimate"), -1, 1),
    )  # fmt: skip
    turned = half.rename({"row": "column", "column": "row"}).select(half.columns)
    table = pl.concat([half, turned]).sort("panel", "row", "column")
    tooltip = [
        alt.Tooltip("row:N", title="Metric"),
        alt.Tooltip("column:N", title="and"),
        alt.Tooltip("shared:Q", title="Both keep", format=".1%"),
        alt.Tooltip("by_chance:Q", title="By chance", format=".1%"),
    ]
    value = diverging("beyond_chance", "0: chance, 1: the same set", (-1, 1))
    chart = matrix(
        table, "column", "row", order=(order, order), value=value, text="text", tooltip=tooltip, panel="panel"
    )
    caption = (
        "Of the samples that one metric keeps, how many per cent another keeps too; colour: how far that lies beyond "
        "two random sets of the same size. A panel for each end (hard: the highest scores) and fraction kept."
    )
    return Figure("kept_overlap", OVERLAP, caption, chart, table)


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
    colour, shape = set_channels("group", table["group"].unique().sort().to_list(), "Kept by")
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
