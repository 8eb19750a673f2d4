"""The tables of a set of rankings: scores with ranks, correlations, agreement of seeds, overlaps, and class skew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts import Schema
from curation_scaling.artifacts_ranking import CORRELATION, OVERLAP, RELIABILITY, SCORES, SKEW
from curation_scaling.ranking.compare import class_skew, overlap, reliability
from curation_scaling.ranking.correlation import correlations
from curation_scaling.ranking.select import Scores, band, easy, hard, ranks, size_of

Uids = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]
_KEEPS = {"hard": hard, "easy": easy, "band": band}


def ranking_tables(
    scorer: str,
    uids: Uids,
    scores: Mapping[str, Scores],
    *,
    by_seed: Mapping[str, Scores] | None = None,
    groups: npt.NDArray[np.str_] | None = None,
    fractions: Sequence[float],
    seed: int,
    keeps: Sequence[str] = ("hard", "easy"),
) -> dict[Schema, pl.DataFrame]:
    """Every table of `ranking/` for one scorer; rows of `uids`, `scores` and `groups` rise by uid.

    by_seed: scores (seeds, samples) of metrics that were scored with several seeds. groups: classes, for the skew.
    """
    tables = {
        SCORES: pl.concat(_scores(uids, name, values) for name, values in scores.items()),
        CORRELATION: correlations(scores, seed=seed),
        RELIABILITY: _reliability(by_seed or {}),
        OVERLAP: _overlaps(scores, fractions, keeps),
        SKEW: _skews(scores, fractions, keeps, groups),
    }
    return {
        schema: frame.with_columns(scorer=pl.lit(scorer)).select(c.name for c in schema.columns)
        for schema, frame in tables.items()
    }


def _scores(uids: Uids, name: str, values: Scores) -> pl.DataFrame:
    columns = {"uid_hi": uids[0], "uid_lo": uids[1], "score": values.astype(np.float64), "rank": ranks(values)}
    return pl.DataFrame(columns).with_columns(metric=pl.lit(name))


def _reliability(by_seed: Mapping[str, Scores]) -> pl.DataFrame:
    rows = [{"metric": name} | reliability(values) for name, values in by_seed.items()]
    types = {"metric": pl.String, "models": pl.Int32, "single": pl.Float64, "lowest": pl.Float64}
    return pl.DataFrame(rows, schema=types | {"mean_of_all": pl.Float64}, orient="row")


def _overlaps(scores: Mapping[str, Scores], fractions: Sequence[float], keeps: Sequence[str]) -> pl.DataFrame:
    n = len(next(iter(scores.values())))
    frames = []
    for keep in keeps:
        for fraction in fractions:
            kept = {name: _KEEPS[keep](values, size_of(fraction, n)) for name, values in scores.items()}
            frames.append(overlap(kept, n).with_columns(keep=pl.lit(keep), fraction=pl.lit(fraction)))
    return pl.concat(frames)


def _skews(
    scores: Mapping[str, Scores], fractions: Sequence[float], keeps: Sequence[str], groups: npt.NDArray[np.str_] | None
) -> pl.DataFrame:
    if groups is None:
        return SKEW.empty.drop("scorer")
    frames = []
    for name, values in scores.items():
        for keep in keeps:
            for fraction in fractions:
                frame = class_skew(_KEEPS[keep](values, size_of(fraction, len(values))), groups)
                frames.append(
                    frame.with_columns(metric=pl.lit(name), keep=pl.lit(keep), fraction=pl.lit(float(fraction)))
                )
    return pl.concat(frames)
