"""Class skew: what share of each class the kept sets keep."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.matrix import dark, diverging, matrix
from curation_scaling.report.figure import Figure

TITLE = "Do the kept sets favour some classes?"
_CLASSES = 20  # at most; those that are changed most


def skew_figure(skew: pl.DataFrame) -> Figure:
    """A cell a metric and class at the smallest fraction: kept of the class over kept of all, a panel an end."""
    if skew.is_empty():
        return Figure("class_skew", TITLE, "No set was compared by class.", None, skew)
    fraction = skew["fraction"].min()
    at = skew.filter(pl.col("fraction") == fraction)
    ratio = (pl.col("share_kept") / pl.col("share_before")).log(2).clip(-2, 2)
    changed = at.group_by("group").agg(change=(pl.col("share_kept") - pl.col("share_before")).abs().sum())
    classes = changed.sort("change", "group", descending=[True, False])["group"].head(_CLASSES).sort().to_list()
    table = (
        at.filter(pl.col("group").is_in(classes))
        .select(
            "metric", "share_before", "share_kept", "kept_of_class", "total_variation",
            panel=pl.format("{}, {}% kept", "keep", (100 * pl.col("fraction")).round().cast(pl.Int64)),
            class_="group",
            log2_ratio=ratio,
            text=(100 * pl.col("kept_of_class")).round().cast(pl.Int64).cast(pl.String),
            dark=dark(ratio, -2, 2),
        )
        .rename({"class_": "class"})
        .sort("panel", "metric", "class")
    )  # fmt: skip
    metrics = at.group_by("metric").agg(pl.max("total_variation")).sort("total_variation", "metric", descending=True)
    tooltip = [
        alt.Tooltip("metric:N", title="Metric"),
        alt.Tooltip("class:N", title="Class"),
        alt.Tooltip("kept_of_class:Q", title="Kept of the class", format=".1%"),
        alt.Tooltip("share_before:Q", title="Share before", format=".1%"),
        alt.Tooltip("share_kept:Q", title="Share of the kept", format=".1%"),
        alt.Tooltip("total_variation:Q", title="Distance of class shares", format=".2f"),
    ]
    value = diverging("log2_ratio", "log2(share after / before)", (-2, 2))
    order = (classes, metrics["metric"].to_list())
    chart = matrix(table, "class", "metric", order=order, value=value, text="text", tooltip=tooltip, panel="panel")
    some = "" if len(classes) == at["group"].n_unique() else f" The {len(classes)} classes that change most are shown."
    caption = (
        "Per cent of each class that a metric keeps at the smallest fraction; blue: fewer than of all samples, orange: "
        "more. The metrics that change the class shares most stand at the top. A set that drops a class is a worse "
        f"choice than its mean error says.{some}"
    )
    return Figure("class_skew", TITLE, caption, chart, table)
