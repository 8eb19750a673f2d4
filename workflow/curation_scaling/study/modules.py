"""Which modules compute each stage: the stage's own, and the source, score or trainer that the study chose."""

from __future__ import annotations

from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.runs import Train

_SCORES = {"sharpness": "sharpness", "ngram_cross_entropy": "ngram"}
_STAGES = {
    "buckets": "pools.cut",
    "union": "pools.unions",
    "pruned": "ranking.pruned",
    "pools": "pools.collect",
    "runs": "runs.collect",
    "laws": "laws.stage",
    "regimes": "laws.regimes.pools",
    "frontier": "frontier.stage",
    "published": "frontier.published",
    "report": "report.stage",
    "pool-report": "report.pools",
    "shards-generate": "pools.ingest.synthetic",
    "shards-ingest": "pools.ingest.stage",
    "shards-merge": "pools.ingest.merge",
    "shards-repeats": "pools.dedup.contents",
    "shards-ranks": "pools.score.ranks",
    "shards-score": "pools.score.stage",
    "shards-level": "pools.select.stage",
    "shards-cut": "pools.partition.stage",
    "shards-join": "pools.partition.pools",
    "shards-uids": "pools.partition.pools",
    "shards-subset": "pools.partition.pools",
    "shards-summary": "pools.partition.summary",
    "rank": "ranking.stage",
    "prune": "ranking.stage",
    "prune-train": "runs.prune",
    "pruning": "frontier.pruning",
}


def stage_modules(study: PoolStudy, stage: str) -> list[str]:
    """Modules of this package, by their dotted names below it."""
    if stage == "samples":
        score = study.pools.score
        chosen = [f"pools.sources.{study.pools.source.kind}"]
        return ["pools.samples", *chosen, *([f"pools.scores.{_SCORES[score.kind]}"] if score else [])]
    if stage == "task":
        assert isinstance(study, Study)
        assert study.pruning is not None
        return ["ranking.task", f"pools.sources.{study.pruning.task.kind}"]
    if stage == "train":
        assert isinstance(study, Study)
        assert isinstance(study.runs, Train)
        return ["runs.train", f"runs.trainers.{study.runs.trainer.kind}"]
    return [_STAGES[stage]]
