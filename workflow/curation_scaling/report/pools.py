"""The report of a study that ends at its pools: what became of every row, the buckets' edges, rows by score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from curation_scaling import __version__
from curation_scaling.artifacts import EDGES, SUMMARY
from curation_scaling.layout import Layout
from curation_scaling.report.charts.outcomes import outcomes_figure
from curation_scaling.report.charts.scores import buckets_figure, histogram_figure
from curation_scaling.report.environment import write_provenance
from curation_scaling.report.figure import write_figures
from curation_scaling.report.markup import Markup, join, table
from curation_scaling.report.page import Gallery, Section, render
from curation_scaling.report.provenance import artifact_table, study_file
from curation_scaling.report.results import read_scored
from curation_scaling.report.tables import edges_table, outcomes_table
from curation_scaling.report.wording import count, plural
from curation_scaling.store import read, write_bytes
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shards import ShardsSource


def build_pool_report(study: PoolStudy, layout: Layout) -> None:
    """Write `report.html` and `answer.txt` from the tables of the pools.

    Raises:
        InputError: if an artifact is missing, damaged, or of another study.
    """
    edges = read(layout.edges, EDGES, study=study.study)
    summary = read(layout.summary, SUMMARY, study=study.study)
    shards = isinstance(study.pools.source, ShardsSource)
    paths = [layout.edges, layout.summary, *([layout.histogram, layout.ledger] if shards else [])]
    if shards and study.pools.within_group:
        paths.append(layout.group_edges)
    draw = histogram_figure if shards else buckets_figure
    figures = [draw(study, list(study.pools.members), read_scored(study, layout), edges), outcomes_figure(summary)]
    write_figures(figures, layout)
    gallery = Gallery(figures)
    lead = "What to train on, what became of every row of the source, and where the buckets end."
    content = [
        _files_table(study, layout, edges),
        gallery.show("outcomes"),
        outcomes_table(study, summary),
        gallery.show("scores"),
        edges_table(study, edges),
    ]
    sections = [
        Section("pools", "The pools", join(content), lead),
        Section("provenance", "Provenance", join([artifact_table(layout.root, study.study, paths), study_file(study)])),
    ]
    subtitle = f"Study {study.study}: {plural(len(study.pools.members), 'pool')}, no runs yet."
    write_provenance(study, layout)
    write_bytes(layout.answer, words(study, edges, summary).encode())
    write_bytes(layout.report, render(study.title, subtitle, sections, f"curation-scaling {__version__}"))


def words(study: PoolStudy, edges: pl.DataFrame, summary: pl.DataFrame) -> str:
    """The pools as plain text: what was read, what was dropped and why, each bucket, and what joins some."""
    draws = summary["draw"].n_unique()
    lines = [f"{study.title}{f' (the first of {draws} draws)' if draws > 1 else ''}", ""]
    for kind, verb in (("input", "read"), ("rejected", "dropped as"), ("held_out", "held out as")):
        happened = summary.filter(pl.col("rows") > 0, draw=0, kind=kind)
        for row in happened.sort("rows", "outcome", descending=[True, False]).iter_rows(named=True):
            lines.append(f"- {row['rows']} rows {verb}{'' if kind == 'input' else ' ' + row['outcome']}")
    lines.append("")
    first = edges.filter(draw=0)
    for row in first.iter_rows(named=True):
        lines.append(f"- {row['pool']}: {_held(study, row)}, scores {row['score_min']:.7g} to {row['score_max']:.7g}")
    for pool, members in study.pools.joined.items():
        held = first.filter(pl.col("pool").is_in(members)).select(pl.sum("rows", "size")).row(0, named=True)
        lines.append(f"- {pool}: {_held(study, held)}, {' + '.join(members)}")
    return "\n".join(lines) + "\n"


def _held(study: PoolStudy, row: dict[str, Any]) -> str:
    return f"{row['rows']} rows" + (f", {row['size']} {study.unit}" if study.unit != "samples" else "")


def _files_table(study: PoolStudy, layout: Layout, edges: pl.DataFrame) -> Markup:
    """Each pool with what it joins, its rows in the first draw, and the files to train on."""
    first = dict(edges.filter(draw=0).select("pool", "rows").iter_rows())
    shards = isinstance(study.pools.source, ShardsSource)
    rows = [
        [
            pool,
            "–" if members == [pool] else " + ".join(members),
            count(sum(first[member] for member in members)),
            _below(layout, layout.parts(pool) if shards else layout.pool(pool, 0)),
            _below(layout, layout.whole_subset(pool) if shards else layout.subset(pool, 0)),
        ]
        for pool, members in study.pools.members.items()
    ]
    rows += [
        [
            pool,
            f"a random part of {subset.of}",
            "–",
            *(_below(layout, p) for p in (layout.parts(pool), layout.whole_subset(pool))),
        ]
        for pool, subset in study.pools.subsets.items()
    ]
    draws = ", of the first draw" if study.pools.draws > 1 else ""
    headers = ["Pool", "Joins", "Rows", "Manifest", "DataComp subset file"]
    return table(f"The files to train on{draws}, beside this report", headers, rows, words=(0, 1, 3, 4))


def _below(layout: Layout, path: Path) -> str:
    return path.relative_to(layout.root).as_posix()
