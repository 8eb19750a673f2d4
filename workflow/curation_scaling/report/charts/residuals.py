"""Residuals of the law by repetition."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import repetitions_axis
from curation_scaling.report.charts.learning import ROLES
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results


def residuals_figure(results: Results) -> Figure:
    """ln(measured / predicted) against repetitions, a panel for points in the fit, left out, and mixtures."""
    study = results.study
    table = (
        results.main(results.predictions)
        .select("pool", "samples_seen", "repetitions", "runs", "role", "error", "predicted", "residual")
        .with_columns(pl.col("role").replace(ROLES))
        .sort("role", "pool", "samples_seen")
    )
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    x = repetitions_axis(*table.select(pl.min("repetitions"), pl.max("repetitions").alias("high")).row(0))
    y = alt.Y("residual:Q", title="ln(measured / predicted)", axis=alt.Axis(tickCount=5))
    base = alt.Chart()
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=study.unit, format=",.4~g"),
        alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
        alt.Tooltip("residual:Q", title="ln(measured / predicted)", format=".3g"),
    ]
    layers = alt.layer(
        base.mark_rule(color="currentColor", strokeOpacity=0.6).encode(y=alt.datum(0)),
        base.mark_line(strokeWidth=1, strokeOpacity=0.5).encode(x, y, colour),
        base.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=210, height=190)
    order = [text for text in ROLES.values() if text in set(table["role"])]
    chart = layers.facet(facet=alt.Facet("role:N", sort=order, title=None), columns=len(order)).resolve_scale(
        y="independent"
    )
    chart = chart.properties(usermeta={"left": 0, "gap": 80})  # each panel has an axis
    caption = (
        f"Logarithm of the measured mean error over the prediction of the law {study.laws.main} (gamma = "
        f"{study.laws.gamma:g}); 0.01 is about 1 %. Each panel has its own scale. Points of the fit should scatter "
        f"around zero: a bend along the repetitions means that the law's shape is wrong there."
    )
    return Figure("residuals", "Residuals", caption, chart, table)
