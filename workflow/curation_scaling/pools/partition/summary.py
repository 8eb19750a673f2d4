"""The tables of a study of shards: edges, what became of every row (in all and by shard), and rows by score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.artifacts import EDGES, SUMMARY
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.ingest.batches import check_batches
from curation_scaling.pools.ledger import KEPT, Ledger, check_balance, read_json
from curation_scaling.pools.partition.tally import Tally
from curation_scaling.pools.select.bits import LANE, value_of
from curation_scaling.pools.select.histogram import merge
from curation_scaling.pools.select.stage import Selection, size_column
from curation_scaling.shard_artifacts import GROUP_EDGES, HISTOGRAM, LEDGER
from curation_scaling.store import inputs_digest, write
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import summary_keys
from curation_scaling.study.shard_plan import BUCKETS, ShardPlan


def summarise(study: PoolStudy, layout: Layout) -> None:
    """Write the tables, once every row that was read is accounted for.

    Raises:
        InputError: if a bucket is empty, or rows are missing.
    """
    plan, work, pools = ShardPlan(study), layout.work, study.pools
    batches = range(len(plan.ranges))
    paths = [work.read("rows", b) for b in range(len(plan.batches("rows")))]
    paths += [work.merged_counts(b) for b in batches] + [work.scored_counts(b) for b in batches if plan.two_steps]
    ledger, read = Ledger(), dict[int, int]()
    for path in paths:
        counts = read_json(path, study=study.study)
        read |= {int(shard): n for shard, n in counts.get("read", {}).items()}
        for outcome, by_shard in counts["dropped"].items():
            ledger.update(outcome, {int(shard): n for shard, n in by_shard.items()})
    check_balance(read, ledger, plan.tables["rows"])
    tallies = _tallies([read_json(work.tally(b), study=study.study)["buckets"] for b in batches], study)
    kept = sum(ledger.counts.get(KEPT, {}).values())
    if sum(tally.rows for tally in tallies) != kept:
        raise InputError(f"{kept} rows were scored, {sum(t.rows for t in tallies)} are in buckets; delete {work.root}")
    for name, tally in zip(pools.bucket_names, tallies, strict=True):
        if not tally.rows:
            key = "edges" if pools.edges is not None else "buckets" if pools.buckets is not None else "top"
            raise InputError(f"key pools.{key}: no row falls into {name}; change the edges around it")
    inputs = inputs_digest(summary_keys(study), *paths, *(work.tally(b) for b in batches))
    tables = [
        (layout.edges, EDGES, _edges(study, tallies)),
        (layout.summary, SUMMARY, _summary(study, read, ledger, tallies)),
        (layout.ledger, LEDGER, _by_shard(plan.tables["rows"], read, ledger)),
        (layout.histogram, HISTOGRAM, _histogram(study, layout)),
    ]
    if pools.within_group:
        tables.append((layout.group_edges, GROUP_EDGES, _group_edges(study, layout)))
    for target, schema, frame in tables:
        write(target, schema, frame, study=study.study, inputs=inputs)


def _tallies(records: list[list[dict[str, Any]]], study: PoolStudy) -> list[Tally]:
    tallies = [Tally.empty() for _ in study.pools.bucket_names]
    for batch in records:
        for tally, record in zip(tallies, batch, strict=True):
            tally.merge(Tally.of(record), study.pools.keep)
    return tallies


def _size(study: PoolStudy, tally: Tally) -> int:
    return (tally.tokens or 0) if size_column(study) else tally.rows


def _edges(study: PoolStudy, tallies: list[Tally]) -> pl.DataFrame:
    """One row a bucket; `ties` are the rows of all buckets that share the score of its last row."""
    rows, before, grouped = [], 0, study.pools.within_group
    for k, (name, tally) in enumerate(zip(study.pools.bucket_names, tallies, strict=True)):
        before += tally.rows
        ties = sum(_ties(other, tally.worst) for other in tallies)
        high, low = (None, None) if grouped or tally.last is None else tally.last
        scores = sorted(s for s in (tally.best, tally.worst) if s is not None)
        row = (0, k + 1, name, scores[0], scores[-1], high, low, before - 1, None if grouped else ties)
        rows.append((*row, tally.rows, _size(study, tally)))
    types = {c.name: pl.Int64 for c in EDGES.columns} | {"pool": pl.String, "draw": pl.Int32, "bucket": pl.Int32}
    types |= dict.fromkeys(("score_min", "score_max"), pl.Float64) | dict.fromkeys(
        ("cut_uid_hi", "cut_uid_lo"), pl.UInt64
    )
    return pl.DataFrame(rows, schema=types, orient="row")


def _group_edges(study: PoolStudy, layout: Layout) -> pl.DataFrame:
    """One row an end of a bucket in a group."""
    selection = Selection(study, layout, BUCKETS)
    groups = check_batches(layout, ShardPlan(study))[0]
    rows = [
        (groups[g], k + 1, name, value_of(cut.raw, selection.dtype), cut.before + cut.take, cut.ties, cut.take)
        for g, cuts in selection.exact_cuts().items()
        for k, (name, cut) in enumerate(zip(study.pools.bucket_names[:-1], cuts, strict=True))
    ]
    return pl.DataFrame(rows, schema=GROUP_EDGES.empty.schema, orient="row")


def _ties(tally: Tally, score: float | None) -> int:
    if tally.worst == score:
        return tally.worst_ties
    return tally.best_ties if tally.best == score else 0


def _summary(study: PoolStudy, read: dict[int, int], ledger: Ledger, tallies: list[Tally]) -> pl.DataFrame:
    source = ShardPlan(study).source
    sizes = [name for name in ("tokens", "bytes") if getattr(source, name) is not None]
    total = sum(_size(study, tally) for tally in tallies)
    rows: list[tuple[Any, ...]] = [("input", "read", sum(read.values()), total, *(None for _ in sizes))]
    for outcome, by_shard in ledger.counts.items():
        if outcome != KEPT:
            rows.append(("rejected", outcome, sum(by_shard.values()), 0, *(None for _ in sizes)))
    for name, tally in zip(study.pools.bucket_names, tallies, strict=True):
        rows.append(("kept", name, tally.rows, _size(study, tally), *(getattr(tally, s) for s in sizes)))
    types: dict[str, Any] = {"kind": pl.String, "outcome": pl.String}
    types |= dict.fromkeys(("rows", "size", *sizes), pl.Int64)
    return pl.DataFrame(rows, schema=types, orient="row").with_columns(draw=pl.lit(0, pl.Int32))


def _by_shard(shards: list[str], read: dict[int, int], ledger: Ledger) -> pl.DataFrame:
    names = _short(shards)
    rows = [(names[shard], "read", n) for shard, n in read.items()]
    for outcome, by_shard in ledger.counts.items():
        rows += [(names[shard], outcome, n) for shard, n in by_shard.items()]
    return pl.DataFrame(rows, schema={"shard": pl.String, "outcome": pl.String, "rows": pl.Int64}, orient="row")


def _short(shards: list[str]) -> list[str]:
    """The shards' names below the folder that holds them all: results do not say where data lie."""
    parts = [shard.split("/") for shard in shards]
    common = 0
    while all(len(p) > common + 1 and p[common] == parts[0][common] for p in parts):
        common += 1
    return ["/".join(p[common:]) for p in parts]


