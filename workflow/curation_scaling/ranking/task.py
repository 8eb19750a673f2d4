"""The stage that reads the labelled task of a study's pruning part."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts_ranking import TASK
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.source import POOL
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import task_keys
from curation_scaling.study.pruning import ChunkTask, ImageTask


def build_task(study: Study, layout: Layout) -> None:
    """Write `ranking/task.parquet`: every sample with its class, role and features."""
    assert study.pruning is not None
    task, seed = study.pruning.task, derive_seed(study.seed, "pruning task", study.pruning.seed)
    if isinstance(task, ChunkTask):
        from curation_scaling.pools.sources.package_chunks import read_package_chunks

        frame = read_package_chunks(**task.model_dump(exclude={"kind"}), seed=seed)
    else:
        frame = _images(study, task, seed)
    biggest = study.pruning.sizes[-1]
    if (held := frame.filter(pl.col("role") == POOL).height) < biggest:
        raise InputError(
            f"key pruning.sizes: the task's pool holds {held} samples, fewer than {biggest}; lower the size"
        )
    frame = frame.with_columns(pl.col("features").cast(pl.List(pl.Float32)))
    write(layout.ranking("task"), TASK, frame, study=study.study, inputs=digest(task_keys(study)))


def _images(study: Study, task: ImageTask, seed: int) -> pl.DataFrame:
    from curation_scaling.pools.sources.images import read_sharp

    frame = read_sharp(task, study.data_root, seed).frame
    pixels = frame["features"].to_numpy().astype(np.float32) / np.float32(255)
    if task.dimensions is not None:
        from sklearn.decomposition import PCA

        pca = PCA(task.dimensions, svd_solver="covariance_eigh").fit(pixels[(frame["role"] == POOL).to_numpy()])
        pixels = pca.transform(pixels).astype(np.float32)
    return frame.select("uid_hi", "uid_lo", "group", "role", "label").with_columns(
        features=pl.Series(pixels, dtype=pl.Array(pl.Float32, pixels.shape[1]))
    )


def read_task(study: Study, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pool and the test samples, each sorted by uid, features as an array."""
    frame = read(layout.ranking("task"), TASK, study=study.study)
    frame = frame.with_columns(pl.col("features").list.to_array(len(frame["features"][0])))
    return frame.filter(pl.col("role") == POOL), frame.filter(pl.col("role") != POOL)
