"""Figures of the perceptron theory: curves with simulated points, imperfect probes, the envelope, the best fraction."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.report.charts.axes import error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, SHAPES


def theory_figures(theory: pl.DataFrame) -> list[Figure]:
    """The figures of `pruning/theory`, in the order of `Rerun.figures`."""
    theory = theory.with_columns(degrees=(pl.col("theta") * (180 / np.pi)).round(6))
    curves = theory.filter(kind="curve")
    return [
        _curves(curves.filter(theta=0.0), "theory_curves", "Error against data, by the fraction kept", _PERFECT),
        _curves(curves.filter(pl.col("theta") > 0), "theory_probes", "The same with imperfect probes", _IMPERFECT),
        _envelope(theory.filter(kind="envelope")),
        _best(theory.filter(kind="best_fraction")),
    ]


_PERFECT = (
    "Test error of the student against the examples a dimension before pruning, a line a fraction kept, with a perfect "
    "probe. Points: simulated students of exact maximal margin with two standard errors. Little data: keep the easy "
    "examples. Much data: keep the hard ones. Far out all lines meet in error = .5 / alpha."
)
_IMPERFECT = (
    "The same where the probe that ranks the examples stands at an angle to the teacher. `signed` ranks by the probe's "
    "margin y J_probe.x instead of |J_probe.x|: the probe's own mistakes then count as the hardest examples."
)


def _curves(curves: pl.DataFrame, name: str, title: str, caption: str) -> Figure:
    table = curves.select(
        kind=pl.when(pl.col("simulated").is_null()).then(pl.lit("theory")).otherwise(pl.lit("simulated")),
        panel=pl.format("keep {}{}{}", "keep", _angle(), _signed()),
        kept=pl.format("{}", pl.col("fraction").map_elements(lambda f: f"{f:g}", pl.String)),
        alpha_tot="alpha_tot",
        error=pl.coalesce("simulated", "error"),
        lower=pl.col("simulated") - 2 * pl.col("simulated_se"),
        upper=pl.col("simulated") + 2 * pl.col("simulated_se"),
        exponent="exponent",
    ).sort("kind", "panel", "kept", "alpha_tot")
    if table.is_empty():
        return Figure(name, title, "The study has no such curve.", None, table)
    x, y = _axis("alpha_tot", "Examples a dimension before pruning", table), _error(table["error"])
    colour, shape = _channels(table["kept"], "Fraction kept")
    theory, simulated = (alt.Chart().transform_filter(f"datum.kind == '{k}'") for k in ("theory", "simulated"))
    layers = alt.layer(
        theory.mark_line().encode(x, y, colour, tooltip=["kept:N", "alpha_tot:Q", "error:Q", "exponent:Q"]),
        simulated.mark_rule(strokeWidth=1.5).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        simulated.mark_point(size=40, filled=True, opacity=1).encode(
            x, y, colour, shape, tooltip=["kept:N", "alpha_tot:Q", "error:Q"]
        ),
        data=table_data(table),
    ).properties(width=270, height=230)
    chart = layers.facet(facet=alt.Facet("panel:N", title=None), columns=2)
    return Figure(name, title, caption, chart, table)


def _envelope(rows: pl.DataFrame) -> Figure:
    title = "The envelope over fractions"
    cap = pl.col("most").map_elements(lambda m: f"{m:g}", pl.String)
    table = rows.select(
        series=pl.format("{} degrees, alpha_tot up to {}", _degrees(), cap.fill_null("no cap")),
        alpha_prune="alpha_prune",
        error="error",
        fraction="fraction",
        exponent="exponent",
    ).sort("series", "alpha_prune")
    if table.is_empty():
        return Figure("theory_envelope", title, "The study asks for no envelope.", None, table)
    x, y = _axis("alpha_prune", "Examples a dimension kept", table), _error(table["error"])
    colour, shape = _channels(table["series"], "Probe and cap")
    tooltip = ["series:N", "alpha_prune:Q", "error:Q", "fraction:Q", "exponent:Q"]
    chart = alt.layer(
        alt.Chart().mark_line().encode(x, y, colour),
        alt.Chart().mark_point(size=30, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    )
    caption = (
        "Least error over the fractions at each number of examples kept. With a perfect probe it falls faster than any "
        "power of the examples kept beyond alpha_prune = 2, until the cap on the data to choose from ends the fall; "
        "with an imperfect probe the fall slows down before."
    )
    return Figure("theory_envelope", title, caption, chart, table)


def _best(rows: pl.DataFrame) -> Figure:
    title = "The best fraction at each amount of data"
    table = rows.select(
        series=pl.format("{} degrees", _degrees()), alpha_tot="alpha_tot", fraction="fraction", error="error"
    ).sort("series", "alpha_tot")
    if table.is_empty():
        return Figure("theory_best_fraction", title, "The study asks for no best fraction.", None, table)
    x = _axis("alpha_tot", "Examples a dimension before pruning", table)
    y = alt.Y("fraction:Q", title="Best fraction of hard examples", scale=alt.Scale(domain=[0, 1.05], nice=False))
    colour, shape = _channels(table["series"], "Probe")
    chart = alt.layer(
        alt.Chart().mark_line().encode(x, y, colour),
        alt.Chart()
        .mark_point(size=30, filled=True, opacity=1)
        .encode(x, y, colour, shape, tooltip=["series:N", "alpha_tot:Q", "fraction:Q", "error:Q"]),
        data=table_data(table),
    )
    caption = (
        "The fraction of hard examples with the least error when the data are given and training is free: keeping all "
        "is best at first, as more examples never harm a perfect student at fixed data."
    )
    return Figure("theory_best_fraction", title, caption, chart, table)


def _axis(name: str, title: str, table: pl.DataFrame) -> alt.X:
    low, high = table.select(pl.min(name), pl.max(name).alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.1, high * 1.1], nice=False)
    return alt.X(f"{name}:Q", scale=scale, axis=alt.Axis(values=log_ticks(low, high)), title=title)


def _error(values: pl.Series) -> alt.Y:
    return alt.Y(
        "error:Q", scale=error_scale(values), axis=alt.Axis(tickCount=6, labelOverlap=True), title="Test error"
    )


def _channels(series: pl.Series, title: str) -> tuple[alt.Color, alt.Shape]:
    """A colour and a shape each, so that neither alone must tell two lines apart."""
    domain = series.unique().sort(descending=True).to_list()
    name = series.name
    colours = [OKABE_ITO[i % len(OKABE_ITO)] for i in range(len(domain))]
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(domain))]
    return (
        alt.Color(f"{name}:N", scale=alt.Scale(domain=domain, range=colours), title=title),
        alt.Shape(f"{name}:N", scale=alt.Scale(domain=domain, range=shapes), title=title),
    )


def _degrees() -> pl.Expr:
    return pl.col("degrees").map_elements(lambda d: f"{d:g}", pl.String)


def _angle() -> pl.Expr:
    return pl.when(pl.col("theta") > 0).then(pl.format(", probe at {} degrees", _degrees())).otherwise(pl.lit(""))


def _signed() -> pl.Expr:
    return pl.when(pl.col("score") == "signed").then(pl.lit(", signed")).otherwise(pl.lit(""))
