"""The stage that compares published scores: the rankings of a rerun."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts import Schema
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.table import name_samples
from curation_scaling.ranking.exchange import read_array_scores
from curation_scaling.ranking.tables import ranking_tables
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, file_sha256, write
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import scores_keys
from curation_scaling.study.score_file import ScoreFile


def compare_published(rerun: Rerun, layout: Layout) -> None:
    """Write `ranking/scores`, `correlation`, `reliability`, `overlap` and `skew` of all published score files."""
    paths = [locate(rerun, ranking.file) for ranking in rerun.rankings]
    found = [_tables(rerun, ranking) for ranking in rerun.rankings]
    inputs = digest(scores_keys(rerun), [file_sha256(path) for path in paths])
    for schema in found[0]:
        frame = pl.concat(tables[schema] for tables in found)
        write(layout.artifact(schema.name), schema, frame, study=rerun.study, inputs=inputs)


def _tables(rerun: Rerun, ranking: ScoreFile) -> dict[Schema, pl.DataFrame]:
    path = locate(rerun, ranking.file)
    arrays = read_array_scores(path, ranking.metrics)
    seeds = read_array_scores(path, ranking.seeds) if ranking.seeds else {}
    rows = len(next(iter(arrays.values())))
    high, low = name_samples(pl.Series(range(rows)).cast(pl.String))
    order = np.lexsort((low, high))
    return ranking_tables(
        ranking.name,
        (high[order], low[order]),
        {name: values[order] for name, values in arrays.items()},
        by_seed={name: values[order].T for name, values in seeds.items()},
        fractions=ranking.fractions,
        seed=derive_seed(rerun.seed, "rankings", ranking.name),
    )
