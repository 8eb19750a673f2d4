# What the rules on shards share: the plan of their jobs, and helpers.
from curation_scaling.study.shard_plan import ShardPlan, is_remote

PLAN = ShardPlan(STUDY)
WORK = PATHS.work
BATCHES = range(len(PLAN.ranges))
PASSES = "passes" if PLAN.at_once else None  # one job a pass: a chain that one submission runs


def fetched(shards):
    """The shards of a batch that have an address, as a storage plugin fetches them."""
    return [storage(shard) for shard in shards if is_remote(shard)]


def levels(selection, below):
    """The histograms of the levels above one."""
    return [WORK.level(selection, level, b) for level in range(below) for b in BATCHES]


def keys(stage, **identity):
    """The digest of the study's keys that a job depends on."""
    return stage_digest(STUDY, stage, **identity)
