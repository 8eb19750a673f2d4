"""Figures of the recipe: hyperbolas of steps and examples, the critical batch size, curves foretold and measured."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.charts.axes import SHORT_NUMBER, error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import set_channels

_LEVELS = 6  # hyperbolas drawn
_CURVE = np.geomspace(0.01, 300, 61)  # B / B_crit along a hyperbola


def recipe_figures(levels: pl.DataFrame, constants: pl.DataFrame, curves: pl.DataFrame) -> list[Figure]:
    """The figures of `laws/recipe_levels`, `laws/recipe` and `laws/recipe_trajectories`, in that order."""
    return [_hyperbolas(levels), _batch(levels, constants), _trajectories(curves)]


def _hyperbolas(levels: pl.DataFrame) -> Figure:
    losses = levels["loss"].unique().sort(descending=True)
    shown = losses.gather(np.unique(np.linspace(0, losses.len() - 1, _LEVELS).round().astype(int)).tolist())
    kept = levels.filter(pl.col("loss").is_in(shown.to_list()))
    label = pl.col("loss").map_elements(lambda v: f"{v:.3g}", pl.String).alias("level")
    measured = kept.select(
        label, "loss", "steps", "batch_size", kind=pl.lit("measured"), examples=pl.col("steps") * pl.col("batch_size")
    )
    rows = []
    for s_min, e_min, loss in kept.select("s_min", "e_min", "loss").unique(maintain_order=True).iter_rows():
        rows += [(loss, s_min * (1 + 1 / r), e_min * (1 + r)) for r in _CURVE]
    drawn = pl.DataFrame(rows, schema=["loss", "steps", "examples"], orient="row")
    ends = {name: (measured[name].min(), measured[name].max()) for name in ("steps", "examples")}
    drawn = drawn.filter(pl.all_horizontal(pl.col(n).is_between(low, high) for n, (low, high) in ends.items()))
    table = pl.concat([measured, drawn.with_columns(label, kind=pl.lit("hyperbola"))], how="diagonal")
    table = table.sort("kind", "loss", "steps")
    colour, shape = set_channels("level", [f"{v:.3g}" for v in shown], "Loss")
    x, y = (
        _axis("examples", "Examples E = B S (logarithmic)", table),
        _log_y("steps", "Steps S (logarithmic)", *_ends("steps", table)),
    )
    points, lines = (alt.Chart().transform_filter(f"datum.kind == '{k}'") for k in ("measured", "hyperbola"))
    chart = alt.layer(
        lines.mark_line(strokeWidth=1.5).encode(x, y, colour),
        points.mark_point(size=40, filled=True, opacity=1).encode(
            x, y, colour, shape, tooltip=["level:N", "batch_size:Q", "steps:Q", "examples:Q"]
        ),
        data=table_data(table),
    )
    caption = (
        "Steps and examples that reach a loss at each batch size, at the size of "
        f"{levels['params'][0]:,.0f} parameters; points were measured, lines are (S/S_min - 1)(E/E_min - 1) = 1."
    )
    return Figure("recipe_hyperbolas", "Steps against examples", caption, chart, table)


def _batch(levels: pl.DataFrame, constants: pl.DataFrame) -> Figure:
    table = levels.select("loss", "b_crit", "b_law").unique(maintain_order=True).sort("loss")
    found = dict(constants.filter(step="steps")["constant", "estimate"].iter_rows())
    scale = alt.Scale(type="log", domain=list(_ends("loss", table)), nice=False)
    axis = alt.Axis(values=table["loss"].to_list(), format=".3~g", labelOverlap="greedy")
    x = alt.X("loss:Q", scale=scale, axis=axis, title="Loss (logarithmic)")
    both = pl.concat([table["b_crit"], table["b_law"]]).to_frame("size")
    law, measured = (_log_y(n, "Critical batch size (logarithmic)", *_ends("size", both)) for n in ("b_law", "b_crit"))
    chart = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.5).encode(x, law),
        alt.Chart()
        .mark_point(size=45, filled=True, opacity=1)
        .encode(x, measured, tooltip=["loss:Q", "b_crit:Q", "b_law:Q"]),
        data=table_data(table),
    )
    caption = (
        "Critical batch size E_min/S_min of each hyperbola against its loss; line: B_star / L^(1/alpha_B) with alpha_B "
        f"{found['alpha_B']:.3g}."
    )
    return Figure("recipe_batch", "The critical batch size as the loss falls", caption, chart, table)


def _trajectories(curves: pl.DataFrame) -> Figure:
    table = curves.filter("judged").sort("role", "params", "batch_size", "steps")
    table = table.with_columns(panel=pl.col("role").replace({"fitted": "fitted", "held_out": "held out, foretold"}))
    table = table.with_columns(size=pl.col("params").map_elements(quantity, pl.String))
    sizes = table.unique("size").sort("params")["size"].to_list()
    colour, shape = set_channels("size", sizes, "Parameters")
    x = _axis("steps", "Steps (logarithmic)", table)
    values = [*table["error"], *table["predicted"]]
    y = alt.Y("error:Q", scale=error_scale(values), axis=alt.Axis(tickCount=6, labelOverlap=True), title="Loss")
    base = alt.Chart()
    layers = alt.layer(
        base.mark_area(opacity=0.18).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour, alt.Detail("run:N")),
        base.mark_line(strokeWidth=1.5).encode(x, alt.Y("predicted:Q"), colour, alt.Detail("run:N")),
        base.mark_point(size=35, filled=True, opacity=1).encode(
            x, y, colour, shape, tooltip=["run:N", "steps:Q", "error:Q", "predicted:Q", "joint:Q"]
        ),
        data=table_data(table.drop("role", "judged")),
    ).properties(width=330, height=280)
    chart = layers.facet(facet=alt.Facet("panel:N", title=None), columns=2)
    caption = (
        "Points: the mean loss that was measured. Lines: the loss solved from the recipe's constants; bands: their "
        "intervals over draws; a size has a curve a batch size. Only the trainings of the first panel were fitted."
    )
    return Figure("recipe_trajectories", "Curves foretold and measured", caption, chart, table.drop("role", "judged"))


def _log_y(name: str, title: str, low: float, high: float) -> alt.Y:
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=SHORT_NUMBER, labelOverlap="greedy")
    return alt.Y(f"{name}:Q", scale=scale, axis=axis, title=title)


def _axis(name: str, title: str, table: pl.DataFrame) -> alt.X:
    low, high = _ends(name, table)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=SHORT_NUMBER, labelOverlap="greedy")
    return alt.X(f"{name}:Q", scale=scale, axis=axis, title=title)


def _ends(name: str, table: pl.DataFrame) -> tuple[float, float]:
    low, high = table.select(pl.min(name), pl.max(name).alias("high")).row(0)
    return low / 1.1, high * 1.1
