"""The stage that prunes each draw of a study's own pool: pools to train on, to fit and to compare with its buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.artifacts import POOL, SAMPLES
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.source import TEST
from curation_scaling.pools.subset import write_subset
from curation_scaling.ranking.dynamics import Dynamics, read_dynamics
from curation_scaling.ranking.exchange import read_scores
from curation_scaling.ranking.metrics import Material, chance, score
from curation_scaling.ranking.prune import PruneMaterial, keep_rows
from curation_scaling.ranking.scorer import train_scorer
from curation_scaling.ranking.select import Rows, Scores, ranks
from curation_scaling.ranking.stage import features
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study import PoolStudy
from curation_scaling.study.keys import pruned_keys
from curation_scaling.study.locate import locate
from curation_scaling.study.pruned import PrunedPool
from curation_scaling.study.pruning import EASINESS, Cell


def build_pruned(study: PoolStudy, layout: Layout, draw: int) -> None:
    """Rank one draw's samples and write the manifest and the subset file of every pruned pool.

    A manifest's score is the ranking's, high = kept first by `hard` and `best`; its bucket is the sample's quality
    bucket, its rank the place in the ranking. Ties fall to the smaller uid.

    Raises:
        InputError: if a sample has no score in a file, or no dynamics.
    """
    buckets = [layout.pool(name, draw) for name in study.pools.bucket_names]
    drawn = pl.concat([read(path, POOL, study=study.study) for path in buckets]).sort("uid_hi", "uid_lo")
    samples = read(layout.samples, SAMPLES, study=study.study)
    ranking = _Ranking(study, drawn, samples, derive_seed(study.seed, "pruned", draw))
    files = [item for pool in study.pools.pruned.values() for item in (pool.file, pool.dynamics) if item is not None]
    read_files = [file_sha256(locate(study, item)) for item in files]
    inputs = inputs_digest(pruned_keys(study, draw) | {"read": read_files}, *buckets, layout.samples)
    for name, pool in study.pools.pruned.items():
        scores, kept = ranking.prune(name, pool)
        manifest = drawn.with_columns(score=pl.Series(scores), rank=pl.Series(ranks(scores)))[kept]
        write_subset(layout.subset(name, draw), manifest)
        write(layout.pool(name, draw), POOL, manifest, study=study.study, inputs=inputs)


class _Ranking:
    """Scores of one draw's samples, in the order of their uids; the scorer is trained when a metric first asks."""

    def __init__(self, study: PoolStudy, drawn: pl.DataFrame, samples: pl.DataFrame, seed: int) -> None:
        self._study, self._drawn, self._seed = study, drawn, seed
        key = ["uid_hi", "uid_lo"]
        payload = drawn.select(key).join(samples, on=key, how="left", maintain_order="left")
        self._payload = _arrays(payload) if "features" in payload.columns else payload
        self._test = samples.filter(pl.col("role") == TEST)
        self._own: Dynamics | None = None

    def prune(self, name: str, pool: PrunedPool) -> tuple[Scores, Rows]:
        """Scores of all drawn samples, (n,), and the sorted rows that the pool keeps."""
        scores = self._scores(f"key pools.pruned.{name}", pool, pool.metric)
        easiness = None
        if pool.keep == "dual":
            easiness = 1 - self._scores(f"key pools.pruned.{name}", pool, EASINESS)
        cell = Cell(
            label=name,
            metric=pool.metric,
            keep="hard" if pool.keep == "best" else pool.keep,
            fraction=pool.fraction,
            size=self._drawn.height,
            saw="sample",
            class_floor=0.0,
        )
        material = PruneMaterial(self._payload, scores, derive_seed(self._seed, "chance"), easiness)
        return scores, keep_rows(cell, material)

    def _scores(self, where: str, pool: PrunedPool, metric: str) -> Scores:
        if metric == "random":
            uids = self._drawn["uid_hi"].to_numpy(), self._drawn["uid_lo"].to_numpy()
            return chance(*uids, derive_seed(self._seed, "random"))
        if metric == "score":
            values = self._drawn["score"].to_numpy().astype(np.float64)
            return values if self._study.pools.keep == "high" else -values
        if metric == "file":
            assert pool.file is not None
            path = locate(self._study, pool.file)
            return self._joined(read_scores(path), where, path)["score"].to_numpy()
        return score(metric, self._material(where, pool))

    def _material(self, where: str, pool: PrunedPool) -> Material:
        scorer = self._study.pools.scorer
        if pool.dynamics is None:
            dynamics = self._dynamics()
        else:
            path = locate(self._study, pool.dynamics)
            dynamics = self._aligned(read_dynamics([path]), where, path)
        held = "features" in self._payload.columns
        embeddings = features(self._payload) if held else np.empty((self._drawn.height, 0), np.float32)
        epoch = scorer.el2n_epoch if scorer.el2n_epoch in dynamics.epochs else None
        options: Mapping[str, int | None] = {"el2n_epoch": epoch, "window": scorer.window, "clusters": scorer.clusters}
        return Material(dynamics, embeddings, seed=derive_seed(self._seed, "metrics"), **options)  # type: ignore[arg-type]

    def _dynamics(self) -> Dynamics:
        if self._own is None:
            classes = np.union1d(self._payload["label"].to_numpy(), self._test["label"].to_numpy()).astype(np.int64)
            self._own = train_scorer(
                self._payload, self._study.pools.scorer, derive_seed(self._seed, "scorer"), classes
            )
        return self._own

    def _joined(self, table: pl.DataFrame, where: str, path: Path) -> pl.DataFrame:
        key = ["uid_hi", "uid_lo"]
        found = self._drawn.select(key).join(table, on=key, how="left", maintain_order="left")
        lacking = found.filter(found[:, -1].is_null())
        if lacking.height:
            uid = f"{lacking['uid_hi'][0]:016x}{lacking['uid_lo'][0]:016x}"
            raise InputError(
                f"{where}: {path} lacks {lacking.height} of the {found.height} samples, {uid} for one; add them"
            )
        return found

    def _aligned(self, dynamics: Dynamics, where: str, path: Path) -> Dynamics:
        """The rows of the dynamics that belong to the drawn samples, in their order."""
        uids = {"uid_hi": dynamics.uid_hi, "uid_lo": dynamics.uid_lo}
        table = pl.DataFrame(uids).with_row_index("at")
        at = self._joined(table, where, path)["at"].to_numpy()
        return replace(
            dynamics,
            uid_hi=dynamics.uid_hi[at],
            uid_lo=dynamics.uid_lo[at],
            labels=dynamics.labels[at],
            logits=None if dynamics.logits is None else dynamics.logits[:, :, at],
            given={name: values[:, :, at] for name, values in dynamics.given.items()},
            trained=dynamics.trained[:, at],
        )


def _arrays(samples: pl.DataFrame) -> pl.DataFrame:
    """Features as arrays of reals; grey levels from 0 to 1."""
    lists = samples["features"]
    values = lists.list.to_array(len(lists[0])).to_numpy()
    scale = np.float32(255 if values.dtype == np.uint8 else 1)
    shape = pl.Array(pl.Float32, values.shape[1])
    return samples.with_columns(features=pl.Series(values.astype(np.float32) / scale, dtype=shape))
