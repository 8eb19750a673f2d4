"""The value of one more run: which pool, how long, for the choices that are least sure."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.charts.axes import SHORT_NUMBER, log_ticks
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results
from curation_scaling.report.wording import number, seen

TITLE = "Which run to make next"
_CHOICES = 4  # panels: the choices of most regret
_POOLS = 8  # lines in a panel
_NO_REGRET = 1e-9


def next_run_figure(results: Results) -> Figure:
    """A panel a choice: the regret that a run on each pool would save, against what the run sees."""
    study = results.study
    rows = results.main(results.beyond("next_run")).filter(pl.col("regret") > _NO_REGRET)
    chosen = (
        rows.group_by("choice_budget")
        .agg(pl.first("regret"), pl.max("reduction"))
        .filter(pl.col("reduction") > 0.01 * pl.col("regret"))
        .top_k(_CHOICES, by="regret")
        .sort("choice_budget")
    )
    if chosen.is_empty():
        reason = "No single run would change a choice of this study: none is in doubt, or none can be settled by one."
        return Figure("next_run", TITLE, reason, None, chosen)
    names = {
        budget: f"choice at {quantity(budget)}, regret {number(regret, 2)}" for budget, regret, _ in chosen.iter_rows()
    }
    best = (
        rows.filter(pl.col("choice_budget").is_in(chosen["choice_budget"].to_list()))
        .group_by("pool")
        .agg(pl.max("reduction"))
        .sort("reduction", "pool", descending=[True, False])["pool"]
        .head(_POOLS)
    )
    table = (
        rows.filter(pl.col("choice_budget").is_in(list(names)) & pl.col("pool").is_in(best.to_list()))
        .select(
            "choice_budget", "pool", "run_budget", "regret", "reduction", "rank",
            saved=pl.col("reduction") / pl.col("regret"),
            panel=pl.col("choice_budget").replace_strict(names, return_dtype=pl.String),
        )
        .sort("choice_budget", "pool", "run_budget")
    )  # fmt: skip
    low, high = table.select(pl.min("run_budget"), pl.max("run_budget").alias("high")).row(0)
    scale = alt.Scale(type="log", domain=[low / 1.1, high * 1.1], nice=False)
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=SHORT_NUMBER, labelOverlap="greedy")
    x = alt.X("run_budget:Q", scale=scale, axis=axis, title=f"{seen(study)} by the run (logarithmic)")
    y = alt.Y("saved:Q", title="Share of the regret saved", axis=alt.Axis(format=".0%", tickCount=5))
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    tooltip = [
        alt.Tooltip("pool:N", title="Run on"),
        alt.Tooltip("run_budget:Q", title=study.unit, format=",.4~g"),
        alt.Tooltip("reduction:Q", title=f"Saves, {results.metric}", format=".2g"),
        alt.Tooltip("rank:Q", title="Rank"),
    ]
    layers = alt.layer(
        alt.Chart().mark_line(strokeWidth=1.2).encode(x, y, colour),
        alt.Chart().mark_point(size=35, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=270, height=170)
    chart = layers.facet(facet=alt.Facet("panel:N", sort=list(names.values()), title=None), columns=2)
    caption = (
        f"How much of the expected regret of a choice (in {results.metric}) one more run is expected to save, before "
        "its result is known: every possible result weights the bootstrap draws anew, and the noise is that of a run. "
        f"Shown are the {len(names)} choices of most regret, and the {len(pools)} pools whose runs tell most."
    )
    return Figure("next_run", TITLE, caption, chart, table)
