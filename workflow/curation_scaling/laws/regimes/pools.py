"""The stage that judges the regime of each pool: dimension and sharpness of its samples, exponents, verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, POOL, PREDICTIONS, RUNS, SAMPLES, UTILITY
from curation_scaling.artifacts_regimes import DIMENSION, VERDICTS
from curation_scaling.errors import InputError
from curation_scaling.laws.columns import mixtures
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.regimes.simulate import verdict_row
from curation_scaling.laws.regimes.verdict import Span, span
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.ranking.dimension import (
    ESTIMATORS,
    Cleaned,
    cleaned,
    cube_dimension,
    label_sharpness,
    neighbour_distances,
)
from curation_scaling.ranking.embeddings import read_embeddings
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import regimes_keys
from curation_scaling.study.locate import locate
from curation_scaling.study.regimes import PoolRegimes

Array = npt.NDArray[np.float64]
_KEY = ["uid_hi", "uid_lo"]


def judge_pools(study: Study, layout: Layout) -> None:
    """Write `regimes/dimension` and `regimes/verdicts` of every single pool that the laws were fitted to.

    Raises:
        InputError: if a pool has too few distinct samples, features that do not vary, or no embeddings.
    """
    asked = study.regimes
    assert asked is not None
    names = study.pools.fitted_names
    laws = ("fits", "draws", "comparison", "predictions")
    paths = [layout.runs, layout.utility, *(layout.law(name) for name in laws)]
    schemas = (RUNS, UTILITY, FITS, DRAWS, COMPARISON, PREDICTIONS)
    runs, utility, fits, draws, comparison, predictions = (
        read(path, schema, study=study.study) for path, schema in zip(paths, schemas, strict=True)
    )
    study = with_main_law(study, comparison)
    fit = load_fit(study.laws.main, fits, draws)
    samples = _samples(study, layout)
    dimensions, verdicts = [], []
    for name in names:
        pool = read(layout.pool(name, 0), POOL, study=study.study).select(_KEY)
        rows, labels = _rows(samples, pool, asked, name, derive_seed(study.seed, "regimes", name))
        found = list(_dimensions(name, rows, asked.neighbours))
        dimensions += found
        curve = predictions.filter(law=study.laws.main, pool=name, role="fitted").sort("samples_seen")
        if curve.is_empty():
            raise InputError(f"pool {name!r} has no fitted evaluation, so that its regime cannot be judged")
        last = of_metric(study, runs).filter(pool=name, samples_seen=curve["samples_seen"][-1]).head(1)
        exponent = utility.filter(law=study.laws.main, pool=name, repetition=0).row(0, named=True)
        verdicts.append(
            _verdict(
                name,
                Span(exponent["utility"], exponent["lower"], exponent["upper"]),
                _at(fit, last),
                _untrained(study, runs, labels),
                sorted(v for row in found for v in (row["estimate"], row["cube"]) if v is not None),
                None if labels is None else _sharpness(name, rows, labels, asked.pairs, study.seed),
            )
        )
    read_file = [file_sha256(locate(study, asked.embeddings))] if asked.embeddings else []
    inputs = inputs_digest(regimes_keys(study) | {"read": read_file}, layout.samples, *paths)
    frame = pl.DataFrame(dimensions, schema=DIMENSION.empty.schema)
    write(layout.regime("dimension"), DIMENSION, frame, study=study.study, inputs=inputs)
    frame = pl.DataFrame(verdicts, schema=VERDICTS.empty.schema)
    write(layout.regime("verdicts"), VERDICTS, frame, study=study.study, inputs=inputs)


def _samples(study: Study, layout: Layout) -> pl.DataFrame:
    """Every sample with its embedding, and its label where it has one."""
    samples = read(layout.samples, SAMPLES, study=study.study)
    kept = [*_KEY, *(["label"] if "label" in samples.columns else [])]
    assert study.regimes is not None
    if study.regimes.embeddings is None:
        pixels = samples["features"].list.to_array(len(samples["features"][0])).to_numpy() / 255
        return samples.select(kept).with_columns(embedding=pl.Series(pixels))
    uids, matrix = read_embeddings(locate(study, study.regimes.embeddings))
    if uids is None:
        raise InputError(
            f"key regimes.embeddings: {study.regimes.embeddings.path} names no samples: give Parquet with uid"
        )
    given = pl.DataFrame({"uid_hi": uids[:, 0], "uid_lo": uids[:, 1], "embedding": np.asarray(matrix, float)})
    return samples.select(kept).join(given, on=_KEY, how="left", maintain_order="left")


def _rows(
    samples: pl.DataFrame, pool: pl.DataFrame, asked: PoolRegimes, name: str, seed: int
) -> tuple[Cleaned, npt.NDArray[np.int64] | None]:
    """A random part of a pool's distinct embeddings, and the labels of its rows."""
    held = pool.sort(_KEY).join(samples, on=_KEY, how="left", maintain_order="left")
    missing = held.filter(pl.col("embedding").is_null())
    if missing.height:
        uid = f"{missing['uid_hi'][0]:016x}{missing['uid_lo'][0]:016x}"
        raise InputError(
            f"key regimes.embeddings: {missing.height} samples of pool {name!r} have none, {uid} for one; add them"
        )
    if held.height > asked.rows:
        rng = np.random.Generator(np.random.PCG64(seed))
        held = held[np.sort(rng.choice(held.height, asked.rows, replace=False))]
    try:
        rows = cleaned(held["embedding"].to_numpy())
    except InputError as error:
        raise InputError(f"pool {name!r}: {error}") from None
    return rows, held["label"].to_numpy().astype(np.int64)[rows.place] if "label" in held.columns else None


