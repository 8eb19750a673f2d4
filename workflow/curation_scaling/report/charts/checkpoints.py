"""Checkpoints as they were measured, and as finished runs would have them."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale, samples_axis
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results

TITLE = "Checkpoints, and finished runs in their place"
MEASURED, FINISHED = "as measured", "as finished"


def checkpoints_figure(results: Results) -> Figure:
    """A panel for the mean errors as measured and one for them as the answer's law takes finished runs."""
    study = results.study
    key = ["pool", "samples_seen"]
    means = results.main(results.predictions).select(*key, pl.col("error").alias(FINISHED))
    measured = results.runs.group_by(key).agg(pl.mean("error").alias(MEASURED))
    table = (
        means.join(measured, on=key, how="inner")
        .unpivot([MEASURED, FINISHED], index=key, variable_name="panel", value_name="error")
        .with_columns(pl.col("samples_seen").cast(pl.Float64))
        .sort("panel", *key, descending=[True, False, False])
    )
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(study, low / 1.1, high * 1.1)
    y = error_axis("error", results.metric, error_scale(table["error"]))
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=study.unit, format=",.4~g"),
        alt.Tooltip("error:Q", title="Mean error", format=".4g"),
    ]
    layers = alt.layer(
        alt.Chart().mark_line(strokeWidth=1).encode(x, y, colour),
        alt.Chart().mark_point(size=30, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=300, height=240)
    chart = layers.facet(facet=alt.Facet("panel:N", sort=[MEASURED, FINISHED], title=None), columns=2)
    assert results.checkpoints is not None
    effect = results.checkpoints.filter(law=study.laws.main)["effect"].item()
    caption = (
        f"Mean errors as measured, and with ln(error) lowered by {effect:.3g} times the share of the annealing "
        f"that the checkpoint has missed: what the law {study.laws.main} is fitted to. Without an effect the "
        "panels are alike."
    )
    return Figure("checkpoints", TITLE, caption, chart, table)
