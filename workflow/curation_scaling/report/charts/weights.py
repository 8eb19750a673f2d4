"""Past named pools: the best sampling weights at every budget, and how much weights or a schedule could gain."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import samples_axis
from curation_scaling.report.charts.marker import chosen_budget
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, colours
from curation_scaling.report.results import Results

WEIGHTS = "The best sampling weights"
GAIN = "What better weights or a schedule could gain"
_WALLS = 40  # budgets that are marked by a line
_SHOWN = 0.0005  # a weight below it is none


def weights_figure(results: Results) -> Figure:
    """Stacked weights of the buckets along the budgets."""
    rows = results.main(results.beyond("optimal")).sort("budget")
    if rows["budget"].n_unique() < 2:
        reason = "The study has no bucket that can be weighted, or a single budget." if rows.is_empty() else _ONE
        return Figure("optimal_weights", WEIGHTS, reason, None, rows.select("budget", "predicted"))
    order = {pool: n for n, pool in enumerate(results.pools)}
    table = (
        rows.select("budget", "weights")
        .explode("weights")
        .unnest("weights")
        .rename({"budget": "samples_seen"})
        .with_columns(rank=pl.col("pool").replace_strict(order, return_dtype=pl.Int64))
        .filter((pl.col("weight") > _SHOWN).any().over("pool"))
        .sort("rank", "samples_seen")
    )
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low, high)
    y = alt.Y("weight:Q", title="Sampling weight", stack="zero", scale=alt.Scale(domain=[0, 1]), axis=_PERCENT)
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        alt.Tooltip("weight:Q", title="Weight", format=".1%"),
        alt.Tooltip("lower:Q", title="Lower", format=".1%"),
        alt.Tooltip("upper:Q", title="Upper", format=".1%"),
        alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
    ]
    colour = colours(results.pools, table["pool"].unique().to_list(), alt.Legend())
    base, few = alt.Chart(), rows.height <= _WALLS
    first = table["rank"].to_list()[0]
    walls = base.transform_filter(f"datum.rank === {first}")
    chart = alt.layer(
        base.mark_area(fillOpacity=0.85, opacity=1).encode(x, y, colour, order=alt.Order("rank:Q"), tooltip=tooltip),
        *([walls.mark_rule(strokeOpacity=0.25, color="currentColor").encode(x)] * few),
        chosen_budget(),
        data=table_data(table),
    ).properties(height=260)
    exact = set(rows["method"]) == {"dual"}
    how = "exact (the problem is convex)" if exact else "found by a deterministic global search"
    lines = " (thin lines; between them the areas are straight)" if few else ""
    caption = (
        f"Sampling weights of the buckets with the least predicted {results.metric}, {how}, at the budgets of the "
        f"study{lines}. The CSV holds each weight's interval and passes."
    )
    return Figure("optimal_weights", WEIGHTS, caption, chart, table)


_ONE = "With a single budget the weights are one line: they stand in the artifact beyond/optimal."
_PERCENT = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%")


def gain_figure(results: Results) -> Figure:
    """By how much the best weights, and at most any schedule, lie below the best plain candidate."""
    kinds = {"best weights": results.main(results.beyond("optimal")), "any schedule, at most": _greedy(results)}
    table = pl.concat(
        [
            rows.select(
                pl.lit(kind).alias("kind"), "plain_pool", "plain", "gain", "gain_lower", "gain_upper",
                samples_seen="budget",
                passes=pl.col(parts).map_elements(_passes, pl.String),
            )
            for (kind, rows), parts in zip(kinds.items(), ("weights", "repetitions"), strict=True)
        ]
    ).sort("kind", "samples_seen")  # fmt: skip
    if table.is_empty():
        return Figure("schedule_gain", GAIN, "No law of this study can weigh its buckets.", None, table)
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low, high * (1 + 1e-9) if high > low else high * 2)
    y = alt.Y("gain:Q", title=f"Gain in {results.metric}", axis=alt.Axis(tickCount=6))
    names = [kind for kind in kinds if kind in set(table["kind"])]
    colour = alt.Color("kind:N", scale=alt.Scale(domain=names, range=[OKABE_ITO[0], OKABE_ITO[6]]), title=None)
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=names, range=["circle", "square"]), title=None)
    tooltip = [
        alt.Tooltip("kind:N", title="Against the best candidate"),
        alt.Tooltip("plain_pool:N", title="which is"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        *(alt.Tooltip(f"{n}:Q", format=".3g") for n in ("gain", "gain_lower", "gain_upper")),
        alt.Tooltip("passes:N", title="Passes"),
    ]
    base = alt.Chart()
    marks = table.height <= 100
    chart = alt.layer(
        base.mark_rule(strokeOpacity=0.6, color="currentColor").encode(y=alt.datum(0)),
        base.mark_area(opacity=1, fillOpacity=0.15).encode(x, alt.Y("gain_lower:Q"), alt.Y2("gain_upper:Q"), colour),
        base.mark_line(strokeWidth=1.5).encode(x, y, colour, tooltip=tooltip),
        *([base.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip)] * marks),
        chosen_budget(),
        data=table_data(table),
    ).properties(height=260)
    greedy = kinds["any schedule, at most"]
    bound = (
        ""
        if greedy.is_empty()
        else f" No mixture or schedule of these buckets can gain more than the grey line under {greedy['law'][0]} with "
        "gamma = 0: it always samples the bucket with the most utility left, a bound and not advice."
    )
    caption = (
        f"Predicted {results.metric} of the best plain candidate minus that of the best sampling weights; bands: "
        f"{results.study.laws.level:.0%} intervals with both choices held fixed, so that below 0 the weights may be "
        f"worse.{bound}"
    )
    return Figure("schedule_gain", GAIN, caption, chart, table)


def _passes(parts: pl.Series) -> str:
    """Passes over each bucket that is used: "bucket1 3, bucket2 1.5"."""
    return ", ".join(f"{p['pool']} {p['repetitions']:.3g}" for p in parts if p["repetitions"] > _SHOWN)


def _greedy(results: Results) -> pl.DataFrame:
    """Rows of the law and rule of the answer, or of the first law with a bound."""
    rows = results.beyond("greedy")
    mine = results.main(rows)
    return rows.filter(law=rows["law"][0]) if mine.is_empty() and not rows.is_empty() else mine
