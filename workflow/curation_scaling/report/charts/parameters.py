"""Parameters of the law: profiles of its likelihood, and how their estimates hang together."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.report.charts.matrix import dark, diverging, matrix
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colour_of
from curation_scaling.report.results import Results

PROFILES = "How well the runs pin each parameter down"
CORRELATIONS = "Which parameters make up for one another"
_LABEL = "abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~g')"
SHARED = "all pools"  # owner of a parameter that pools share
_TALLEST = 1.6  # of the threshold: where a profile leaves its panel
_WIDE = 30.0  # a profile whose ends differ by this factor is drawn over the logarithm of its parameter


def profiles_figure(results: Results) -> Figure:
    """A panel a parameter: the likelihood ratio when it is held elsewhere, and the interval of the bootstrap below."""
    study, rows = results.study, results.profiles
    title = PROFILES
    if rows is None or rows.is_empty():
        return Figure("profiles", title, "No parameter of the law is free.", None, pl.DataFrame())
    own = results.main(results.fits).select(
        "parameter", "pool", "estimate", "lower", "upper", "unit", pl.int_range(pl.len()).alias("place")
    )
    threshold = float(rows["threshold"][0])
    unit = pl.when(pl.col("unit") == "1").then(pl.lit("")).otherwise(pl.format(" ({})", "unit"))
    profile = rows.filter(pl.col("statistic") <= 3 * threshold).select(
        "parameter", "value", "statistic", "inside", kind=pl.lit("profile")
    )
    wide = profile.group_by("parameter").agg(wide=(pl.min("value") > 0) & (pl.max("value") > _WIDE * pl.min("value")))
    panels = own.join(wide, on="parameter", how="left", maintain_order="left").with_columns(
        wide=pl.col("wide").fill_null(False) & (pl.col("lower") > 0).fill_null(False)
    )
    name = pl.when("wide").then(pl.format("log10 {}", "parameter")).otherwise("parameter")
    panels = panels.with_columns(panel=name + unit)
    table = pl.concat(
        [
            profile.join(panels.select("parameter", "pool", "panel", "place", "wide"), on="parameter", how="left"),
            panels.filter(pl.col("parameter").is_in(rows["parameter"].unique().to_list())).select(
                "parameter", "pool", "panel", "place", "wide", "estimate", "lower", "upper", kind=pl.lit("bootstrap")
            ),
        ],
        how="diagonal",
    ).sort("kind", "place", "value")
    table = table.with_columns(owner=pl.col("pool").fill_null(SHARED))
    top = _TALLEST * threshold
    y_scale = alt.Scale(domain=[-0.14 * top, top], nice=False, clamp=True)
    values = [0, round(threshold, 2)]
    y = alt.Y("statistic:Q", scale=y_scale, title="Likelihood ratio", axis=alt.Axis(values=values))
    x_scale = alt.Scale(zero=False, nice=False, padding=6)
    x = alt.X("at:Q", title=None, scale=x_scale, axis=alt.Axis(tickCount=4, labelExpr=_LABEL))
    owners = [pool for pool in results.pools if pool in set(table["owner"])]
    palette = [*(colour_of(results.pools, pool) for pool in owners), "#808080"]
    colour = alt.Color("owner:N", scale=alt.Scale(domain=[*owners, SHARED], range=palette), title="Pool")
    line = alt.Chart().transform_filter("datum.kind == 'profile'").transform_calculate(at=_place("value"))
    ends = {f"at_{name}": _place(name) for name in ("estimate", "lower", "upper")}
    bar = alt.Chart().transform_filter("datum.kind == 'bootstrap'").transform_calculate(**ends)
    tooltip = [alt.Tooltip("parameter:N"), alt.Tooltip("value:Q", format=".4g"), alt.Tooltip("statistic:Q")]
    told = [alt.Tooltip("parameter:N"), *(alt.Tooltip(f"{n}:Q", format=".4g") for n in ("estimate", "lower", "upper"))]
    floor = alt.Y(datum=-0.07 * top)
    layers = [
        alt.Chart()
        .mark_rule(strokeDash=[4, 3], color="currentColor", strokeOpacity=0.7)
        .encode(y=alt.datum(threshold)),
        line.mark_line(strokeWidth=1.5, interpolate="monotone").encode(x, y, colour, order="at:Q", tooltip=tooltip),
        bar.mark_rule(strokeWidth=3).encode(alt.X("at_lower:Q"), floor, colour, x2="at_upper:Q", tooltip=told),
        bar.mark_tick(thickness=2, height=12, color="currentColor").encode(alt.X("at_estimate:Q"), floor, tooltip=told),
    ]
    order = panels["panel"].to_list()
    chart = alt.layer(*layers, data=table_data(table)).properties(width=150, height=110)
    facets = chart.facet(facet=alt.Facet("panel:N", sort=order, title=None), columns=4).resolve_scale(x="independent")
    facets = facets.properties(usermeta={"left": 50, "gap": 34, "least": 165})
    level = f"{study.laws.level:.0%}"
    caption = (
        f"Each curve is a profile of the law {study.laws.main}: how much worse the best fit becomes (likelihood ratio) "
        f"when one parameter is held elsewhere and all others follow. Its {level} interval is where it lies below the "
        f"dashed line; a flat curve means that the runs do not determine the parameter. Bars at the bottom: the "
        f"estimate with its {level} interval of the bootstrap. Where the two differ much, trust the wider one."
    )
    return Figure("profiles", title, caption, facets, table)


def _place(column: str) -> str:
    """Where a value of a parameter stands on the axis of its panel."""
    return f"datum.wide ? log(datum.{column}) / LN10 : datum.{column}"


def correlations_figure(results: Results) -> Figure:
    """A cell a pair of free parameters: Spearman correlation of their bootstrap draws."""
    name = "parameter_correlations"
    rows = results.main(results.draws)
    wide = rows.pivot("parameter", index="replicate", values="value").drop("replicate")
    moving = [column for column in wide.columns if wide[column].n_unique() > 2]
    if len(moving) < 2:
        return Figure(name, CORRELATIONS, "Fewer than two parameters vary over the draws.", None, pl.DataFrame())
    ranks = wide.select(pl.col(moving).rank()).to_numpy()
    estimate = np.corrcoef(ranks.T)
    value = pl.col("correlation")
    table = (
        pl.DataFrame(
            [
                {"row": a, "column": b, "correlation": float(estimate[i, j])}
                for i, a in enumerate(moving)
                for j, b in enumerate(moving)
                if j < i
            ]
        )
        .with_columns(text=value.map_elements(lambda v: f"{v:.2f}", pl.String), dark=dark(value, -1, 1))
        .sort("row", "column")
    )
    tooltip = [
        alt.Tooltip("row:N", title="Parameter"),
        alt.Tooltip("column:N", title="and"),
        alt.Tooltip("correlation:Q", title="Correlation", format=".3f"),
    ]
    colour = diverging("correlation", "Rank correlation over the draws", (-1, 1))
    chart = matrix(table, "column", "row", order=(moving[:-1], moving[1:]), value=colour, text="text", tooltip=tooltip)
    caption = (
        f"Spearman correlation of the parameters of {results.study.laws.main} over the {wide.height} draws of the "
        "bootstrap. Parameters near 1 or −1 make up for one another: their single values mean little, predictions from "
        "them together may still be sure."
    )
    return Figure(name, CORRELATIONS, caption, chart, table)
