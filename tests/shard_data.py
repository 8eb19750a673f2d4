"""Studies of shards for tests: their stages in order, without Snakemake, and small shards to read."""

from pathlib import Path
from typing import Any

import polars as pl

from curation_scaling.layout import Layout
from curation_scaling.pools.dedup.contents import find_repeats
from curation_scaling.pools.ingest.merge import merge_ranges
from curation_scaling.pools.ingest.stage import ingest_shards
from curation_scaling.pools.partition.pools import join_ranges, write_subset_pool, write_uids
from curation_scaling.pools.partition.stage import cut_ranges
from curation_scaling.pools.partition.summary import summarise
from curation_scaling.pools.score.ranks import build_ranks
from curation_scaling.pools.score.stage import score_ranges
from curation_scaling.pools.select.stage import count_level
from curation_scaling.study import parse_study
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_plan import BUCKETS, ShardPlan


def shards_study(folder: Path, pools: dict[str, Any] | None = None, **source: Any) -> PoolStudy:
    """A study of the Parquet files in a folder, with a score, in three parts of work and four of uids."""
    content: dict[str, Any] = {"study": "cut", "title": "Shards", "seed": 5, "data_root": str(folder)}
    content["unit"] = "tokens" if source.get("tokens") else "samples"
    plan = {"kind": "shards", "shards": ["."], "rows": 60, "rows_per_job": 20, "parts": 4, "id_form": "integer"}
    content["pools"] = {"source": plan | {"scores": {"clip": "clip"}} | source, **(pools or {"buckets": 3})}
    study = parse_study(content, "study.yaml")
    assert isinstance(study, PoolStudy)
    return study


def build(study: PoolStudy, root: Path) -> Layout:
    """Run every stage, as the workflow's rules would order them."""
    layout, plan = Layout(root), ShardPlan(study)
    batches = range(len(plan.ranges))
    for table in plan.tables:
        for b in range(len(plan.batches(table))):
            ingest_shards(study, layout, table, b)
    for b in batches:
        merge_ranges(study, layout, b)
    for item in plan.top_filters:
        select(study, layout, item.name)
    if plan.source.content:
        for b in batches:
            find_repeats(study, layout, b)
    for score in plan.ranked:
        build_ranks(study, layout, score)
    if plan.two_steps:
        for b in batches:
            score_ranges(study, layout, b)
    if not plan.at_once:
        select(study, layout, BUCKETS)
    for b in batches:
        cut_ranges(study, layout, b)
    for pool in study.pools.joined:
        for b in batches:
            join_ranges(study, layout, pool, b)
    for pool in study.pools.subsets:
        write_subset_pool(study, layout, pool)
    for pool in plan.pool_batches:
        write_uids(study, layout, pool)
    summarise(study, layout)
    return layout


def select(study: PoolStudy, layout: Layout, name: str) -> None:
    """All passes of one selection."""
    plan = ShardPlan(study)
    for level in range(plan.levels(name)):
        for b in range(len(plan.ranges)):
            count_level(study, layout, name, level, b)


def manifest(study: PoolStudy, layout: Layout, pool: str) -> pl.DataFrame:
    """All parts of a pool, one below the other."""
    return pl.concat([pl.read_parquet(layout.part(pool, p)) for p in range(ShardPlan(study).parts)])


def artifacts(layout: Layout) -> dict[str, bytes]:
    """The bytes of everything that results hold, without the work between."""
    files = (p for p in layout.root.rglob("*") if p.is_file() and "_work" not in p.parts)
    return {str(p.relative_to(layout.root)): p.read_bytes() for p in files}
