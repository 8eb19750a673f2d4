"""The stages that rank a task's samples and cut the pruned pools."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts import POOL
from curation_scaling.artifacts_ranking import DYNAMICS, SCORES
from curation_scaling.layout import Layout
from curation_scaling.pools.subset import write_subset
from curation_scaling.ranking.dynamics import Dynamics
from curation_scaling.ranking.embeddings import Matrix
from curation_scaling.ranking.metrics import SEEDED, Material, chance, score, scores_by_model
from curation_scaling.ranking.prune import PruneMaterial, keep_rows
from curation_scaling.ranking.scorer import dynamics_rows, train_scorer
from curation_scaling.ranking.select import Rows, Scores, ranks
from curation_scaling.ranking.tables import ranking_tables
from curation_scaling.ranking.task import read_task
from curation_scaling.seeds import derive_seed
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import prune_keys, rank_keys
from curation_scaling.study.pruning import EASINESS, Cell, Pruning, cells_of


def rank_samples(study: Study, layout: Layout) -> None:
    """Train the scorer on the whole pool, and write its dynamics and every table of `ranking/`."""
    pruning = study.pruning
    assert pruning is not None
    pool, test = read_task(study, layout)
    classes = np.union1d(pool["label"].to_numpy(), test["label"].to_numpy()).astype(np.int64)
    seed = derive_seed(study.seed, "ranking", pruning.seed)
    dynamics = train_scorer(pool, pruning.scorer, seed, classes)
    inputs = inputs_digest(rank_keys(study), layout.ranking("task"))
    write(layout.ranking("dynamics"), DYNAMICS, dynamics_rows(dynamics), study=study.study, inputs=inputs)
    material = _material(pruning, dynamics, pool, seed)
    scores = {metric: score(metric, material) for metric in pruning.all_metrics}
    tables = ranking_tables(
        "all",
        (material.dynamics.uid_hi, material.dynamics.uid_lo),
        scores,
        by_seed={m: scores_by_model(m, material) for m in scores if m in SEEDED and pruning.scorer.models > 1},
        groups=pool["group"].to_numpy().astype(str),
        fractions=pruning.fractions,
        seed=derive_seed(seed, "correlation"),
    )
    for schema, frame in tables.items():
        write(layout.artifact(schema.name), schema, frame, study=study.study, inputs=inputs)


def _material(pruning: Pruning, dynamics: Dynamics, pool: pl.DataFrame, seed: int) -> Material:
    scorer = pruning.scorer
    return Material(
        dynamics,
        features(pool),
        el2n_epoch=scorer.el2n_epoch,
        window=scorer.window,
        clusters=scorer.clusters,
        seed=derive_seed(seed, "metrics"),
    )


def features(pool: pl.DataFrame) -> Matrix:
    """The features of samples, (samples, dimensions)."""
    return np.asarray(pool["features"].to_numpy(), np.float32)


def draw_rows(pool: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    """`size` pseudo-random samples, in the order of their uids; a larger draw contains a smaller one."""
    key = chance(pool["uid_hi"].to_numpy(), pool["uid_lo"].to_numpy(), seed)
    return pool[np.sort(np.argsort(key, kind="stable")[:size])]


def prune_pools(study: Study, layout: Layout, draw: int, size: int) -> None:
    """Take one draw of an initial size and write the manifest and subset file of every pruned pool of it."""
    pruning = study.pruning
    assert pruning is not None
    pool, test = read_task(study, layout)
    ranked = read(layout.ranking("scores"), SCORES, study=study.study)
    seed = derive_seed(study.seed, "prune", pruning.seed, draw)
    drawn = draw_rows(pool, size, derive_seed(seed, "draw"))
    cells = cells_of(pruning, size)
    own = _own_scores(pruning, cells, drawn, test, derive_seed(seed, "self", size))
    inputs = inputs_digest(prune_keys(study, draw, size), layout.ranking("task"), layout.ranking("scores"))
    cache: dict[str, Scores] = {}
    for cell in cells:
        key = f"{cell.metric} {cell.saw}"
        if key not in cache:
            cache[key] = _scores(cell, drawn, ranked, own, derive_seed(seed, "random"))
        easiness = None
        if cell.keep == "dual":
            easiness = 1 - _scores(cell.model_copy(update={"metric": EASINESS}), drawn, ranked, own, seed)
        material = PruneMaterial(drawn, cache[key], derive_seed(seed, "chance"), easiness)
        kept = keep_rows(cell, material)
        manifest = _manifest(drawn, cache[key], kept)
        write_subset(layout.subset(cell.pool, draw), manifest)
        write(layout.pool(cell.pool, draw), POOL, manifest, study=study.study, inputs=inputs)


def _own_scores(
    pruning: Pruning, cells: list[Cell], drawn: pl.DataFrame, test: pl.DataFrame, seed: int
) -> dict[str, Scores]:
    """Scores by a scorer that saw the draw alone, of the metrics that some set wants so."""
    self_scored = [cell for cell in cells if cell.saw == "sample"]
    wanted = list(dict.fromkeys(cell.metric for cell in self_scored))
    if any(cell.keep == "dual" for cell in self_scored):
        wanted.append(EASINESS)
    if not wanted:
        return {}
    classes = np.union1d(drawn["label"].to_numpy(), test["label"].to_numpy()).astype(np.int64)
    material = _material(pruning, train_scorer(drawn, pruning.scorer, seed, classes), drawn, seed)
    return {metric: score(metric, material) for metric in wanted}


def _scores(cell: Cell, drawn: pl.DataFrame, ranked: pl.DataFrame, own: dict[str, Scores], seed: int) -> Scores:
    """One number a drawn sample, in their order; random is drawn anew for each draw."""
    if cell.metric in ("all", "random"):
        return chance(drawn["uid_hi"].to_numpy(), drawn["uid_lo"].to_numpy(), seed)
    if cell.saw == "sample":
        return own[cell.metric]
    found = drawn.select("uid_hi", "uid_lo").join(
        ranked.filter(metric=cell.metric, scorer="all"), on=["uid_hi", "uid_lo"], how="left", maintain_order="left"
    )
    return found["score"].to_numpy()


def _manifest(drawn: pl.DataFrame, scores: Scores, kept: Rows) -> pl.DataFrame:
    """Rows of a pool's manifest; the rank is the place among the draw, 0 the highest score."""
    frame = drawn.select("uid_hi", "uid_lo").with_columns(
        score=pl.Series(scores), bucket=pl.lit(1, pl.Int32), rank=pl.Series(ranks(scores)), size=pl.lit(1, pl.Int64)
    )
    return frame[kept]
