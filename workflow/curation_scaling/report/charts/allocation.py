"""Model size, data and repetition together: the best size of the model at every compute budget."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import SHORT_NUMBER, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results

TITLE = "How large a model, on which pool"


def allocation_figure(results: Results) -> Figure:
    """Parameters of the best model against compute, a line a pool; rings mark the best pool at a budget."""
    rows = results.beyond("allocation")
    if rows.is_empty():
        reason = "The runs have one model size: what it should be cannot be told from them."
        return Figure("allocation", TITLE, reason, None, rows)
    table = rows.sort("pool", "flops")
    x, y = _axis("flops", "Compute, FLOPs (logarithmic)", table, "~e"), _axis("params", "Parameters", table, "~s")
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("flops:Q", format=".3~e"),
        alt.Tooltip("params:Q", title="Parameters", format=".3~s"),
        alt.Tooltip("samples_seen:Q", title=f"{results.study.unit} seen", format=".3~s"),
        alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
        alt.Tooltip("predicted:Q", title="Predicted", format=".4g"),
        alt.Tooltip("far:N", title="Far beyond the runs"),
    ]
    base = alt.Chart()
    chart = alt.layer(
        base.mark_area(opacity=1, fillOpacity=0.1).encode(x, alt.Y("params_lower:Q"), alt.Y2("params_upper:Q"), colour),
        base.mark_line(strokeWidth=1.5).encode(x, y, colour, tooltip=tooltip),
        base.transform_filter("!datum.far").mark_point(size=40, filled=True, opacity=1).encode(
            x, y, colour, shape, tooltip=tooltip
        ),
        base.transform_filter("datum.best").mark_point(size=130, strokeWidth=1.5, stroke="currentColor").encode(x, y),
        data=table_data(table),
    )  # fmt: skip
    caption = (
        "The model size of least error at each compute budget, a line a pool (law goyal_size); rings mark the pool to "
        f"keep. Bands: {results.study.laws.level:.0%} intervals. Lines without points lie far beyond the runs."
    )
    return Figure("allocation", TITLE, caption, chart, table)


def _axis(name: str, title: str, table: pl.DataFrame, form: str) -> alt.X | alt.Y:
    low, high = table.select(pl.min(name), pl.max(name).alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.1, high * 1.1], nice=False)
    ticks = log_ticks(low, high)
    if name == "flops":
        return alt.X(f"{name}:Q", scale=scale, axis=alt.Axis(values=ticks, format=form, labelOverlap=True), title=title)
    axis = alt.Axis(values=ticks, labelExpr=SHORT_NUMBER, labelOverlap=True)
    return alt.Y(f"{name}:Q", scale=scale, axis=axis, title=f"{title} (logarithmic)")
