"""Figures of diversity: the error by groups and samples a group with the joint law, and the ways to spend a budget."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels


def diversity_figures(cells: pl.DataFrame) -> list[Figure]:
    """The figures of `laws/diversity_cells`."""
    return [_curves(cells), _verdict(cells)]


def _curves(cells: pl.DataFrame) -> Figure:
    """A line a number of samples a group: the error against the groups."""
    each = pl.col("per_group").cast(pl.String).alias("each")
    table = cells.select(
        "groups", "per_group", each, "measured", "predicted", "lower", "upper",
        low=pl.col("measured") - 2 * pl.col("se"), high=pl.col("measured") + 2 * pl.col("se"),
    ).sort("per_group", "groups")  # fmt: skip
    names = [str(n) for n in table["per_group"].unique().sort()]
    colour, shape = set_channels("each", names, "Samples a group")
    x = _log_axis("groups", "Groups (logarithmic)", table)
    y = error_axis("measured", "Error", error_scale([*table["measured"], *table["predicted"]]))
    tooltip = ["groups:Q", "per_group:Q", "measured:Q", "predicted:Q"]
    chart = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, alt.Y("predicted:Q"), colour),
        alt.Chart().mark_rule().encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), colour),
        alt.Chart().mark_point(size=45, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    )
    caption = (
        "Mean error with two standard errors over draws; lines: the joint law y = a M^-alpha (1 + b n^-gamma) + d."
    )
    return Figure("diversity_curves", "Error by groups and samples of each", caption, chart, table)


def _verdict(cells: pl.DataFrame) -> Figure:
    """A line a budget: the error against the groups that it is spread over."""
    title = "What a budget of samples buys"
    asked = cells.drop_nulls("measured_best").sort("budget", "groups")
    table = asked.select(
        "budget", "groups", "per_group", "measured", "predicted", "lower", "upper", "probability_best",
        samples=pl.col("budget").map_elements(lambda n: f"{n:,}", pl.String),
    )  # fmt: skip
    colour, shape = set_channels("samples", table["samples"].unique(maintain_order=True).to_list(), "Samples in all")
    x = _log_axis("groups", "Groups that they are spread over (logarithmic)", table)
    y = error_axis("measured", "Error", error_scale([*table["measured"], *table["predicted"]]))
    tooltip = ["samples:N", "groups:Q", "per_group:Q", "measured:Q", "predicted:Q", "probability_best:Q"]
    chart = alt.layer(
        alt.Chart().mark_area(opacity=0.15).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, alt.Y("predicted:Q"), colour),
        alt.Chart().mark_point(size=45, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    )
    caption = (
        "At each number of samples, from few groups with many samples of each to many groups with few. Points: "
        "measured; lines: the joint law with the interval of its mean."
    )
    return Figure("diversity_verdict", title, caption, chart, table)


def _log_axis(name: str, title: str, table: pl.DataFrame) -> alt.X:
    low, high = table.select(pl.min(name), pl.max(name).alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.15, high * 1.15], nice=False)
    return alt.X(f"{name}:Q", scale=scale, axis=alt.Axis(values=log_ticks(low, high), format="~g"), title=title)
