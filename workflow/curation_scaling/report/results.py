"""What a report shows: the artifacts of one study, read and verified once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from curation_scaling.artifacts import (
    COMPARISON,
    DIAGNOSTICS,
    DRAWS,
    EDGES,
    FITS,
    FRONTIER,
    HOLDOUT,
    MIXTURES,
    POOL,
    PREDICTIONS,
    PRINTED,
    REPRODUCTION,
    RUNS,
    SUMMARY,
    SWITCHES,
    UTILITY,
    Schema,
)
from curation_scaling.artifacts_beyond import BEYOND
from curation_scaling.artifacts_noise import NOISE, SIGNAL
from curation_scaling.artifacts_profiles import CHECKPOINTS, PROFILES
from curation_scaling.artifacts_regimes import DIMENSION, VERDICTS
from curation_scaling.frontier.answer import main_rule
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.report.palette import OKABE_ITO, pool_order
from curation_scaling.report.wording import readable
from curation_scaling.shard_artifacts import HISTOGRAM
from curation_scaling.store import read
from curation_scaling.study import PoolStudy, Study
from curation_scaling.study.pools import DeclaredSource
from curation_scaling.study.shards import ShardsSource


@dataclass(frozen=True)
class Results:
    """The tables of a study, each with the columns of its schema; `edges` and `summary` where pools were cut here."""

    study: Study  # with its main law by name
    pools: list[str]  # all of the study, in the order of their colours
    runs: pl.DataFrame
    fits: pl.DataFrame
    draws: pl.DataFrame
    predictions: pl.DataFrame
    mixtures: pl.DataFrame
    holdout: pl.DataFrame
    comparison: pl.DataFrame
    diagnostics: pl.DataFrame
    utility: pl.DataFrame
    frontier: pl.DataFrame
    switches: pl.DataFrame
    reproduction: pl.DataFrame | None = None  # where the study holds a paper's numbers
    checkpoints: pl.DataFrame | None = None  # where checkpoints are taken for finished runs
    printed: pl.DataFrame | None = None
    noise: pl.DataFrame | None = None  # these two where the study asks for the noise
    signal: pl.DataFrame | None = None
    dimension: pl.DataFrame | None = None  # these two where the study asks for the regimes
    verdicts: pl.DataFrame | None = None
    profiles: pl.DataFrame | None = None  # of the main law; a partial report has none
    optimal: pl.DataFrame | None = None  # these six are past the plain frontier
    greedy: pl.DataFrame | None = None
    scoring: pl.DataFrame | None = None
    break_even: pl.DataFrame | None = None
    next_run: pl.DataFrame | None = None
    allocation: pl.DataFrame | None = None
    edges: pl.DataFrame | None = None
    summary: pl.DataFrame | None = None
    scored: pl.DataFrame | None = None  # rows of the first draw's buckets (pool, score), or the histogram of shards

    @cached_property
    def fit(self) -> SavedFit:
        """The law and the rule that the answer uses."""
        return load_fit(self.study.laws.main, self.fits, self.draws).with_gamma(self.study.laws.gamma)

    @property
    def metric(self) -> str:
        """The error's name, as a person writes it."""
        return readable(self.runs["metric"][0])

    @cached_property
    def leading(self) -> list[str]:
        """Candidates with a colour of their own in crowded figures: all, or those that come nearest to being best."""
        return nearest(self.main(self.frontier))[: len(OKABE_ITO)]

    def beyond(self, name: str) -> pl.DataFrame:
        """A table past the plain frontier, by its name in `layout.BEYOND`."""
        frame = getattr(self, name)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def main(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of the law, and of the rule where the table has one, that the answer uses."""
        return main_rule(self.study, frame) if "gamma" in frame.columns else frame.filter(law=self.study.laws.main)


_TABLES = (
    RUNS, FITS, DRAWS, PREDICTIONS, MIXTURES, HOLDOUT, COMPARISON, DIAGNOSTICS, PROFILES, UTILITY, FRONTIER,
    SWITCHES, *BEYOND,
)  # fmt: skip
_CUT = (EDGES, SUMMARY)  # only where pools are cut by the workflow
_NOISE = (NOISE, SIGNAL)
_REGIMES = (DIMENSION, VERDICTS)
_PUBLISHED = (REPRODUCTION, PRINTED)  # only where the study holds a paper's numbers


def artifact_paths(study: Study, layout: Layout) -> list[Path]:
    """The artifacts that a report reads, without the pools themselves."""
    return [layout.artifact(schema.name) for schema in (*_TABLES, *_more(study))]


def read_results(study: Study, layout: Layout) -> Results:
    """Read and verify every artifact that the report shows.

    Raises:
        InputError: if one is missing, damaged, or of another study.
    """
    schemas = (*_TABLES, *_more(study))
    frames = {_field(schema): read(layout.artifact(schema.name), schema, study=study.study) for schema in schemas}
    frames["runs"] = of_metric(study, frames["runs"])
    scored = None if isinstance(study.pools.source, DeclaredSource) else read_scored(study, layout)
    named = with_main_law(study, frames["comparison"])
    return Results(named, _ordered(named, frames["frontier"]), scored=scored, **frames)


def read_scored(study: PoolStudy, layout: Layout) -> pl.DataFrame:
    """Scores of what was cut: the histogram of shards, or pool and score of each row in the first draw."""
    if isinstance(study.pools.source, ShardsSource):
        return read(layout.histogram, HISTOGRAM, study=study.study)
    frames = [
        read(layout.pool(name, 0), POOL, study=study.study).select("score", pool=pl.lit(name))
        for name in study.pools.bucket_names
    ]
    return pl.concat(frames)


def nearest(frontier: pl.DataFrame) -> list[str]:
    """Candidates by how near they come to being best at some budget of a frontier."""
    ranked = frontier.group_by("pool").agg(
        pl.col("best").sum(), pl.max("probability_best"), pl.min("expected_regret"), pl.mean("predicted")
    )
    down = [True, True, False, False, False]
    return ranked.sort("best", "probability_best", "expected_regret", "predicted", "pool", descending=down)[
        "pool"
    ].to_list()


def _ordered(study: Study, frontier: pl.DataFrame) -> list[str]:
    """Pools in the order of their colours; of more than there are colours, the likely choices come first."""
    mine, order = main_rule(study, frontier), pool_order(study)
    if mine["pool"].n_unique() > len(OKABE_ITO):
        return list(dict.fromkeys([*nearest(mine), *order]))
    return list(dict.fromkeys([*order, *mine.filter("best")["pool"].unique(maintain_order=True)]))


def _more(study: Study) -> tuple[Schema, ...]:
    cut = () if isinstance(study.pools.source, DeclaredSource) else _CUT
    unfinished = (CHECKPOINTS,) if study.laws.annealing is not None else ()
    noise = _NOISE if study.laws.noise is not None else ()
    regimes = _REGIMES if study.regimes is not None else ()
    return (*cut, *unfinished, *noise, *regimes, *(_PUBLISHED if study.published is not None else ()))


def _field(schema: Schema) -> str:
    return schema.name.rpartition("/")[2]
