"""Figures of sources seen in part: predicted and measured, errors of the models, the projection, the chosen weights."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, set_channels
from curation_scaling.study.sources import MODELS, Sources

PREDICTIONS = "Predicted and measured, at the disclosed sizes"
ERRORS = "How far each model misses mixtures that it has not seen"
PROJECTION = "The projection to an undisclosed size"
CHOICE = "What the chosen weights are worth"
_ROLES = ("fitted", "held out")
_TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]


def predictions_figure(predictions: pl.DataFrame, metric: str) -> Figure:
    """A panel a model: predicted against measured error, mixtures that were fitted and mixtures that were held out."""
    table = predictions.filter(pl.col("role").is_in(["fitted", "held_out"])).select(
        "model", "size", "measured", "predicted", "lower", "upper",
        role=pl.col("role").str.replace("_", " "), weights=_words(), model_name=_named(),
    ).sort("model", "size", "role", "measured")  # fmt: skip
    scale = error_scale(table["measured"])
    x = alt.X("measured:Q", scale=scale, axis=alt.Axis(tickCount=5), title=f"Measured {metric}")
    y = error_axis("predicted", f"Predicted {metric}", scale)
    colour, shape = set_channels("role", _ROLES, "Mixtures")
    tooltip = ["weights:N", "size:Q", alt.Tooltip("measured:Q", format=".4f"), alt.Tooltip("predicted:Q", format=".4f")]
    base = alt.Chart()
    layers = alt.layer(
        base.mark_line(strokeWidth=1, strokeDash=[4, 3], color="currentColor", strokeOpacity=0.6).encode(
            x, alt.Y("measured:Q", scale=scale)
        ),
        base.mark_point(size=22, filled=True, opacity=0.8).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=190, height=170)
    names = [_shown(model) for model in MODELS if model in set(table["model"])]
    chart = layers.facet(facet=alt.Facet("model_name:N", title=None, sort=names), columns=3)
    caption = (
        "Each point is a mixture at one of the two disclosed sizes; on the dashed line prediction and measurement "
        "agree. The models were fitted to the blue mixtures alone. Predictions beyond the scale stand at its edge."
    )
    return Figure("source_predictions", PREDICTIONS, caption, chart, table)


def errors_figure(errors: pl.DataFrame, spec: Sources) -> Figure:
    """Mean absolute error of every model, a panel a size: held-out mixtures, then all at undisclosed sizes."""
    panel = pl.format("{} samples, {}", "size", pl.col("role").str.replace("_", " "))
    table = errors.filter(pl.col("role") != "fitted").select(
        "model", "size", "role", "mixtures", "mean_absolute_error", "lower", "upper", "bias", panel=panel,
        model_name=_named(),
    ).sort("role", "size", "mean_absolute_error")  # fmt: skip
    order = table.filter(role="held_out").group_by("model_name").agg(pl.mean("mean_absolute_error"))
    names = order.sort("mean_absolute_error", "model_name")["model_name"].to_list()
    low, high = table.select(low=pl.min("lower"), high=pl.max("upper")).row(0)
    scale = alt.Scale(type="log", domain=[max(low, 1e-3) / 1.2, high * 1.2], nice=False)
    x = alt.X(
        "mean_absolute_error:Q", scale=scale, axis=alt.Axis(values=_TICKS, format="~g"), title="Points (logarithmic)"
    )
    y = alt.Y("model_name:N", sort=names, title=None, axis=alt.Axis(labelLimit=180))
    numbers = ("mean_absolute_error", "lower", "upper", "bias")
    tooltip = ["model_name:N", "mixtures:Q", *(alt.Tooltip(f"{n}:Q", format=".2f") for n in numbers)]
    base = alt.Chart()
    layers = alt.layer(
        base.mark_rule(strokeWidth=1.5, color=OKABE_ITO[0]).encode(alt.X("lower:Q", scale=scale), y, x2="upper:Q"),
        base.mark_point(size=50, filled=True, opacity=1, color=OKABE_ITO[0]).encode(x, y, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=190, height=alt.Step(24))
    panels = table["panel"].unique(maintain_order=True).to_list()
    chart = layers.facet(facet=alt.Facet("panel:N", title=None, sort=panels), columns=min(3, len(panels)))
    chart = chart.properties(usermeta={"left": 130})
    held = f"at least {spec.held_out.at_least:g} of {spec.held_out.source}"
    caption = (
        f"Mean absolute error in points (hundredths of the error), with {spec.level:.0%} intervals by a bootstrap over "
        f"mixtures. Held out: mixtures with {held}. Interpolated: every mixture in its turn, from four fifths of all. "
        "Projected: mixtures trained at an undisclosed size, from all at the disclosed ones."
    )
    return Figure("source_errors", ERRORS, caption, chart, table)


def projection_figure(predictions: pl.DataFrame, errors: pl.DataFrame, spec: Sources, metric: str) -> Figure:
    """The chosen form at undisclosed sizes: every mixture's projection with its interval, and what was measured."""
    rows = predictions.filter(role="projected", model=spec.choose.form)
    if rows.is_empty():
        return Figure("source_projection", PROJECTION, "No mixture was trained at an undisclosed size.", None, rows)
    table = rows.select(
        "size", "measured", "predicted", "lower", "upper", "held_out", weights=_words(),
        place=pl.col("measured").rank("ordinal").over("size"), panel=pl.format("{} samples", "size"),
    ).sort("size", "place")  # fmt: skip
    scale = error_scale([*table["measured"], *table["lower"], *table["upper"]])
    x = alt.X("place:Q", axis=alt.Axis(tickCount=5), title="Mixtures, by measured error")
    kinds = ("measured", "projected")
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[OKABE_ITO[1], OKABE_ITO[0]]), title=None)
    y = error_axis("predicted", metric, scale)
    tooltip = ["weights:N", *(alt.Tooltip(f"{n}:Q", format=".4f") for n in ("measured", "predicted", "lower", "upper"))]
    base = alt.Chart()
    projected, measured = (base.transform_calculate(kind=f"'{kind}'") for kind in ("projected", "measured"))
    ends = alt.Y("lower:Q", scale=scale), alt.Y2("upper:Q")
    found = alt.Y("measured:Q", scale=scale)
    layers = alt.layer(
        projected.mark_rule(strokeOpacity=0.5).encode(x, *ends, colour),
        projected.mark_point(size=35, filled=True, opacity=1).encode(x, y, colour, tooltip=tooltip),
        measured.mark_point(size=35, shape="square", filled=True, opacity=1).encode(x, found, colour, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=420, height=260)
    panels = table["panel"].unique(maintain_order=True).to_list()
    chart = layers.facet(facet=alt.Facet("panel:N", title=None, sort=panels), columns=1)
    judged = errors.filter(role="projected", model=spec.choose.form).sort("size")
    said = "; ".join(
        f"at {row['size']:,} samples noise grows {row['amplification']:.1f} times and {row['covered']:.0%} lie inside"
        for row in judged.iter_rows(named=True)
    )
    caption = (
        f"Form {spec.choose.form}, projected from {spec.sizes[0]:,} and {spec.sizes[1]:,} samples by a line in ln N, "
        f"with {spec.level:.0%} intervals of one new training: {said}. The interval holds the noise of the fits, not "
        "what the form or the line in ln N gets wrong."
    )
    return Figure("source_projection", PROJECTION, caption, chart, table)


def choice_figure(choices: pl.DataFrame, weights: pl.DataFrame, spec: Sources, metric: str) -> Figure:
    """Projected and measured error of the chosen, the uniform and the proportional weights."""
    shares = pl.format("{} {}%", "source", (100 * pl.col("weight")).round().cast(pl.Int64))
    names = weights.group_by("choice", maintain_order=True).agg(shares=shares.str.join(", "))
    table = choices.join(names, on="choice").select(
        "choice", "shares", "predicted", "lower", "upper", "measured", "trainings",
        label=pl.format("{}: {}", "choice", "shares"),
        measured_lower=pl.col("measured") - 2 * pl.col("measured_se"),
        measured_upper=pl.col("measured") + 2 * pl.col("measured_se"),
    ).sort("predicted")  # fmt: skip
    kinds = ("projected", "measured")
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[OKABE_ITO[0], OKABE_ITO[1]]), title=None)
    values = [v for c in ("predicted", "lower", "upper", "measured") for v in table[c]]
    scale = error_scale(values)
    y = alt.Y("label:N", sort=table["label"].to_list(), title=None, axis=alt.Axis(labelLimit=330))
    tooltip = ["label:N", *(alt.Tooltip(f"{n}:Q", format=".4f") for n in ("predicted", "lower", "upper", "measured"))]
    base = alt.Chart()
    projected = base.transform_calculate(kind="'projected'")
    measured = base.transform_filter("isValid(datum.measured)").transform_calculate(kind="'measured'")
    x = alt.X("predicted:Q", scale=scale, title=metric, axis=alt.Axis(tickCount=6))
    found, low, measured_low = (alt.X(f"{n}:Q", scale=scale) for n in ("measured", "lower", "measured_lower"))
    chart = alt.layer(
        projected.mark_rule(strokeWidth=1.5, strokeOpacity=0.5).encode(low, y, colour, x2="upper:Q"),
        projected.mark_point(size=60, filled=True, opacity=1).encode(x, y, colour, tooltip=tooltip),
        measured.mark_rule(strokeWidth=3).encode(measured_low, y, colour, x2="measured_upper:Q"),
        measured.mark_point(size=60, shape="square", filled=True, opacity=1).encode(found, y, colour, tooltip=tooltip),
        data=table_data(table),
    ).properties(height=34 * table["label"].n_unique(), width=340)
    caption = (
        f"Projected error at {spec.choose.size:,} samples with its interval of one new training, and what trainings on "
        "these weights really gave (mean with two standard errors)."
    )
    return Figure("source_choice", CHOICE, caption, chart, table)


def _words() -> pl.Expr:
    """The weights of a row as text: tops 30%, shoes 70%."""
    part = pl.format(
        "{} {}%", pl.element().struct["source"], (100 * pl.element().struct["weight"]).round().cast(pl.Int64)
    )
    return pl.col("weights").list.eval(part).list.join(", ")


def _shown(model: str) -> str:
    return {"pq": "PQ", "cs": "CS"}.get(model, model.replace("_", " "))


def _named() -> pl.Expr:
    return pl.col("model").replace({model: _shown(model) for model in MODELS})
