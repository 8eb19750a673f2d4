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
from curation_scaling.frontier.answer import main_rule
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.layout import Layout
from curation_scaling.report.palette import pool_order
from curation_scaling.report.wording import readable
from curation_scaling.store import read
from curation_scaling.study import Study
from curation_scaling.study.pools import DeclaredSource


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
    printed: pl.DataFrame | None = None
    optimal: pl.DataFrame | None = None  # these six are past the plain frontier
    greedy: pl.DataFrame | None = None
    scoring: pl.DataFrame | None = None
    break_even: pl.DataFrame | None = None
    next_run: pl.DataFrame | None = None
    allocation: pl.DataFrame | None = None
    edges: pl.DataFrame | None = None
    summary: pl.DataFrame | None = None

    @cached_property
    def fit(self) -> SavedFit:
        """The law and the rule that the answer uses."""
        return load_fit(self.study.laws.main, self.fits, self.draws).with_gamma(self.study.laws.gamma)

    @property
    def metric(self) -> str:
        """The error's name, as a person writes it."""
        return readable(self.runs["metric"][0])

    def main(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of the law, and of the rule where the table has one, that the answer uses."""
        return main_rule(self.study, frame) if "gamma" in frame.columns else frame.filter(law=self.study.laws.main)


_TABLES = (
    RUNS, FITS, DRAWS, PREDICTIONS, MIXTURES, HOLDOUT, COMPARISON, DIAGNOSTICS, UTILITY, FRONTIER, SWITCHES,
    *BEYOND,
)  # fmt: skip
_CUT = (EDGES, SUMMARY)  # only where pools are cut by the workflow
_PUBLISHED = (REPRODUCTION, PRINTED)  # only where the study holds a paper's numbers


def artifact_paths(study: Study, layout: Layout) -> list[Path]:
    """The artifacts that a report reads."""
    return [_path(layout, schema) for schema in (*_TABLES, *_more(study))]


def read_results(study: Study, layout: Layout) -> Results:
    """Read and verify every artifact that the report shows.

    Raises:
        InputError: if one is missing, damaged, or of another study.
    """
    schemas = (*_TABLES, *_more(study))
    frames = {_field(schema): read(_path(layout, schema), schema, study=study.study) for schema in schemas}
    named = with_main_law(study, frames["comparison"])
    best = main_rule(named, frames["frontier"]).filter("best")["pool"].unique(maintain_order=True)
    pools = list(dict.fromkeys([*pool_order(study), *best]))
    return Results(named, pools, **frames)


def _more(study: Study) -> tuple[Schema, ...]:
    cut = () if isinstance(study.pools.source, DeclaredSource) else _CUT
    return (*cut, *(_PUBLISHED if study.published is not None else ()))


def _path(layout: Layout, schema: Schema) -> Path:
    return layout.root / f"{schema.name}.parquet"


def _field(schema: Schema) -> str:
    return schema.name.rpartition("/")[2]
