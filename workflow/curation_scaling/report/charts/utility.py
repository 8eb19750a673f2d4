"""Utility of each pool by repetition."""

from __future__ import annotations

import altair as alt

from curation_scaling.report.charts.axes import error_scale
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results


def utility_figure(results: Results) -> Figure:
    """Utility b_k against the repetition k, with intervals."""
    table = results.main(results.utility).drop("law").sort("pool", "repetition")
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    x = alt.X("repetition:Q", title="Repetition (0 is the first pass over the pool)", axis=alt.Axis(tickMinStep=1))
    scale = error_scale([*table["utility"], 0.0])
    y = alt.Y("utility:Q", title="Utility −b_k (slope, dimensionless)", scale=scale)
    base = alt.Chart()
    chart = alt.layer(
        base.mark_area(opacity=1, fillOpacity=0.15).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        base.mark_line(strokeWidth=1.5).encode(x, y, colour),
        base.mark_point(size=30, filled=True, opacity=1).encode(
            x,
            y,
            colour,
            shape,
            tooltip=[
                alt.Tooltip("pool:N", title="Pool"),
                alt.Tooltip("repetition:Q", title="Repetition"),
                alt.Tooltip("utility:Q", title="Utility", format=".4g"),
                alt.Tooltip("lower:Q", title="Lower", format=".4g"),
                alt.Tooltip("upper:Q", title="Upper", format=".4g"),
            ],
        ),
        data=table_data(table),
    )
    return Figure("utility", "Utility by repetition", _caption(results), chart, table)


def _caption(results: Results) -> str:
    laws = results.study.laws
    return (
        f"How much a pool still teaches when it is seen again: −b_k = −b (1/2)^(k/τ) of the law {laws.main}, the fall "
        f"of ln(error − d) for each rise of ln(samples seen). A pool of high quality starts high; a short half-life τ "
        f"makes it fall fast. Once repeated so often that its line lies below the start of the next pool, fresh data "
        f"of the next pool teach more. Bands: {laws.level:.0%} intervals; those that leave the figure end at its "
        f"edge."
    )
