"""Figures of pruned pools: their curves, what pruning gains, the envelope, how fast it falls, prune or repeat."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels

_TOGETHER = "the envelope, and all samples"


def curves_figure(curves: pl.DataFrame, envelope: pl.DataFrame, lines: pl.DataFrame, order: Sequence[str]) -> Figure:
    """A panel a set: error against the samples kept, a colour a fraction, with the chosen law and the envelope.

    `lines` are the chosen laws: label, fraction, law, kept, predicted.
    """
    title = "Pruning curves"
    fractions = [f"{f:.0%}" for f in sorted(curves["fraction"].unique(), reverse=True)]
    percent = pl.format("{}%", (100 * pl.col("fraction")).round().cast(pl.Int64))
    sets = [label for label in order if label in set(curves["label"])]
    known = curves.select(
        "label", "initial", "error", percent.alias("fraction"), pl.col("kept").cast(pl.Float64),
        lower=pl.col("error") - 2 * pl.col("se"), upper=pl.col("error") + 2 * pl.col("se"), kind=pl.lit("measured"),
    )  # fmt: skip
    best = envelope.filter("pareto").select(pl.col("kept").cast(pl.Float64), "error")
    around = [best.with_columns(label=pl.lit(label), kind=pl.lit("envelope")) for label in sets]
    fitted = lines.with_columns(percent.alias("fraction"), kind=pl.lit("law"))
    table = pl.concat([known, fitted, *around], how="diagonal").select(
        "kind", "label", "fraction", "initial", "kept", "error", "lower", "upper", "law", "predicted"
    )
    table = table.sort("kind", "label", "fraction", "kept")
    x = _sizes("kept", known["kept"], "Samples kept (logarithmic)")
    scale = error_scale([*known["error"], *best["error"]])
    y = alt.Y("error:Q", scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True), title="Error rate")
    colour, shape = set_channels("fraction", fractions, "Fraction kept")
    law, measured, edge = (
        alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("law", "measured", "envelope")
    )
    tooltip = ["label:N", "fraction:N", "initial:Q", "kept:Q", alt.Tooltip("error:Q", format=".4g")]
    layers = alt.layer(
        edge.mark_line(strokeWidth=1.2, strokeDash=[4, 3], color="currentColor", strokeOpacity=0.6).encode(x, y),
        law.mark_line(strokeWidth=1.5).encode(x, alt.Y("predicted:Q", scale=scale), colour, tooltip=["law:N"]),
        measured.mark_rule().encode(x, alt.Y("lower:Q", scale=scale), alt.Y2("upper:Q"), colour),
        measured.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=220, height=190)
    chart = layers.facet(facet=alt.Facet("label:N", title=None, sort=sets), columns=min(3, len(sets)))
    caption = (
        "Error against the samples that are kept, a panel a set (its metric, and which end is kept), with two standard "
        "errors over draws. Lines: the law that extrapolates best among power laws, with and without a floor, and an "
        "exponential; none where no law could be fitted. Dashed: the envelope, the least error of any set that keeps "
        "as few samples. A straight line is a power law; pruning is worth it where a curve bends below that of a "
        "random choice."
    )
    return Figure("pruning_curves", title, caption, chart, table)


def gains_figure(curves: pl.DataFrame, order: Sequence[str]) -> Figure:
    """Error minus that of a random choice of as many samples, paired by draw, against the initial size."""
    percent = pl.format("{}% kept", (100 * pl.col("fraction")).round().cast(pl.Int64))
    theory = (
        curves.drop_nulls("theory")
        .select("initial", "keep", panel=percent, expected=100 * pl.col("theory"))
        .unique()
        .sort("panel", "keep", "initial")
    )
    table = (
        curves.drop_nulls("against_random")
        .select(
            "label",
            "initial",
            "kept",
            "error",
            panel=percent,
            gain=100 * pl.col("against_random"),
            lower=100 * (pl.col("against_random") - 2 * pl.col("against_random_se")),
            upper=100 * (pl.col("against_random") + 2 * pl.col("against_random_se")),
        )
        .sort("panel", "label", "initial", descending=[True, False, False])
    )
    title = "What pruning gains over a random choice"
    if table.is_empty():
        return Figure("pruning_gains", title, "No pruned set was compared with a random one.", None, table)
    x = _sizes("initial", table["initial"], "Samples before pruning (logarithmic)")
    y = alt.Y("gain:Q", title="Error against random, points", axis=alt.Axis(tickCount=6))
    colour, shape = set_channels("label", order, "Set", table["label"].to_list())
    tooltip = ["label:N", "initial:Q", "kept:Q", "error:Q", "gain:Q", "lower:Q", "upper:Q"]
    measured, expected = (alt.Chart().transform_filter(f"isValid(datum.{name})") for name in ("gain", "expected"))
    ends = [end for end in ("hard", "easy") if end in set(theory["keep"])]
    dashes = alt.Scale(domain=ends, range=[[5, 3], [1, 3]][: len(ends)])
    dash = alt.StrokeDash("keep:N", scale=dashes, title="Theory, keep", legend=alt.Legend(symbolStrokeColor="gray"))
    lines = expected.mark_line(strokeWidth=1.3, color="currentColor", strokeOpacity=0.7)
    layers = alt.layer(
        alt.Chart().mark_rule(strokeOpacity=0.6, color="currentColor").encode(y=alt.datum(0)),
        *([lines.encode(x, alt.Y("expected:Q"), dash)] if ends else []),
        measured.mark_line(strokeWidth=1.5).encode(x, y, colour),
        measured.mark_rule().encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        measured.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(pl.concat([table, theory], how="diagonal")),
    ).properties(width=270, height=230)
    chart = layers.facet(facet=alt.Facet("panel:N", title=None, sort="descending"), columns=2).resolve_scale(
        y="independent"
    )
    chart = chart.properties(usermeta={"left": 0, "gap": 80})  # each panel has an axis
    caption = (
        "Error of a pruned pool minus that of a random pool of the same size, in points, paired by draw, with two "
        "standard errors; below zero the ranking earns its cost. A set is named by its metric and by what is kept of "
        "it (hard: the highest scores). Sets marked self were ranked by a scorer that saw the draw alone. Broken "
        "lines: the perceptron theory of two classes and a perfect probe (Sorscher et al. 2022) at the size that gives "
        "it the error measured on everything; it has no free parameter."
    )
    table = pl.concat([table, theory], how="diagonal")
    return Figure("pruning_gains", title, caption, chart, table)


def envelope_figure(envelope: pl.DataFrame, order: Sequence[str]) -> Figure:
    """Error of every set against the samples it keeps, and the Pareto set."""
    table = envelope.with_columns(percent=pl.format("{}%", (100 * pl.col("fraction")).round().cast(pl.Int64))).sort(
        "label", "initial", "fraction"
    )
    x = _sizes("kept", table["kept"], "Samples kept (logarithmic)")
    scale = error_scale(table["error"])
    y = alt.Y("error:Q", scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True), title="Error rate")
    colour, shape = set_channels("label", order, "Set", table["label"].to_list())
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


def exponents_figure(exponents: pl.DataFrame, order: Sequence[str], level: float) -> Figure:
    """Local exponents between two initial sizes, of the sets and of the envelope."""
    title = "Does the error fall faster than a power law?"
    middle = (pl.col("from_size") * pl.col("to_size")).sqrt()
    percent = pl.format("{}% kept", (100 * pl.col("fraction")).round().cast(pl.Int64))
    table = (
        exponents.filter(axis="initial")
        .select(
            "label", "from_size", "to_size", "exponent", "lower", "upper", "faster", size=middle,
            panel=pl.when(pl.col("label").is_in(["envelope", "all"])).then(pl.lit(_TOGETHER)).otherwise(percent),
        )
        .sort("panel", "label", "size")
    )  # fmt: skip
    if table.is_empty():
        return Figure("pruning_exponents", title, "One initial size has no exponent.", None, table)
    x = _sizes("size", table["size"], "Samples before pruning (logarithmic)")
    y = alt.Y("exponent:Q", title="−d ln(error) / d ln(samples)", scale=alt.Scale(zero=False))
    names = [*order, "envelope"]
    colour, shape = set_channels("label", names, "Set", table["label"].to_list())
    tooltip = ["label:N", "from_size:Q", "to_size:Q", alt.Tooltip("exponent:Q", format=".3f"), "faster:N"]
    panels = [_TOGETHER, *table.filter(pl.col("panel") != _TOGETHER)["panel"].unique().sort(descending=True)]
    layers = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.2).encode(x, y, colour),
        alt.Chart().mark_rule(strokeOpacity=0.5).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        alt.Chart().mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=210, height=190)
    chart = layers.facet(facet=alt.Facet("panel:N", title=None, sort=panels), columns=min(3, len(panels)))
    caption = (
        "How fast the error falls between two initial sizes: a power law is a level line, the theory's exponential "
        f"fall under perfect pruning a rising one. Bars: {level:.0%} intervals over draws (Student). The envelope "
        "takes the best set at each size, chosen on the other draws."
    )
    return Figure("pruning_exponents", title, caption, chart, table)


def repeat_figure(frontier: pl.DataFrame, sets: pl.DataFrame, order: Sequence[str], unit: str) -> Figure:
    """Prune or repeat: the law of every set of the largest size along the samples seen, with what was measured.

    `sets` names each pool's label and fraction.
    """
    title = "Prune or repeat?"
    table = (
        frontier.join(sets, on="pool", how="left")
        .select(
            "label", "budget", "repetitions", "predicted", "lower", "upper", "probability_best", "best", "measured",
            fraction=pl.format("{}%", (100 * pl.col("fraction")).round().cast(pl.Int64)),
        )
        .sort("label", "fraction", "budget")
    )  # fmt: skip
    x = _sizes("budget", table["budget"], f"{unit.capitalize()} seen in training (logarithmic)")
    scale = error_scale([*table["predicted"], *table["measured"]])
    y = alt.Y("predicted:Q", scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True), title="Error rate")
    colour, shape = set_channels("label", order, "Set", table["label"].to_list())
    fractions = [f"{f:.0%}" for f in sorted(sets["fraction"].unique(), reverse=True)]
    dashes = [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2]]
    dash = alt.StrokeDash(
        "fraction:N",
        scale=alt.Scale(domain=fractions, range=[dashes[i % 4] for i in range(len(fractions))]),
        title="Kept",
        legend=alt.Legend(symbolStrokeColor="gray", symbolType="stroke"),
    )
    tooltip = ["label:N", "fraction:N", "budget:Q", alt.Tooltip("repetitions:Q", format=".3~g")]
    tooltip.append(alt.Tooltip("predicted:Q", format=".4g"))
    base = alt.Chart()
    chart = alt.layer(
        base.mark_line(strokeWidth=1.5).encode(x, y, colour, dash, tooltip=tooltip),
        base.transform_filter("datum.best && isValid(datum.measured)")
        .mark_point(size=120, strokeWidth=1.5, stroke="currentColor")
        .encode(x, y),
        base.transform_filter("isValid(datum.measured)")
        .mark_point(size=35, filled=True, opacity=1)
        .encode(x, alt.Y("measured:Q", scale=scale), colour, shape, tooltip=[*tooltip, "measured:Q"]),
        data=table_data(table),
    ).properties(height=320)
    caption = (
        "Every pruned set of the largest initial size is a pool of its own, repeated as often as the budget asks: "
        "lines are the law of repeated pools, points were measured, rings mark the set that the law calls best there."
    )
    return Figure("prune_or_repeat", title, caption, chart, table)


def _sizes(field: str, values: pl.Series, title: str) -> alt.X:
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    scale = alt.Scale(type="log", domain=[low / 1.2, high * 1.2], nice=False)
    axis = alt.Axis(values=log_ticks(low / 1.2, high * 1.2), format="~s", labelOverlap="greedy")
    return alt.X(f"{field}:Q", scale=scale, axis=axis, title=title)
