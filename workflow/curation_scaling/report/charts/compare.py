"""Two or more studies on one budget axis: their frontiers, their differences, and who is better."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.compare import Compared
from curation_scaling.compare.side import FLOPS
from curation_scaling.compare.sides import ANSWER
from curation_scaling.report.charts.axes import SHORT_NUMBER, error_axis, error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO
from curation_scaling.report.wording import readable


def compare_figures(compared: Compared) -> list[Figure]:
    """The figures of a comparison, in the order of its page."""
    return [_frontiers(compared), _differences(compared), _dominance(compared)]


def _budget_axis(compared: Compared) -> alt.X:
    low, high = compared.frontiers.select(pl.min("budget"), pl.max("budget").alias("high")).row(0)
    flops = compared.axis == FLOPS
    label = "format(datum.value, '.0e')" if flops else SHORT_NUMBER
    title = "Training compute, FLOPs" if flops else f"{compared.sides[0].unit.capitalize()} seen"
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=label, labelOverlap="greedy")
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    return alt.X("budget:Q", scale=scale, axis=axis, title=f"{title} (logarithmic)")


def _colour(field: str, values: list[str], title: str) -> alt.Color:
    scale = alt.Scale(domain=values, range=[OKABE_ITO[i % len(OKABE_ITO)] for i in range(len(values))])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(labelLimit=400, columns=1), title=title)


def _interval(compared: Compared) -> str:
    return f"{compared.sides[0].level:.0%} intervals"


def _frontiers(compared: Compared) -> Figure:
    table = compared.frontiers.select(
        "side", "budget", "choice", "predicted", "lower", "upper", "reach", far=pl.col("reach") > 1
    )
    scale = error_scale(table["predicted"])
    colour = _colour("side", [side.name for side in compared.sides], "Side")
    x, y = _budget_axis(compared), error_axis("predicted", f"Predicted {readable(compared.sides[0].metric)}", scale)
    line = alt.Chart()
    tips = [alt.Tooltip("side:N"), alt.Tooltip("budget:Q", format=".3~g"), alt.Tooltip("choice:N")]
    chart = alt.layer(
        line.mark_area(opacity=1, fillOpacity=0.14).encode(x, alt.Y("lower:Q", scale=scale), alt.Y2("upper:Q"), colour),
        line.transform_filter("!datum.far").mark_line().encode(x, y, colour, tooltip=tips),
        line.transform_filter("datum.far").mark_line(strokeDash=[4, 4]).encode(x, y, colour, tooltip=tips),
        data=table_data(table),
    ).properties(height=360)
    caption = (
        f"Error of what each side would take at each budget: of a study its best candidate, of a rerun its fit. Bands "
        f"are {_interval(compared)} of the expected error; lines are dashed beyond the side's largest observed compute."
    )
    return Figure("frontiers", "Frontiers, one over another", caption, chart, table)


def _pairs(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(rule=ANSWER).with_columns(pair=pl.col("second") + " − " + pl.col("first"))


def _differences(compared: Compared) -> Figure:
    columns = ("pair", "budget", "difference", "lower", "upper")
    table = _pairs(compared.differences).select(*columns, kind=pl.lit("difference"))
    crossings = _pairs(compared.crossings).filter(pl.col("budget").is_not_null())
    low, high = table.select(pl.min("budget"), pl.max("budget").alias("high")).row(0)
    marks = crossings.select(
        "pair",
        "budget",
        difference=pl.lit(0.0),
        lower=pl.col("lower").fill_null(low),
        upper=pl.col("upper").fill_null(high),
        kind=pl.lit("crossing"),
    )
    pairs = table["pair"].unique(maintain_order=True).to_list()
    table = pl.concat([table, marks])
    scale = alt.Scale(zero=True, nice=True)
    title = f"Difference in {readable(compared.sides[0].metric)}"
    colour, x, y = _colour("pair", pairs, "Difference"), _budget_axis(compared), alt.Y("difference:Q", title=title)
    line, mark = (alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("difference", "crossing"))
    chart = alt.layer(
        line.mark_area(opacity=1, fillOpacity=0.14).encode(
            x, alt.Y("lower:Q", scale=scale, title=title), alt.Y2("upper:Q"), colour
        ),
        alt.Chart().mark_rule(color="currentColor", strokeOpacity=0.6).encode(y=alt.datum(0)),
        line.mark_line().encode(x, y, colour),
        mark.mark_rule(strokeWidth=3).encode(alt.X("lower:Q"), y, colour, x2="upper:Q"),
        mark.mark_point(filled=True, size=70, opacity=1).encode(x, y, colour),
        data=table_data(table),
    ).properties(height=300)
    caption = (
        f"Difference of the two errors, taken draw by draw, with {_interval(compared)}; below 0 the side named first "
        "in the legend is better. Points on the zero line: where the lead changes for good, with its interval; a bar "
        "that reaches the edge goes on beyond the budgets."
    )
    return Figure("differences", "By how much they differ", caption, chart, table)


def _dominance(compared: Compared) -> Figure:
    table = compared.frontiers.select("side", "budget", "probability_best")
    colour = _colour("side", [side.name for side in compared.sides], "Side")
    y = alt.Y(
        "probability_best:Q",
        title="Probability of the lowest error",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%"),
        stack="zero",
    )
    area = alt.Chart().mark_area(opacity=1, fillOpacity=0.85).encode(_budget_axis(compared), y, colour)
    chart = alt.layer(area, data=table_data(table)).properties(height=240)
    caption = "Share of the bootstrap draws in which each side has the lowest expected error at a budget."
    return Figure("dominance", "Who is better, and how sure that is", caption, chart, table)
