"""What each stage depends on: the study's keys that change its result, and nothing else.

Paths, resources, titles, the list of other pools and the number of draws do not enter, so that a study can grow without
running again what it has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from curation_scaling.study import shard_keys
from curation_scaling.study.base import Part
from curation_scaling.study.files import DataFile
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pools import DeclaredSource, DocstringSource, ImageSource, TableSource
from curation_scaling.study.pruning import ChunkTask, ImageTask, Pruning, cells_of
from curation_scaling.study.runs import CommandTrainer, Import, Train

# How a thing is fetched, where it lies and what it may use do not change what it is; files enter by their bytes.
_NOT_CONTENT: dict[type[Part], set[str]] = {
    ImageSource: {"folder", "download"},
    ImageTask: {"folder", "download"},
    TableSource: {"files"},
    DataFile: {"path", "url"},
    CommandTrainer: {"cpus", "mem_mb", "gpus", "minutes", "inputs"},
}


def samples_keys(study: PoolStudy) -> dict[str, Any]:
    """The source and the score, with the versions of the packages that they read."""
    source = study.pools.source
    read: dict[str, str] = {}
    if isinstance(source, DocstringSource):
        from curation_scaling.pools.sources.installed import versions

        read = versions([*source.target, *source.other, *source.code])
    elif isinstance(source, ImageSource) and source.dataset == "digits":
        read = {"scikit-learn": version("scikit-learn")}
    return {
        "seed": study.seed,
        "source": _content(source),
        "score": _content(study.pools.score),
        "versions": read,
    }


def buckets_keys(study: PoolStudy, draw: int) -> dict[str, Any]:
    """How a draw is taken and cut."""
    keys = study.pools.model_dump(mode="json", include={"keep", "within_group", "sample", "buckets", "edges"})
    return {"seed": study.seed, "draw": draw, **keys}


def union_keys(study: PoolStudy, pool: str, draw: int) -> dict[str, Any]:
    """The members of a union."""
    return {"pool": pool, "draw": draw, "members": study.pools.members[pool]}


def pruned_keys(study: PoolStudy, draw: int) -> dict[str, Any]:
    """What each pruned pool of a draw keeps, and the scorer where one ranks it."""
    pruned = study.pools.pruned
    scored = any(pool.trains_scorer or pool.dynamics is not None for pool in pruned.values())
    return {
        "seed": study.seed,
        "draw": draw,
        "keep": study.pools.keep,
        "pruned": {name: _content(pool) for name, pool in pruned.items()},
        "scorer": _content(study.pools.scorer) if scored else None,
        "versions": {p: version(p) for p in ("numpy", "scikit-learn")} if scored else {},
    }


def pools_keys(study: PoolStudy) -> dict[str, Any]:
    """Which draws there are."""
    return {"draws": study.pools.draws}


def train_keys(study: Study, pool: str, draw: int, seed: int) -> dict[str, Any]:
    """One run's identity, its trainer and its checkpoints."""
    assert isinstance(study.runs, Train)
    trainer = study.runs.trainer
    packages = [] if isinstance(trainer, CommandTrainer) else ["numpy", "scikit-learn"]
    return {
        "identity": [study.seed, pool, draw, seed],
        "unit": study.unit,
        "members": study.pools.members[pool],
        "trainer": _content(trainer),
        "checkpoints": study.runs.checkpoints,
        "versions": {p: version(p) for p in packages},
    }


def import_keys(study: Study) -> dict[str, Any]:
    """How results are mapped to runs."""
    assert isinstance(study.runs, Import)
    return {
        "unit": study.unit,
        "runs": _content(study.runs),
        "sizes": study.pools.model_dump(mode="json", include={"source", "unions"}),
    }


def runs_keys(study: Study) -> dict[str, Any]:
    """Which runs belong to the study."""
    runs = study.runs
    if isinstance(runs, Import):
        return {}
    return {"pools": study.trained_pools, "draws": study.pools.draws, "seeds": runs.seeds}


def _laws(study: Study) -> dict[str, Any]:
    """The key `laws`; what was added later enters where it is used, so that older results stay what they are."""
    later = {"trials": None, "noise": None, "odd_curves": "leave_out", "metric": None}
    content = study.laws.model_dump(mode="json")
    return {name: value for name, value in content.items() if name not in later or value != later[name]}


def laws_keys(study: Study) -> dict[str, Any]:
    """The laws, and which pools are buckets and unions."""
    source = study.pools.source
    return {
        "seed": study.seed,
        "laws": _laws(study),
        "members": study.pools.members,
        "pruned": list(study.pools.pruned),
        "candidates": study.candidates,
        "overlapping": source.overlapping if isinstance(source, DeclaredSource) else [],
    }


def regimes_keys(study: Study) -> dict[str, Any]:
    """How the regimes of pools are judged; the embeddings enter by their bytes."""
    assert study.regimes is not None
    return {
        "seed": study.seed,
        "regimes": _content(study.regimes),
        "laws": _laws(study),
        "pools": study.pools.fitted_names,
        "versions": {p: version(p) for p in ("numpy", "scikit-learn")},
    }


