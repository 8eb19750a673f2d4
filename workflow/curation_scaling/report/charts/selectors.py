"""What each way of choosing data reaches at a budget that pays for the choice first."""

from __future__ import annotations

import math

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels

TITLE = "Scores by compute, the cost of choosing included"
_MARGIN = 1.05


def selector_figure(budgets: pl.DataFrame, methods: pl.DataFrame) -> Figure:
    """A panel a task and model: the fitted curve of each method, with points where it is the best."""
    order = methods.select("model", "params").unique().sort("params")["model"].to_list()
    table = budgets.select(
        "task", "model", "method", "budget_flops", "share", "predicted", "best", "probability_best", "measured",
        panel=pl.format("{}, {}", "task", "model"),
    )  # fmt: skip
    panels = [f"{task}, {model}" for task in table["task"].unique().sort() for model in order]
    low, high = table.select(pl.min("budget_flops"), pl.max("budget_flops").alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / _MARGIN, high * _MARGIN], nice=False)
    marks = [tick for tick in log_ticks(low, high) if math.log10(tick).is_integer()] or log_ticks(low, high)
    ticks = alt.Axis(values=marks, labelExpr="replace(format(datum.value, '~e'), '+', '')", labelOverlap="greedy")
    x = alt.X("budget_flops:Q", scale=scale, axis=ticks, title="Compute of choosing and training, FLOPs")
    free = alt.Scale(zero=False)
    names = methods["method"].unique().sort().to_list()
    colour, shape = set_channels("method", names, "Chosen by")
    tooltip = [
        alt.Tooltip("method:N", title="Chosen by"),
        alt.Tooltip("budget_flops:Q", title="FLOPs", format=".3~e"),
        alt.Tooltip("share:Q", title="Share trained on", format=".1%"),
        alt.Tooltip("predicted:Q", title="Fitted", format=".2f"),
        alt.Tooltip("measured:Q", title="Measured within the budget", format=".2f"),
        alt.Tooltip("probability_best:Q", title="Probability best", format=".0%"),
    ]
    fitted = alt.Y("predicted:Q", scale=free, title="Score")
    layers = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.2, opacity=0.7).encode(x, fitted, colour),
        alt.Chart()
        .transform_filter("datum.best")
        .mark_point(size=22, filled=True, opacity=1)
        .encode(x, fitted, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=230, height=170)
    facet = alt.Facet("panel:N", sort=panels, title=None)
    chart = layers.facet(facet=facet, columns=len(order)).resolve_scale(y="independent")
    chart = chart.properties(usermeta={"left": 0, "gap": 65})  # each panel has an axis
    caption = (
        "Lines: the curve fitted to each method's runs, from the budget on that pays for the choice and for "
        "training on the smallest measured share of the data. Points mark the best method at each budget."
    )
    return Figure("selector_budgets", TITLE, caption, chart, table)
