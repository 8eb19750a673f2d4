"""The second stage: take one draw of the samples and cut it into the buckets' manifests."""

from __future__ import annotations

import polars as pl

from curation_scaling.artifacts import EDGES, POOL, SAMPLES, SUMMARY
from curation_scaling.layout import Layout
from curation_scaling.pools.buckets import cut_buckets
from curation_scaling.pools.draws import draw_samples
from curation_scaling.pools.ledger import read_json
from curation_scaling.pools.sources.source import POOL as POOL_ROLE
from curation_scaling.pools.subset import write_subset
from curation_scaling.seeds import derive_seed
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import PoolStudy
from curation_scaling.study.keys import buckets_keys


def build_buckets(study: PoolStudy, layout: Layout, draw: int) -> None:
    """Take one draw, cut it, and write a manifest and a subset file per bucket, the edges and the summary."""
    pools = study.pools
    samples = read(layout.samples, SAMPLES, study=study.study)
    keys = buckets_keys(study, draw)
    inputs = inputs_digest(keys, layout.samples)
    pool = samples.filter(pl.col("role") == POOL_ROLE).select("uid_hi", "uid_lo", "group", "size", "score")
    scored = pool.filter(pl.col("score").is_finite())
    drawn = scored
    if pools.sample is not None:
        seed = derive_seed(study.seed, "draw", draw)
        drawn = draw_samples(scored, size=pools.sample.size, stratify=pools.sample.stratify, seed=seed)
    cut, edges = cut_buckets(
        drawn, keep=pools.keep, within_group=pools.within_group, buckets=pools.buckets, edges=pools.edges
    )
    for i, name in enumerate(pools.bucket_names):
        part = cut.filter(pl.col("bucket") == i + 1)
        write_subset(layout.subset(name, draw), part)
        write(layout.pool(name, draw), POOL, part, study=study.study, inputs=inputs)
    edges = edges.with_columns(draw=pl.lit(draw, pl.Int32), pool=pl.Series(pools.bucket_names))
    write(layout.edges_of(draw), EDGES, edges, study=study.study, inputs=inputs)
    summary = _summarise(samples, scored, drawn, cut, pools.bucket_names, layout, study.study)
    summary = summary.with_columns(draw=pl.lit(draw, pl.Int32))
    write(layout.summary_of(draw), SUMMARY, summary, study=study.study, inputs=inputs)


def _summarise(
    samples: pl.DataFrame,
    scored: pl.DataFrame,
    drawn: pl.DataFrame,
    cut: pl.DataFrame,
    names: list[str],
    layout: Layout,
    study: str,
) -> pl.DataFrame:
    """Every row that the source read ends in exactly one outcome; rows the source dropped have no size."""
    counts: dict[str, int] = read_json(layout.source_counts, study=study)["counts"]

    def size(frame: pl.DataFrame) -> int:
        return int(frame.select(pl.col("size").sum()).item())

    rows = [("input", "read", counts["read"], size(samples))]
    rows += [("rejected", reason, n, 0) for reason, n in counts.items() if reason not in ("read", "kept")]
    for role in ("reference", "test"):
        part = samples.filter(pl.col("role") == role)
        if part.height:
            rows.append(("held_out", role, part.height, size(part)))
    pool = samples.filter(pl.col("role") == POOL_ROLE)
    lost = pool.height - scored.height
    rows.append(("rejected", "unscored", lost, size(pool) - size(scored)))
    rows.append(("held_out", "not_drawn", scored.height - drawn.height, size(scored) - size(drawn)))
    for i, name in enumerate(names):
        part = cut.filter(pl.col("bucket") == i + 1)
        rows.append(("kept", name, part.height, size(part)))
    total = sum(r[2] for r in rows[1:])
    if total != counts["read"]:
        raise AssertionError(f"{counts['read']} rows were read, {total} are accounted for")
    return pl.DataFrame(rows, schema=["kind", "outcome", "rows", "size"], orient="row")
