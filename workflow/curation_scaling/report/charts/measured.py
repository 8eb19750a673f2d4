"""Learning curves without a law: what was measured, while there is too little to fit."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale, samples_axis
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, pool_order, shapes
from curation_scaling.report.wording import readable
from curation_scaling.study import Study


def measured_figure(study: Study, runs: pl.DataFrame) -> Figure:
    """The mean error of each pool's runs along the samples seen."""
    table = (
        runs.group_by("pool", "samples_seen")
        .agg(pl.mean("repetitions"), pl.mean("error"), runs=pl.len())
        .sort("pool", "samples_seen")
    )
    metric = readable(runs["metric"][0])
    order, pools = pool_order(study), table["pool"].unique().to_list()
    colour, shape = (channel(order, pools, alt.Legend()) for channel in (colours, shapes))
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(study, low / 1.1, high * 1.1)
    y = error_axis("error", metric, error_scale(table["error"]))
    tooltip = ["pool:N", "samples_seen:Q", "error:Q", "runs:Q"]
    base = alt.Chart()
    chart = alt.layer(
        base.mark_line(strokeWidth=1.5).encode(x, y, colour),
        base.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    )
    caption = f"Mean {metric} of the runs that are there, by {study.unit} seen; no law could be fitted yet."
    return Figure("learning_curves", "Learning curves", caption, chart, table)