def frontier_keys(study: Study) -> dict[str, Any]:
    """The budgets and the candidates."""
    return {
        "frontier": study.frontier.model_dump(mode="json"),
        "candidates": {name: study.pools.members[name] for name in study.candidates},
        "buckets": study.pools.bucket_names,
        "pruned": {name: study.pools.pruned[name].metric for name in study.pools.pruned},
        "apart": [name for name in study.pools.bucket_names if name not in study.pools.candidates],
        "laws": _laws(study),
        "unit": study.unit,
    }


def task_keys(study: Study) -> dict[str, Any]:
    """The labelled task of the pruning part, with the versions of the packages that it reads."""
    task, read = _pruning(study).task, {"scikit-learn": version("scikit-learn"), "numpy": version("numpy")}
    if isinstance(task, ChunkTask):
        from curation_scaling.pools.sources.installed import versions

        read |= versions(task.packages)
    return {"seed": study.seed, "part": study.pruning and study.pruning.seed, "task": _content(task), "versions": read}


def rank_keys(study: Study) -> dict[str, Any]:
    """The scorer, the metrics and the fractions at which kept sets are compared."""
    pruning = _pruning(study)
    keys = {"scorer": _content(pruning.scorer), "metrics": pruning.all_metrics, "fractions": pruning.fractions}
    return {"seed": [study.seed, pruning.seed], "versions": version("scikit-learn")} | keys


def prune_keys(study: Study, draw: int, size: int) -> dict[str, Any]:
    """One draw of one initial size, and what is kept of it."""
    pruning = _pruning(study)
    cells = [cell.model_dump(mode="json") for cell in cells_of(pruning, size)]
    scorer = _content(pruning.scorer) if any(cell["saw"] == "sample" for cell in cells) else None
    return {"seed": [study.seed, pruning.seed], "identity": [draw, size], "cells": cells, "scorer": scorer}


def prune_train_keys(study: Study, draw: int, size: int) -> dict[str, Any]:
    """The trainings on the pruned pools of one draw and initial size."""
    pruning = _pruning(study)
    return {
        "seed": [study.seed, pruning.seed],
        "identity": [draw, size],
        "pools": [cell.pool for cell in cells_of(pruning, size)],
        "trainer": _content(pruning.trainer),
        "checkpoints": pruning.checkpoints,
        "versions": {p: version(p) for p in ("numpy", "scikit-learn")},
    }


def pruning_keys(study: Study) -> dict[str, Any]:
    """The laws of the pruned pools: which cells there are, and how they are compared."""
    pruning = _pruning(study)
    keys = pruning.model_dump(mode="json", include={"sets", "sizes", "draws", "checkpoints", "bootstrap", "level"})
    return {"seed": [study.seed, pruning.seed], **keys}


def _pruning(study: Study) -> Pruning:
    assert study.pruning is not None
    return study.pruning


def published_keys(study: Study) -> dict[str, Any]:
    """A paper's numbers, and what they are compared with."""
    published = study.published.model_dump(mode="json") if study.published is not None else {}
    return {"published": published, "laws": _laws(study), **frontier_keys(study)}


def report_keys(study: Study) -> dict[str, Any]:
    """The whole study: the report shows it."""
    return study.model_dump(mode="json", exclude={"data_root"})


def _content(value: Any) -> Any:
    if isinstance(value, Part):
        out = _NOT_CONTENT.get(type(value), set())
        return {name: _content(getattr(value, name)) for name in type(value).model_fields if name not in out}
    return [_content(v) for v in value] if isinstance(value, list) else value


_KEYS: dict[str, Callable[..., dict[str, Any]]] = {
    "samples": samples_keys,
    "buckets": buckets_keys,
    "union": union_keys,
    "pruned": pruned_keys,
    "pools": pools_keys,
    "train": train_keys,
    "laws": laws_keys,
    "regimes": regimes_keys,
    "frontier": frontier_keys,
    "task": task_keys,
    "rank": rank_keys,
    "prune": prune_keys,
    "prune-train": prune_train_keys,
    "pruning": pruning_keys,
    "published": published_keys,
    "report": report_keys,
    "pool-report": shard_keys.pool_report_keys,
    "shards-generate": shard_keys.generate_keys,
    "shards-ingest": shard_keys.ingest_keys,
    "shards-merge": shard_keys.score_keys,
    "shards-repeats": shard_keys.score_keys,
    "shards-ranks": shard_keys.score_keys,
    "shards-score": shard_keys.score_keys,
    "shards-level": shard_keys.level_keys,
    "shards-cut": shard_keys.cut_keys,
    "shards-join": shard_keys.join_keys,
    "shards-uids": shard_keys.uids_keys,
    "shards-subset": shard_keys.subset_keys,
    "shards-summary": shard_keys.summary_keys,
}


def stage_digest(study: PoolStudy, stage: str, **identity: Any) -> str:
    """Digest of the keys of one job; the workflow's rules carry it, so that a changed key runs the job again."""
    if stage == "runs" and isinstance(study, Study):
        keys = runs_keys(study) if isinstance(study.runs, Train) else import_keys(study)
    else:
        keys = _KEYS[stage](study, **identity)
    text = json.dumps(keys, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
