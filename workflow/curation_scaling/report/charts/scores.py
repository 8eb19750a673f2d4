"""Rows by score, in the colours of their buckets, with the scores at which buckets end."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours
from curation_scaling.study import PoolStudy

TITLE = "Scores of the pool and where its buckets end"
BARS = 80  # at most
_TAIL = 0.001  # share of the rows beyond each end of the axis: they are counted in its last bar


def buckets_figure(study: PoolStudy, pools: Sequence[str], rows: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    """From the rows of the buckets of the first draw (pool, score): stacked bars, a colour a bucket."""
    return _figure(study, pools, rows.with_columns(rows=pl.lit(1)), edges)


def histogram_figure(study: PoolStudy, pools: Sequence[str], histogram: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    """From the histogram of shards (score_low, score_high, rows); a cell is in the bucket that holds its middle."""
    middle = histogram.select(score=pl.col("score_low") / 2 + pl.col("score_high") / 2, rows="rows", pool=pl.lit(None))
    return _figure(study, pools, middle.cast({"pool": pl.String}), edges)


def _figure(study: PoolStudy, pools: Sequence[str], rows: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    finite = rows.filter(pl.col("score").is_finite()).sort("score")
    if finite.is_empty():
        return Figure("scores", TITLE, "No score is finite.", None, pl.DataFrame())
    good = study.pools.keep == "high"
    ends = edges.filter(draw=0).sort("bucket").select("pool", edge=pl.col("score_min" if good else "score_max"))[:-1]
    if finite["pool"].null_count():
        # Best first: a score belongs to the first bucket whose last score it does not fall behind.
        last = ends["edge"].to_numpy() * (-1 if good else 1)
        at = np.searchsorted(last, finite["score"].to_numpy() * (-1 if good else 1))
        names = [*ends["pool"], edges.filter(draw=0).sort("bucket")["pool"][-1]]
        finite = finite.with_columns(pool=pl.Series([names[i] for i in at], dtype=pl.String))
    low, high, out = _range(finite)
    bars = int(np.clip(2 * np.sqrt(finite["rows"].to_numpy().sum()), 12, BARS))
    width = (high - low) / bars or 1.0
    table = (
        finite.with_columns(bar=((pl.col("score") - low) / width).floor().cast(pl.Int64).clip(0, bars - 1))
        .group_by("bar", "pool")
        .agg(pl.sum("rows").cast(pl.Int64))
        .select(
            "pool", score_from=low + pl.col("bar") * width, score_to=low + (pl.col("bar") + 1) * width, rows="rows",
            edge=pl.lit(None, pl.Float64),
        )
        .sort("score_from", "pool")
    )  # fmt: skip
    lines = ends.select(edge=pl.col("edge"), label=pl.format("end of {}", "pool")).filter(
        pl.col("edge").is_between(low, high)
    )
    if study.pools.within_group:  # the score of a bucket's last row depends on its group
        lines = lines.clear()
    table = pl.concat([table, lines], how="diagonal")
    order = {name: i for i, name in enumerate(pools)}
    shown = table["pool"].drop_nulls().unique().to_list()
    table = table.with_columns(rank=pl.col("pool").replace_strict(order, default=None, return_dtype=pl.Int64))
    base, scale = alt.Chart(), alt.Scale(domain=[low, high], nice=False)
    stacked = base.transform_filter("isValid(datum.score_from)").mark_bar(opacity=1, fillOpacity=0.85).encode(
        alt.X("score_from:Q", title="Score", scale=scale, bin="binned", axis=alt.Axis(tickCount=8)),
        alt.X2("score_to:Q"),
        alt.Y("rows:Q", title="Rows", stack="zero", axis=alt.Axis(format="~s")),
        colours(pools, shown, alt.Legend()),
        order=alt.Order("rank:Q"),
        tooltip=["pool:N", *(alt.Tooltip(f"{n}:Q", format=".4g") for n in ("score_from", "score_to")), "rows:Q"],
    )  # fmt: skip
    rules = base.transform_filter("isValid(datum.edge)").mark_rule(strokeDash=[4, 3], color="currentColor")
    told = [alt.Tooltip("label:N"), alt.Tooltip("edge:Q", format=".5g")]
    chart = alt.layer(stacked, rules.encode(alt.X("edge:Q"), tooltip=told), data=table_data(table)).properties(
        height=240
    )
    return Figure("scores", TITLE, _caption(study, bars, out), chart, table)


def _range(finite: pl.DataFrame) -> tuple[float, float, int]:
    """The ends of the axis, and how many rows lie beyond them."""
    score, count = finite["score"].to_numpy(), finite["rows"].to_numpy()
    before = np.cumsum(count) / count.sum()
    ends = np.searchsorted(before, [_TAIL, 1 - _TAIL]).clip(max=score.size - 1)
    low, high = (float(score[end]) for end in ends)
    return low, high, int(count[(score < low) | (score > high)].sum())


def _caption(study: PoolStudy, bars: int, out: int) -> str:
    many = " of the first draw" if study.pools.draws > 1 else ""
    text = (
        f"Rows{many} by score in {bars} bars, in the colours of their buckets; bucket1 is the best, where scores are "
        f"{'high' if study.pools.keep == 'high' else 'low'}."
    )
    text += (
        " Buckets are cut within each group, so that their scores overlap."
        if study.pools.within_group
        else " Dashed: the last score of each bucket."
    )
    return text + (f" The outermost bars hold {out:,} rows with scores beyond them." if out else "")
