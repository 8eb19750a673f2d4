"""Figures of pruned pools: what pruning gains at each initial size, and which budget wants which pruned set."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, SHAPES


def gains_figure(curves: pl.DataFrame) -> Figure:
    """Error minus that of a random choice of as many samples, paired by draw, against the initial size."""
    table = (
        curves.drop_nulls("against_random")
        .select(
            "label",
            "initial",
            "kept",
            "error",
            panel=pl.format("{}% kept", (100 * pl.col("fraction")).round().cast(pl.Int64)),
            gain=100 * pl.col("against_random"),
            lower=100 * (pl.col("against_random") - 2 * pl.col("against_random_se")),
            upper=100 * (pl.col("against_random") + 2 * pl.col("against_random_se")),
        )
        .sort("panel", "label", "initial", descending=[True, False, False])
    )
    title = "What pruning gains over a random choice"
    if table.is_empty():
        return Figure("pruning_gains", title, "No pruned set was compared with a random one.", None, table)
    x = _sizes(table["initial"])
    y = alt.Y("gain:Q", title="Error against random, points", axis=alt.Axis(tickCount=6))
    colour, shape = _channels(table["label"])
    tooltip = ["label:N", "initial:Q", "kept:Q", "error:Q", "gain:Q", "lower:Q", "upper:Q"]
    layers = alt.layer(
        alt.Chart().mark_rule(strokeOpacity=0.6, color="currentColor").encode(y=alt.datum(0)),
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, y, colour),
        alt.Chart().mark_rule().encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        alt.Chart().mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=270, height=230)
    chart = layers.facet(facet=alt.Facet("panel:N", title=None, sort="descending"), columns=2).resolve_scale(
        y="independent"
    )
    chart = chart.properties(usermeta={"left": 0, "gap": 80})  # each panel has an axis
    caption = (
        "Error of a pruned pool minus that of a random pool of the same size, in points, paired by draw, with two "
        "standard errors; below zero the ranking earns its cost. A set is named by its metric and by what is kept of "
        "it (hard: the highest scores). Sets marked self were ranked by a scorer that saw the draw alone."
    )
    return Figure("pruning_gains", title, caption, chart, table)


def envelope_figure(envelope: pl.DataFrame) -> Figure:
    """Error of every set against the samples it keeps, and the Pareto set."""
    table = envelope.with_columns(percent=pl.format("{}%", (100 * pl.col("fraction")).round().cast(pl.Int64))).sort(
        "label", "initial", "fraction"
    )
    x = alt.X(
        "kept:Q",
        scale=alt.Scale(type="log", nice=False, padding=10),
        axis=alt.Axis(values=log_ticks(float(table["kept"].min()), float(table["kept"].max()))),  # type: ignore[arg-type]
        title="Samples kept (logarithmic)",
    )
    scale = error_scale(table["error"])
    y = alt.Y("error:Q", scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True), title="Error rate")
    colour, shape = _channels(table["label"])
    tooltip = ["label:N", "percent:N", "initial:Q", "kept:Q", "error:Q", "probability_best:Q"]
    pareto = alt.Chart().transform_filter("datum.pareto")
    chart = alt.layer(
        alt.Chart().mark_rule(strokeOpacity=0.5).encode(x, alt.Y("lower:Q", scale=scale), alt.Y2("upper:Q"), colour),
        alt.Chart().mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        pareto.mark_line(strokeWidth=1.5, strokeDash=[4, 3], color="currentColor").encode(x, y),
        pareto.mark_point(size=130, filled=False, strokeWidth=1.5, stroke="currentColor").encode(x, y),
        data=table_data(table),
    ).properties(height=320)
    caption = (
        "Every pruned set of every initial size against the samples that it keeps, with intervals over draws; the "
        "dashed line is the envelope, the sets that no smaller one equals."
    )
    return Figure("pruning_envelope", "The envelope over fractions and sets", caption, chart, table)


def _sizes(values: pl.Series) -> alt.X:
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    scale = alt.Scale(type="log", domain=[low / 1.2, high * 1.2], nice=False)
    return alt.X("initial:Q", scale=scale, axis=alt.Axis(values=log_ticks(low, high)), title="Samples before pruning")


def _channels(labels: pl.Series) -> tuple[alt.Color, alt.Shape]:
    domain = labels.unique().sort().to_list()
    colours = [OKABE_ITO[i % len(OKABE_ITO)] for i in range(len(domain))]
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(domain))]
    return (
        alt.Color("label:N", scale=alt.Scale(domain=domain, range=colours), title="Set"),
        alt.Shape("label:N", scale=alt.Scale(domain=domain, range=shapes), title="Set"),
    )
