"""Noise of evaluations against samples seen, with the trend that it is shrunk to."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_scale, samples_axis
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results


def noise_figure(results: Results) -> Figure:
    """Standard deviation of ln(error) between runs, a colour a pool: points as measured, lines as shrunk."""
    assert results.noise is not None
    table = results.noise.filter(metric=results.runs["metric"][0]).select(
        "pool", "samples_seen", "runs", "error", "sd", "noise"
    )
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low / 1.1, high * 1.1)
    measured = table["sd"].filter(table["sd"] > 0)
    scale = error_scale([*measured, *table["noise"]])
    title = "Standard deviation of ln(error)"
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        alt.Tooltip("runs:Q", title="Runs"),
        alt.Tooltip("sd:Q", title="Measured", format=".3g"),
        alt.Tooltip("noise:Q", title="Shrunk to the trend", format=".3g"),
    ]
    chart = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, alt.Y("noise:Q", title=title, scale=scale), colour),
        alt.Chart()
        .transform_filter("datum.sd > 0")
        .mark_point(size=40, filled=True, opacity=1)
        .encode(x, alt.Y("sd:Q", title=title, scale=scale), colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=520, height=260)
    use = "weigh the evaluations" if results.study.laws.noise == "weigh" else "are shown, and weigh nothing"
    caption = (
        "How far the error of single runs differs at equal pool and samples seen, as the standard deviation of its "
        "logarithm; 0.01 is about 1 %. Points: measured from the few runs of each evaluation. Lines: the same, shrunk "
        f"towards a common line in ln(samples seen) as far as chance explains the scatter; these {use}."
    )
    return Figure("noise", "Noise of the evaluations", caption, chart, table)
