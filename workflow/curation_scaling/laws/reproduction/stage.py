"""The stage that makes a paper's fits again and compares its numbers; it writes everything below `laws/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import polars as pl

from curation_scaling.artifacts import DIAGNOSTICS, FITS, HOLDOUT, REPRODUCTION, Schema
from curation_scaling.artifacts_domains import CHOICE, DOMAINS, FRACTIONS, LOSSES
from curation_scaling.artifacts_ranking import CORRELATION, RELIABILITY
from curation_scaling.artifacts_regimes import LIMITS
from curation_scaling.artifacts_rerun import MIXING, POINTS, SELECTOR_RATIOS, SELECTORS
from curation_scaling.artifacts_sources import SOURCE_ERRORS
from curation_scaling.artifacts_trainings import BALANCE, DIVERSITY, RECIPE, TRAJECTORIES
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.fits import Fitted, fit_points
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.laws.reproduction.numbers import numbers_of
from curation_scaling.laws.reproduction.tables import describe_fits, diagnostic_rows, fit_rows, hold_out_rows
from curation_scaling.layout import Layout
from curation_scaling.progress import progress
from curation_scaling.store import inputs_digest, read, write, write_bytes
from curation_scaling.study.checks_base import Check
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import reproduction_keys

C = TypeVar("C", bound=Check)


def reproduce(rerun: Rerun, layout: Layout) -> None:
    """Fit, compare, and write fits, holdout, diagnostics, reproduction, and the fits in words.

    Raises:
        InputError: if the points do not carry a law, or a check names what is not there.
    """
    tables = {path.stem: read(path, schema, study=rerun.study) for path, schema in _sources(rerun, layout)}
    fits = {spec.name: fit_points(rerun, spec, tables["points"]) for spec in progress(rerun.fits, "fits")}
    held_out, refused = zip(*(hold_out_rows(fitted) for fitted in fits.values()), strict=True) if fits else ((), ())
    diagnostics = [*(diagnostic_rows(fitted) for fitted in fits.values()), *refused]
    inputs = inputs_digest(reproduction_keys(rerun), *(path for path, _ in _sources(rerun, layout)))
    for schema, frames in (
        (FITS, [fit_rows(fitted) for fitted in fits.values()]),
        (HOLDOUT, held_out),
        (DIAGNOSTICS, diagnostics),
        (REPRODUCTION, [compare_numbers(rerun, fits, tables)]),
    ):
        frame = pl.concat(frames) if frames else schema.empty
        write(layout.artifact(schema.name), schema, frame, study=rerun.study, inputs=inputs)
    write_bytes(layout.fits_text, describe_fits(list(fits.values())).encode())


def _sources(rerun: Rerun, layout: Layout) -> list[tuple[Path, Schema]]:
    """The artifacts that the fits and the checks read."""
    ranked = [(layout.ranking("correlation"), CORRELATION), (layout.ranking("reliability"), RELIABILITY)]
    mixing = [(layout.law("mixing"), MIXING)] if rerun.mixing else []
    mixing += [(layout.source("errors"), SOURCE_ERRORS)] if rerun.sources else []
    chosen = [(layout.law("selectors"), SELECTORS), (layout.law("selector_ratios"), SELECTOR_RATIOS)]
    mixing += chosen if rerun.selectors else []
    mixing += [(layout.regime("limits"), LIMITS)] if rerun.teacher_student else []
    parts = [
        *([(layout.law("recipe"), RECIPE), (layout.law("recipe_trajectories"), TRAJECTORIES)] if rerun.recipe else []),
        *(
            [(layout.law("diversity"), DIVERSITY), (layout.law("diversity_balance"), BALANCE)]
            if rerun.diversity
            else []
        ),
        *([(layout.artifact(s.name), s) for s in (DOMAINS, FRACTIONS, LOSSES, CHOICE)] if rerun.domains else []),
    ]
    points = [(layout.points, POINTS)] if rerun.point_tables else []
    return [*points, *(ranked if rerun.rankings else []), *mixing, *parts]


def compare_numbers(
    rerun: Rerun, fits: Mapping[str, Fitted], tables: Mapping[str, pl.DataFrame] | None = None
) -> pl.DataFrame:
    """Rows of `laws/reproduction`, in the order of the study's checks."""
    return number_rows(rerun.reproduction, lambda check: numbers_of(rerun, check, fits, tables or {}))


def number_rows(
    checks: Sequence[C], numbers: Callable[[C], Iterable[Number]], key: str = "reproduction"
) -> pl.DataFrame:
    """Rows of `laws/reproduction`: the numbers of every check, in order; an error names the check below `key`."""
    rows = []
    for i, check in enumerate(checks):
        try:
            found = list(numbers(check))
        except InputError as error:
            raise InputError(f"key {key}[{i}]: {error}") from None
        rows += [number._asdict() | {"agrees": number.agrees} | _words(check, number) for number in found]
    if not rows:
        return REPRODUCTION.empty
    types = {name: pl.Float64 for name in ("published", "refit", "lower", "upper", "level", "tolerance")}
    frame = pl.DataFrame(rows, schema_overrides={**types, "agrees": pl.Boolean}, infer_schema_length=None)
    return frame.drop("reaches").with_row_index("order")


def _words(check: Check, number: Number) -> dict[str, str]:
    """A check of several numbers may name some that were never published."""
    return {"source": check.source if number.published is not None else "not published", "note": check.note}
