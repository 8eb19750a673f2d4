"""Predictions of held-out measurements, beside those of naive baselines."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results

TITLE = "Held-out predictions"
NEEDS_LAW = "no repetition"  # the baseline that takes the rest from the law
SPLITS = {"largest": "largest budgets held out", "rollout": "rollout: fit the start, predict the rest"}


def holdout_figure(results: Results) -> Figure:
    """Relative error of each law and baseline on points that it was not fitted to, a panel a split."""
    table = _table(results)
    if table.is_empty():
        return Figure("holdout", TITLE, "No hold-out was computed for this study.", None, table)
    pools = table["pool"].drop_nulls().unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    x = alt.X("rms:Q", title="Root mean square relative error", axis=alt.Axis(format="~%", tickCount=4))
    y = alt.Y("label:N", sort=_order(results, table), title=None, axis=alt.Axis(labelLimit=180))
    tooltip = [
        alt.Tooltip("label:N", title="Law or baseline"),
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("points:Q", title="Measurements"),
        alt.Tooltip("rms:Q", title="Root mean square", format=".2%"),
        alt.Tooltip("bias:Q", title="Mean", format=".2%"),
    ]
    base = alt.Chart()
    layers = alt.layer(
        base.transform_filter("datum.pool !== ''")
        .mark_point(size=40, filled=True, opacity=1, fillOpacity=0.9)
        .encode(x, y, colour, shape, tooltip=tooltip),
        base.transform_filter("datum.pool === ''")
        .mark_tick(thickness=3, height=16, color="currentColor", opacity=1)
        .encode(x, y, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=250, height=alt.Step(24))
    chart = layers.facet(facet=alt.Facet("split:N", title=None), columns=table["split"].n_unique())
    chart = chart.properties(usermeta={"left": 180})  # the names on the left need more room than numbers do
    caption = (
        "How far each law and each naive baseline missed measurements that it was not fitted to, as predicted / "
        "measured − 1: points are single pools, the bar is all of them. A law is worth its parameters where its bar "
        "lies left of those of the baselines."
    )
    return Figure("holdout", TITLE, caption, chart, table)


def held_out(results: Results) -> pl.DataFrame:
    """The held-out predictions with a column `label`: the law, or the naive method (once, if it needs no law)."""
    alone = ~pl.col("method").is_in(["law", NEEDS_LAW])
    label = (
        pl.when(pl.col("method") == "law")
        .then("law")
        .when(alone)
        .then("method")
        .otherwise(pl.format("{}, {}", "law", "method"))
    )
    key = ["label", "split", "run_id", "samples_seen", "distance"]
    return results.holdout.with_columns(label=label).unique(key, keep="first", maintain_order=True)


def _table(results: Results) -> pl.DataFrame:
    """Root mean square and mean relative error by method and split: by pool, and over all pools where pool is null."""
    miss = pl.col("relative_error")
    sizes = {"points": pl.len(), "rms": (miss**2).mean().sqrt(), "bias": miss.mean()}
    rows = held_out(results)
    by_pool = rows.group_by("label", "split", "pool").agg(**sizes)
    over_all = rows.group_by("label", "split").agg(**sizes)
    return (
        pl.concat([by_pool, over_all], how="diagonal")
        .with_columns(pl.col("split").replace(SPLITS))
        .sort("split", "label", "pool", nulls_last=True)
    )


def _order(results: Results, table: pl.DataFrame) -> list[str]:
    """The laws of the study first, then the naive methods by name."""
    found = set(table["label"])
    laws = [name for name in results.study.laws.names if name in found]
    return [*laws, *sorted(found - set(laws))]
