"""Figures of regimes: curves in each limit with the slope that theory predicts, and exponents beside predictions."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.report.charts.axes import log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels

_LIMITS = {
    "data_resolution": "few samples (exponent a)",
    "model_resolution": "few features (exponent a)",
    "data_variance": "many samples (exponent 1)",
    "model_variance": "many features (exponent 1)",
    "linear_interpolation": "piecewise-linear (exponent 4/d)",
    "nearest_neighbour": "nearest neighbour (exponent 1/d)",
}


_ROW = 16  # pixels of an exponent


def limits_figure(limits: pl.DataFrame) -> Figure:
    """Mean excess loss against size, a panel a limit, a colour a teacher; dashed the predicted slope."""
    teacher = pl.when(pl.col("limit").is_in(["linear_interpolation", "nearest_neighbour"])).then(
        pl.format("d = {}", pl.col("of").cast(pl.Int64))
    ).otherwise(pl.format("a = {}", pl.col("of")))  # fmt: skip
    order = ["limit", "teacher", "size"]
    mean = (
        limits.with_columns(teacher=teacher)
        .group_by(order)
        .agg(pl.col("excess").mean(), pl.col("predicted").first(), se=pl.col("excess").std() / pl.len().sqrt())
        .sort(order)
    )
    # The predicted slope through the middle of each measured curve.
    level = (pl.col("excess").log() + pl.col("predicted") * pl.col("size").log()).mean().over("limit", "teacher")
    table = mean.with_columns(
        panel=pl.col("limit").replace(_LIMITS),
        line=(level - pl.col("predicted") * pl.col("size").log()).exp(),
        lower=pl.max_horizontal(pl.col("excess") - 2 * pl.col("se"), 0.2 * pl.col("excess")),
        upper=pl.col("excess") + 2 * pl.col("se"),
    ).select("panel", "teacher", "size", "excess", "lower", "upper", "line", "predicted")
    low, high = table.select(pl.min("size"), pl.max("size").alias("high")).row(0)
    x = alt.X(
        "size:Q",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=log_ticks(low, high), labelOverlap=True, format="~s"),
        title="Samples, or features",
    )
    ticks = alt.Axis(values=[10.0**k for k in range(-12, 3)], format="~e")
    y = alt.Y("excess:Q", scale=alt.Scale(type="log", nice=False), axis=ticks, title="Loss above its limit")
    colour, shape = set_channels("teacher", sorted(table["teacher"].unique().to_list()), "Teacher")
    base = alt.Chart()
    tooltip = ["teacher:N", "size:Q", "excess:Q", "predicted:Q"]
    layers = alt.layer(
        base.mark_line(strokeDash=[5, 4], strokeWidth=1.3).encode(x, alt.Y("line:Q"), colour),
        base.mark_rule(strokeWidth=1.3).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        base.mark_point(size=34, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=230, height=180)
    panels = [name for name in _LIMITS.values() if name in set(table["panel"])]
    facet = layers.facet(facet=alt.Facet("panel:N", sort=panels, title=None), columns=2)
    chart = facet.resolve_scale(x="independent", y="independent").properties(usermeta={"left": 0, "gap": 60})
    caption = (
        "Points: the loss of simulated students above that at an unlimited size, the mean over draws with two standard "
        "errors. Dashed: the slope that theory predicts, through the middle of the points. a: decay of the teacher's "
        "eigenvalues i^-(1 + a); d: dimension of the cube on which a smooth function is interpolated."
    )
    return Figure("limits", "How the loss falls in each limit", caption, chart, table)


def exponents_figure(verdicts: pl.DataFrame, what: str) -> Figure:
    """Fitted exponents with their intervals, a row a family, beside the ranges that theory predicts."""
    kinds = {
        "fitted": ("exponent", "lower", "upper"),
        "1: variance": ("variance_limited",) * 3,
        "4/d, or a: resolution": ("resolution_low", "resolution_low", "resolution_high"),
        "1/d: Lipschitz labels": ("lipschitz_low", "lipschitz_low", "lipschitz_high"),
    }
    parts = [
        verdicts.select("family", "regime", value=value, lower=lower, upper=upper, kind=pl.lit(kind))
        for kind, (value, lower, upper) in kinds.items()
    ]
    middle = (pl.col("lower") * pl.col("upper")).sqrt()
    table = (
        pl.concat(parts)
        .drop_nulls("value")
        .with_columns(value=pl.when(pl.col("kind") == "fitted").then("value").otherwise(middle))
        .sort("family", "kind")
    )
    known = np.array([v for name in ("lower", "upper") for v in table[name] if v > 0])
    low, high = float(known.min()) / 1.2, float(known.max()) * 1.2
    x = alt.X(
        "value:Q",
        scale=alt.Scale(type="log", domain=[low, high], nice=False, clamp=True),
        axis=alt.Axis(values=log_ticks(low, high), format="~g", labelOverlap=True),
        title="Exponent (logarithmic)",
    )
    order = [kind for kind in kinds if kind in set(table["kind"])]
    colour, shape = set_channels("kind", order, "Exponent")
    y = alt.Y("family:N", title=what, sort=None)
    offset = alt.YOffset("kind:N", sort=order)
    base = alt.Chart()
    tooltip = ["family:N", "kind:N", "value:Q", "lower:Q", "upper:Q", "regime:N"]
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(alt.X("lower:Q"), alt.X2("upper:Q"), y, offset, colour),
        base.mark_point(size=50, filled=True, opacity=1).encode(x, y, offset, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=460, height=_ROW * len(order) * table["family"].n_unique())
    caption = (
        "The fitted exponent of the error above its floor in fresh samples, with its interval, beside what theory "
        "predicts: 1 where variance limits, 4/d (or the decay a of random features) where resolution does, 1/d as the "
        "bound of Lipschitz labels. The range of a prediction is that of the estimates of the dimension d, with and "
        "without their bias."
    )
    return Figure("exponents", "Exponents, fitted and predicted", caption, chart, table)
