"""Published numbers beside the same computed again: by how much of what is allowed each one differs."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO

TITLE = "How far each published number is from ours"
_EDGE = 2.5  # of what is allowed; farther ones stand at the edge
_MOST = 60  # rows of the figure


def agreement_figure(rows: pl.DataFrame) -> Figure:
    """A row a number: (ours - published) over the tolerance, or over the side of the interval on which it lies."""
    difference = pl.col("refit") - pl.col("published")
    side = pl.when(difference >= 0).then(pl.col("refit") - pl.col("lower")).otherwise(pl.col("upper") - pl.col("refit"))
    allowed = pl.coalesce("tolerance", side)
    share = pl.when(difference == 0).then(0.0).otherwise(difference / allowed)
    compared = rows.filter(pl.col("agrees").is_not_null())
    table = (
        compared.select(
            "order", "quantity", "published", ours="refit", difference=difference, allowed=allowed,
            of_allowed=share.clip(-_EDGE, _EDGE),
            verdict=pl.when("agrees").then(pl.lit("agrees")).otherwise(pl.lit("differs")),
            source="source",
        )
        .sort("order")
        .filter(pl.col("of_allowed").is_finite())
    )  # fmt: skip
    shown = table if table.height <= _MOST else table.sort(pl.col("of_allowed").abs(), descending=True).head(_MOST)
    shown = shown.sort("order").drop("order")
    if shown.is_empty():
        return Figure("agreement", TITLE, "No published number is compared in this study.", None, shown)
    x = alt.X(
        "of_allowed:Q",
        title="(ours − published) / what is allowed",
        scale=alt.Scale(domain=[-_EDGE - 0.15, _EDGE + 0.15], nice=False),
        axis=alt.Axis(values=[-2, -1, 0, 1, 2]),
    )
    y = alt.Y("quantity:N", sort=shown["quantity"].to_list(), title=None, axis=alt.Axis(labelLimit=430))
    domain = ["agrees", "differs"]
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=domain, range=[OKABE_ITO[0], OKABE_ITO[1]]), title=None)
    shape = alt.Shape("verdict:N", scale=alt.Scale(domain=domain, range=["circle", "cross"]), title=None)
    tooltip = [
        "quantity:N", alt.Tooltip("published:Q", format=".5g"), alt.Tooltip("ours:Q", format=".5g"),
        alt.Tooltip("difference:Q", format="+.3g"), alt.Tooltip("allowed:Q", format=".3g"), "verdict:N", "source:N",
    ]  # fmt: skip
    base = alt.Chart()
    chart = alt.layer(
        alt.Chart(alt.InlineData(values=[{}]))
        .mark_rect(opacity=0.12, color="gray")
        .encode(x=alt.datum(-1), x2=alt.datum(1)),
        base.mark_rule(strokeOpacity=0.5, color="currentColor").encode(x=alt.datum(0)),
        base.mark_point(size=55, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(shown),
    ).properties(height=17 * shown.height + 10, width=360, usermeta={"most": 900})
    some = "" if shown.height == table.height else f" The {_MOST} of {table.height} numbers that differ most are shown."
    caption = (
        "Our number minus the published one, in units of what is allowed: the tolerance where the study gives one, "
        "else the side of our interval on which the published number lies. Between −1 and 1 they agree; those beyond "
        f"± {_EDGE:g} stand at the edge.{some}"
    )
    return Figure("agreement", TITLE, caption, chart, shown)
