"""What each fit of a rerun says of its points, beside what was measured."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.laws.reproduction.fits import laws_of, rows_of
from curation_scaling.laws.reproduction.made import FITTED, HELD_OUT
from curation_scaling.report.charts.axes import error_scale
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO
from curation_scaling.study.rerun import Rerun

TITLE = "Fits: measured against predicted"
_PANELS = 12  # at most
_POINTS = 300  # a panel and role, at most
_NONE = "No fit of this study is one law of all points of a table."


def fitted_figure(rerun: Rerun, points: pl.DataFrame, fits: pl.DataFrame) -> Figure:
    """A panel a fit of one law to a whole table: every point, those held out in a colour and shape of their own."""
    whole = [spec for spec in rerun.fits if len(spec.laws) == 1 and not spec.each_run and not spec.combine]
    frames = []
    for spec in whole[:_PANELS]:
        rows = rows_of(spec, points)
        law = laws_of(rerun, spec)[0].bind(rows.filter(role=FITTED))
        value = dict(fits.filter(law=spec.name).select("parameter", "estimate").iter_rows())
        theta = np.array([[value[name] for name in law.names]])
        predicted = law.predict(theta, law.design(rows))[0]
        table = rows.select(
            fit=pl.lit(spec.name),
            role=pl.when(pl.col("role") == HELD_OUT).then(pl.lit("held out")).otherwise(pl.lit("in the fit")),
            measured="error",
            predicted=pl.Series(predicted),
        )
        many = pl.int_range(pl.len()) % (1 + (pl.len() - 1) // _POINTS) == 0
        frames.append(table.filter(many.over("role")))
    if not frames:
        return Figure("fitted", TITLE, _NONE, None, pl.DataFrame())
    table = pl.concat(frames).filter(pl.col("predicted").is_finite()).sort("fit", "role", "predicted", "measured")
    scale = error_scale([*table["measured"], *table["predicted"]]) if len(frames) == 1 else alt.Scale(zero=False)
    domain = [role for role in ("in the fit", "held out") if role in set(table["role"])]
    colour = alt.Color("role:N", scale=alt.Scale(domain=domain, range=[*OKABE_ITO[: len(domain)]]), title=None)
    shape = alt.Shape("role:N", scale=alt.Scale(domain=domain, range=["circle", "cross"][: len(domain)]), title=None)
    tooltip = ["fit:N", "role:N", *(alt.Tooltip(f"{name}:Q", format=".4g") for name in ("measured", "predicted"))]
    axis = alt.Axis(tickCount=4, labelOverlap=True)
    x = alt.X("predicted:Q", scale=scale, title="Predicted", axis=axis)
    y = alt.Y("measured:Q", scale=scale, title="Measured", axis=axis)
    layers = alt.layer(
        alt.Chart()
        .mark_line(color="currentColor", strokeDash=[4, 3], strokeOpacity=0.6, strokeWidth=1)
        .encode(x, alt.Y("predicted:Q", scale=scale)),
        alt.Chart().mark_point(size=30, filled=True, opacity=0.7).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=200, height=170)
    order = [spec.name for spec in whole[:_PANELS]]
    facet = alt.Facet("fit:N", sort=order, title=None)
    chart = layers.facet(facet=facet, columns=3).resolve_scale(x="independent", y="independent")
    chart = chart.properties(usermeta={"left": 0, "gap": 70})  # each panel has axes
    return Figure("fitted", TITLE, _caption(rerun, len(order), len(whole)), chart, table)


def _caption(rerun: Rerun, shown: int, whole: int) -> str:
    text = (
        "Each point is an evaluation: what was measured against what the fit says of it; on the dashed line both agree."
    )
    if len(rerun.fits) > shown:
        text += f" Shown: {shown} of {len(rerun.fits)} fits"
        text += ", of those of one law to all points of a table." if shown == whole else ", the first."
    return f"{text} Of many points every few are drawn. Each panel has its own scale."
