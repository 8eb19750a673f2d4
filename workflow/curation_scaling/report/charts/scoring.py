"""The cost of scoring inside the budget: choosing by scores against keeping everything, and where choosing pays."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.charts.axes import SHORT_NUMBER, error_axis, error_scale, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO
from curation_scaling.report.results import Results
from curation_scaling.report.wording import share

TITLE = "When does scoring the pool pay?"
_CHOICE = {True: "chosen by scores, which are paid for", False: "without scores"}


def scoring_figure(results: Results) -> Figure:
    """A panel a scorer: the best candidate that needs scores and the best that needs none, by budget."""
    rows = results.main(results.beyond("scoring"))
    if rows.is_empty():
        reason = "The study names no scorer (frontier.scorers): scores are taken as free."
        return Figure("scoring", TITLE, reason, None, rows)
    best = (
        rows.sort("predicted", "pool")
        .group_by("scorer", "budget", "scored", maintain_order=True)
        .first()
        .select(
            "scorer", "budget", "pool", "cost", "samples_seen", "predicted", "lower", "upper",
            choice=pl.col("scored").replace_strict(_CHOICE, return_dtype=pl.String),
        )
    )  # fmt: skip
    pays = results.main(results.beyond("break_even")).select(
        "scorer", starts="starts", starts_lower="lower", starts_upper="upper"
    )
    table = pl.concat([best, pays.drop_nulls("starts")], how="diagonal").sort("scorer", "choice", "budget")
    low, high = best.select(pl.min("budget"), pl.max("budget").alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.05, high * 1.05], nice=False, clamp=True)
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=SHORT_NUMBER, labelOverlap="greedy")
    title = f"Budget, {results.study.unit} of training and scoring (logarithmic)"
    x = alt.X("budget:Q", scale=scale, axis=axis, title=title)
    y = error_axis("predicted", f"Predicted {results.metric}", error_scale(best["predicted"]))
    names = list(_CHOICE.values())
    colour = alt.Color("choice:N", scale=alt.Scale(domain=names, range=[OKABE_ITO[0], OKABE_ITO[6]]), title=None)
    dash = alt.StrokeDash("choice:N", scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]]), legend=None)
    lines = alt.Chart().transform_filter("isValid(datum.budget)")
    rule = alt.Chart().transform_filter("isValid(datum.starts)")
    tooltip = ["scorer:N", "choice:N", "pool:N", "budget:Q", "samples_seen:Q", alt.Tooltip("predicted:Q", format=".4g")]
    layers = alt.layer(
        lines.mark_area(opacity=1, fillOpacity=0.12).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        lines.mark_line(strokeWidth=1.5, point={"size": 25}).encode(x, y, colour, dash, tooltip=tooltip),
        rule.mark_rect(opacity=0.12, color="gray").encode(alt.X("starts_lower:Q"), x2="starts_upper:Q"),
        rule.mark_rule(color="currentColor", strokeDash=[4, 3]).encode(alt.X("starts:Q")),
        data=table_data(table),
    ).properties(width=270, height=220)
    chart = layers.facet(facet=alt.Facet("scorer:N", title=None), columns=min(best["scorer"].n_unique(), 2))
    caption = (
        "Scores cost compute: a candidate that needs them is trained on what they leave of the budget. Dashed upright: "
        f"the budget from which choosing pays, with its {results.study.laws.level:.0%} interval. {_words(results)}"
    )
    return Figure("scoring", TITLE, caption, chart, table)


def _words(results: Results) -> str:
    lines = []
    for row in results.main(results.beyond("break_even")).iter_rows(named=True):
        pays = row["note"] or (
            "choosing pays at no budget of the study"
            if row["starts"] is None
            else f"choosing pays from {quantity(row['starts'])} {results.study.unit}"
            + ("" if row["ends"] is None else f" to {quantity(row['ends'])}")
            + f", in {share(row['share'])} of the draws"
        )
        lines.append(f"{row['scorer']} costs {quantity(row['cost'])} {results.study.unit} of training: {pays}.")
    return " ".join(lines)