def _dimensions(name: str, rows: Cleaned, neighbours: int) -> Iterator[dict[str, Any]]:
    try:
        distances = neighbour_distances(rows.rows, neighbours)
    except InputError as error:
        raise InputError(f"pool {name!r} has {error}: key regimes.neighbours") from None
    count, features = rows.rows.shape
    for estimator, estimate in ESTIMATORS.items():
        value, lower, upper = estimate(distances)
        yield {
            "pool": name,
            "estimator": estimator,
            "rows": count,
            "repeated": rows.repeated,
            "features": features,
            "constant": rows.constant,
            "neighbours": neighbours if estimator == "mle" else 2,
            "estimate": value,
            "lower": lower,
            "upper": upper,
            "cube": cube_dimension(estimator, value, count, neighbours),
        }


def _sharpness(name: str, rows: Cleaned, labels: npt.NDArray[np.int64], pairs: int, seed: int) -> float | None:
    """None of a pool of one class."""
    chosen = np.arange(len(labels))
    if len(labels) > pairs:
        rng = np.random.Generator(np.random.PCG64(derive_seed(seed, "sharpness", name)))
        chosen = np.sort(rng.choice(len(labels), pairs, replace=False))
    if np.unique(labels[chosen]).size < 2:
        return None
    try:
        return label_sharpness(rows.rows[chosen], labels[chosen])
    except InputError as error:
        raise InputError(f"pool {name!r}: {error}") from None


def _at(fit: SavedFit, run: pl.DataFrame) -> tuple[Span, Span]:
    """The predicted error of a run, and the share of it above the floor."""
    found, which = mixtures(run)
    value, draws = fit.forecast(found, which, run["samples_seen"].to_numpy().astype(float))
    floor = fit.law.names.index("d")
    error, last = float(value[0]), draws[:, 0]
    return span(error, last), span(1 - float(fit.theta[0, floor]) / error, 1 - fit.draws[:, floor] / last)


def _untrained(study: Study, runs: pl.DataFrame, labels: npt.NDArray[np.int64] | None) -> float | None:
    """The error of a model that has seen nothing, where it is known: of an error rate, that of one class for all."""
    assert study.regimes is not None
    if study.regimes.untrained is not None:
        return study.regimes.untrained
    if labels is None or of_metric(study, runs)["metric"][0] != "error_rate":
        return study.laws.untrained
    return 1 - float(np.unique(labels, return_counts=True)[1].max()) / len(labels)


def _verdict(
    name: str,
    exponent: Span,
    at: tuple[Span, Span],
    untrained: float | None,
    dimensions: list[float],
    sharpness: float | None,
) -> dict[str, Any]:
    least, most = dimensions[0], dimensions[-1]
    last, excess = at
    return verdict_row(
        name,
        exponent,
        excess,
        None if untrained is None else Span(*(value / untrained for value in last)),
        resolution=(4 / most, 4 / least),
        lipschitz=(1 / most, 1 / least),
        sharpness=sharpness,
    )