def _histogram(study: PoolStudy, layout: Layout) -> pl.DataFrame:
    """Rows by cell of the scores' top 16 bits: 128 cells an octave for float32, 16 for float64."""
    selection = Selection(study, layout, BUCKETS)
    table = merge(selection.tables(0))
    groups = check_batches(layout, ShardPlan(study))[0] if selection.grouped else []
    low, high = _bounds(table["cell"], selection.dtype)
    return pl.DataFrame(
        {
            "group": [groups[g] if groups else None for g in table["group"].tolist()],
            "score_low": low,
            "score_high": high,
            "rows": table["rows"].tolist(),
            "size": (table["size"] if size_column(study) else table["rows"]).tolist(),
        },
        schema_overrides={"group": pl.String},
    )


def _bounds(cells: NDArray[np.int64], dtype: np.dtype[Any]) -> tuple[list[float], list[float]]:
    """The lowest and the highest score that each cell can hold; infinities have cells of their own."""
    filler = (1 << (64 - LANE)) - 1
    pairs = [sorted(_finite(cell, dtype, filler)) for cell in cells.tolist()]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _finite(cell: int, dtype: np.dtype[Any], filler: int) -> Iterator[float]:
    start = value_of(cell << (64 - LANE), dtype)
    stop = value_of(cell << (64 - LANE) | filler, dtype)
    yield start
    yield start if np.isnan(stop) else stop
