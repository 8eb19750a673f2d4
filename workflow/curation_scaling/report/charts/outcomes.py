"""What became of the rows of a source: how many were kept, held out, or dropped, and why."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import SHORT_NUMBER
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO
from curation_scaling.report.wording import natural

TITLE = "What became of every row"
KINDS = {"kept": "kept", "held_out": "held out", "rejected": "dropped"}


def outcomes_figure(summary: pl.DataFrame) -> Figure:
    """A bar an outcome, in the mean of the draws; all bars together are the rows that were read."""
    draws = summary["draw"].n_unique()
    place = {kind: i for i, kind in enumerate(KINDS.values())}
    table = (
        summary.filter(pl.col("kind") != "input")
        .group_by("kind", "outcome")
        .agg(rows=pl.sum("rows") / draws, size=pl.sum("size") / draws)
        .with_columns(
            share=pl.col("rows") / pl.sum("rows"),
            kind=pl.col("kind").replace_strict(KINDS, return_dtype=pl.String),
        )
        .with_columns(label=pl.col("share").map_elements(_label, pl.String))
        .sort(pl.col("kind").replace_strict(place, return_dtype=pl.Int64), natural(pl.col("outcome")), "outcome")
    )
    y = alt.Y("outcome:N", sort=table["outcome"].to_list(), title=None, axis=alt.Axis(labelLimit=200))
    x = alt.X("rows:Q", title="Rows", axis=alt.Axis(labelExpr=SHORT_NUMBER, tickCount=6))
    kinds = [kind for kind in KINDS.values() if kind in set(table["kind"])]
    palette = dict(zip(KINDS.values(), (OKABE_ITO[0], OKABE_ITO[2], OKABE_ITO[6]), strict=True))
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[palette[k] for k in kinds]), title=None)
    tooltip = ["outcome:N", "kind:N", alt.Tooltip("rows:Q", format=","), alt.Tooltip("share:Q", format=".2%")]
    base = alt.Chart()
    chart = alt.layer(
        base.mark_bar(height={"band": 0.7}).encode(x, y, colour, tooltip=tooltip),
        base.mark_text(align="left", dx=4, color="currentColor").encode(x, y, text="label:N"),
        data=table_data(table),
    ).properties(height=22 * table.height + 8)
    caption = "Rows of the source by what became of them; the shares add up to all rows that were read."
    return Figure("outcomes", TITLE, caption, chart, table)


def _label(share: float) -> str:
    """A share beside its bar; 0 % stands only for none."""
    return "0" if share == 0 else "<0.1%" if share < 0.0005 else f"{share:.1%}"
