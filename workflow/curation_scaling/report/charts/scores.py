"""Rows by score, in the colours of their buckets, with the scores at which buckets end."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.laws.fit import Array
from curation_scaling.report.charts.axes import SHORT_NUMBER
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, colours
from curation_scaling.report.wording import readable
from curation_scaling.study import PoolStudy
from curation_scaling.study.pools import TableSource
from curation_scaling.study.shards import ShardsSource

TITLE = "Scores of the pool and where its buckets end"
BARS = 80  # at most
_HEADROOM = 1.45  # of the tallest bar, where names stand above the bars
_TAIL = 0.001  # share of the rows beyond each end of the axis: they are counted in its last bar


def buckets_figure(study: PoolStudy, pools: Sequence[str], rows: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    """From the rows of the buckets of the first draw (pool, score): stacked bars, a colour a bucket."""
    finite = rows.filter(pl.col("score").is_finite())
    if finite.is_empty():
        return Figure("scores", TITLE, "No score is finite.", None, pl.DataFrame())
    score = finite["score"].to_numpy()
    low, high = (float(end) for end in np.quantile(score, [_TAIL, 1 - _TAIL], method="nearest"))
    walls = _walls(low, high, score.size)
    bar = (np.searchsorted(walls, score, side="right") - 1).clip(0, len(walls) - 2)
    bars = (
        finite.with_columns(score_from=pl.Series(walls[bar]), score_to=pl.Series(walls[bar + 1]))
        .group_by("pool", "score_from", "score_to")
        .agg(rows=pl.len().cast(pl.Float64))
    )
    out = int(((score < low) | (score > high)).sum())
    return _figure(study, pools, bars, walls, _ends(study, edges), out)


def histogram_figure(study: PoolStudy, pools: Sequence[str], histogram: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    """From the histogram of shards (score_low, score_high, rows), whose rows are spread evenly over their cell."""
    cells = histogram.filter(pl.col("score_low").is_finite() & pl.col("score_high").is_finite())
    cells = cells.group_by("score_low", "score_high").agg(pl.sum("rows")).sort("score_low")
    if cells.is_empty():
        return Figure("scores", TITLE, "No score is finite.", None, pl.DataFrame())
    count = cells["rows"].to_numpy()
    below = np.concatenate([[0], np.cumsum(count)])
    at = np.stack([cells["score_low"].to_numpy(), cells["score_high"].to_numpy()], axis=1).ravel()
    cumulated = np.stack([below[:-1], below[1:]], axis=1).ravel()
    low, high = (float(np.interp(share * below[-1], cumulated, at)) for share in (_TAIL, 1 - _TAIL))
    walls, ends = _walls(low, high, int(below[-1])), _ends(study, edges)
    parts = np.unique(np.concatenate([walls, ends["edge"].to_numpy()]))
    parts = parts[(parts >= low) & (parts <= high)]
    rows = np.diff(np.interp(parts, at, cumulated))
    rows[0] += np.interp(low, at, cumulated)
    rows[-1] += below[-1] - np.interp(high, at, cumulated)
    middle = (parts[1:] + parts[:-1]) / 2
    # Best first: a score belongs to the first bucket whose last score it does not fall behind.
    sign = -1 if study.pools.keep == "high" else 1
    names = [*ends["pool"], edges.filter(draw=0).sort("bucket")["pool"][-1]]
    bucket = np.searchsorted(sign * ends["edge"].to_numpy(), sign * middle)
    bar = (np.searchsorted(walls, middle, side="right") - 1).clip(0, len(walls) - 2)
    bars = (
        pl.DataFrame(
            {
                "pool": ["all rows"] * len(rows) if study.pools.within_group else [names[b] for b in bucket],
                "score_from": walls[bar],
                "score_to": walls[bar + 1],
                "rows": rows,
            }
        )
        .group_by("pool", "score_from", "score_to")
        .agg(pl.sum("rows"))
    )
    out = round(2 * _TAIL * int(below[-1]))
    return _figure(study, pools, bars, walls, ends, out)


def _walls(low: float, high: float, rows: int) -> Array:
    """Where bars begin and end: fewer bars of few rows."""
    bars = int(np.clip(2 * rows**0.5, 12, BARS))
    return np.linspace(low, high if high > low else low + 1, bars + 1)


def _ends(study: PoolStudy, edges: pl.DataFrame) -> pl.DataFrame:
    """The last score of each bucket but the last, best first."""
    last = "score_min" if study.pools.keep == "high" else "score_max"
    return edges.filter(draw=0).sort("bucket").select("pool", edge=last)[:-1]


def _figure(
    study: PoolStudy, pools: Sequence[str], bars: pl.DataFrame, walls: Array, ends: pl.DataFrame, out: int
) -> Figure:
    low, high = float(walls[0]), float(walls[-1])
    # Cut within groups, a bucket has no last score of its own.
    lines = ends.clear() if study.pools.within_group else ends.filter(pl.col("edge").is_between(low, high))
    order = {name: i for i, name in enumerate(pools)}
    table = pl.concat(
        [
            bars.with_columns(rank=pl.col("pool").replace_strict(order, default=len(order), return_dtype=pl.Int64)),
            lines.select("edge", label=pl.format("end of {}", "pool")),
        ],
        how="diagonal",
    ).sort("score_from", "rank", "edge")
    shown = bars["pool"].unique().to_list()
    colour = colours(pools, shown, alt.Legend()) if set(shown) <= set(pools) else alt.value("gray")
    named = len(shown) > len(OKABE_ITO)  # colours come twice: the ends are named, above the bars
    tallest = bars.group_by("score_from").agg(pl.sum("rows"))["rows"].max()
    height = alt.Scale(domain=[0, _HEADROOM * float(tallest)], nice=False) if named else alt.Undefined  # type: ignore[arg-type]
    base, scale = alt.Chart(), alt.Scale(domain=[low, high], nice=False)
    stacked = base.transform_filter("isValid(datum.score_from)").mark_bar(opacity=1, fillOpacity=0.85).encode(
        alt.X("score_from:Q", title=_name(study), scale=scale, bin="binned", axis=alt.Axis(tickCount=8)),
        alt.X2("score_to:Q"),
        alt.Y("rows:Q", title="Rows", stack="zero", scale=height, axis=alt.Axis(labelExpr=SHORT_NUMBER)),
        color=colour,
        order=alt.Order("rank:Q"),
        tooltip=[
            "pool:N", *(alt.Tooltip(f"{n}:Q", format=".4g") for n in ("score_from", "score_to")),
            alt.Tooltip("rows:Q", format=",.0f"),
        ],
    )  # fmt: skip
    rules = base.transform_filter("isValid(datum.edge)").mark_rule(strokeDash=[4, 3], color="currentColor")
    told = [alt.Tooltip("label:N"), alt.Tooltip("edge:Q", format=".5g")]
    layers = [stacked, rules.encode(alt.X("edge:Q"), tooltip=told)]
    if named:
        layers.append(
            rules.mark_text(angle=270, align="right", dy=-5, fontSize=9, color="currentColor").encode(
                alt.X("edge:Q"), alt.Y(value=0), text="label:N"
            )
        )
    chart = alt.layer(*layers, data=table_data(table))
    return Figure("scores", TITLE, _caption(study, len(walls) - 1, out), chart.properties(height=240), table)


def _name(study: PoolStudy) -> str:
    """What the axis shows: the column of a table, or the score that a study or its shards compute."""
    source, score = study.pools.source, study.pools.score
    if isinstance(source, TableSource):
        return f"Score: {source.score}"
    if isinstance(source, ShardsSource) and len(source.scores) == 1 and not source.attach and source.combine is None:
        return f"Score: {next(iter(source.scores.values()))}"
    return "Score" if score is None else f"Score: {readable(score.kind)}"


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
    return text + (f" The outermost bars hold about {out:,} rows with scores beyond them." if out else "")
