"""The report of a study that ends at its pools: what became of every row, the buckets' edges, rows by score."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling import __version__
from curation_scaling.artifacts import EDGES, SUMMARY
from curation_scaling.layout import Layout
from curation_scaling.report.environment import write_provenance
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.markup import join
from curation_scaling.report.page import Section, figures_markup, render
from curation_scaling.report.provenance import artifact_table, study_file
from curation_scaling.report.tables import edges_table, outcomes_table
from curation_scaling.report.wording import plural
from curation_scaling.shard_artifacts import HISTOGRAM, LEDGER
from curation_scaling.store import read, write_bytes
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shards import ShardsSource

BARS = 100


def build_pool_report(study: PoolStudy, layout: Layout) -> None:
    """Write `report.html` and `answer.txt` from the tables of the pools.

    Raises:
        InputError: if an artifact is missing, damaged, or of another study.
    """
    edges = read(layout.edges, EDGES, study=study.study)
    summary = read(layout.summary, SUMMARY, study=study.study)
    paths = [layout.edges, layout.summary]
    sections = [Section("pools", "The pools", join([outcomes_table(study, summary), edges_table(study, edges)]))]
    if isinstance(study.pools.source, ShardsSource):
        paths += [layout.histogram, layout.ledger]
        read(layout.ledger, LEDGER, study=study.study)
        figure = histogram_figure(study, read(layout.histogram, HISTOGRAM, study=study.study), edges)
        sections.append(Section("figures", "Figures", figures_markup([figure], {})))
    artifacts = artifact_table(layout.root, paths)
    sections.append(Section("provenance", "Provenance", join([artifacts, study_file(study)])))
    subtitle = f"Study {study.study}: {plural(len(study.pools.members), 'pool')}, no runs yet."
    write_provenance(study, layout)
    write_bytes(layout.answer, words(study, edges, summary).encode())
    write_bytes(layout.report, render(study.title, subtitle, sections, f"curation-scaling {__version__}"))


def words(study: PoolStudy, edges: pl.DataFrame, summary: pl.DataFrame) -> str:
    """The pools as plain text: what was read, what was dropped and why, and each bucket."""
    draws = summary["draw"].n_unique()
    lines = [f"{study.title}{f' (the first of {draws} draws)' if draws > 1 else ''}", ""]
    for kind, verb in (("input", "read"), ("rejected", "dropped as"), ("held_out", "held out as")):
        for row in summary.filter(draw=0, kind=kind).sort("rows", descending=True).iter_rows(named=True):
            lines.append(f"- {row['rows']} rows {verb}{'' if kind == 'input' else ' ' + row['outcome']}")
    lines.append("")
    for row in edges.filter(draw=0).iter_rows(named=True):
        held = f"{row['rows']} rows" + (f", {row['size']} {study.unit}" if study.unit != "samples" else "")
        lines.append(f"- {row['pool']}: {held}, scores {row['score_min']:.7g} to {row['score_max']:.7g}")
    return "\n".join(lines) + "\n"


def histogram_figure(study: PoolStudy, histogram: pl.DataFrame, edges: pl.DataFrame) -> Figure:
    """Rows by score, in bars of equal width, with the edges of the buckets."""
    title = "Rows by score"
    cells = histogram.filter(pl.col("score_low").is_finite() & pl.col("score_high").is_finite())
    if cells.is_empty():
        return Figure("scores", title, "No score is finite.", None, pl.DataFrame())
    # Cells are fine on the scale of exponents: those of a few rows far out would squeeze all others.
    low, high = cells["score_low"].min(), cells["score_high"].max()
    assert isinstance(low, float)
    assert isinstance(high, float)
    width = (high - low) / BARS or 1.0
    middle = (pl.col("score_low") / 2 + pl.col("score_high") / 2 - low) / width
    table = (
        cells.group_by(bar=middle.floor().cast(pl.Int64).clip(0, BARS - 1))
        .agg(pl.sum("rows"))
        .sort("bar")
        .select(score=low + (pl.col("bar") + 0.5) * width, rows="rows", edge=pl.lit(None, pl.Float64))
    )
    good = study.pools.keep == "high"
    inner = edges.filter(draw=0).sort("bucket")["score_min" if good else "score_max"].to_list()[:-1]
    lines = pl.DataFrame({"edge": [e for e in inner if low <= e <= high]}, schema={"edge": pl.Float64})
    table = pl.concat([table, lines], how="diagonal")
    base = alt.Chart()
    bars = base.transform_filter("datum.score != null").mark_bar(opacity=0.7).encode(
        alt.X("score:Q", title="Score", scale=alt.Scale(zero=False)),
        alt.Y("rows:Q", title="Rows"),
        tooltip=["score:Q", "rows:Q"],
    )  # fmt: skip
    rules = base.transform_filter("datum.edge != null").mark_rule(strokeDash=[4, 3]).encode(alt.X("edge:Q"))
    chart = alt.layer(bars, rules, data=table_data(table))
    caption = f"Rows that were cut, in {BARS} bars over all finite scores; dashed: the last score of each bucket."
    return Figure("scores", title, caption, chart, table)
