"""Which jobs each stage that cuts shards has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from curation_scaling.errors import InputError
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_plan import BUCKETS, ShardPlan
from curation_scaling.study.shards import ShardsSource


def shard_jobs(study: PoolStudy, stage: str, identity: Mapping[str, str | int]) -> Mapping[str, Collection[str | int]]:
    """The choices for each part of a job's identity.

    Raises:
        InputError: if the study's source are no shards.
    """
    if not isinstance(study.pools.source, ShardsSource):
        raise InputError(f"study {study.study} has no shards: it has no stage {stage}")
    plan = ShardPlan(study)
    batches: Collection[str | int] = range(len(plan.ranges))
    if stage == "shards-ingest":
        table = str(identity["table"])
        batches = range(len(plan.batches(table))) if table in plan.tables else []
    pools = list(plan.pool_batches)
    if stage in ("shards-join", "shards-subset"):
        pools = list(study.pools.joined if stage == "shards-join" else study.pools.subsets)
    selections = [BUCKETS, *(f.name for f in plan.top_filters)]
    return {
        "shard": range(plan.source.generate or 0),
        "table": list(plan.tables),
        "batch": batches,
        "pool": pools,
        "score": plan.ranked,
        "select": selections,
        "level": range(plan.lanes),
    }
