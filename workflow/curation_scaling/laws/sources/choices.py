"""The stage that says what the chosen weights were worth, once they and the plain ones were really trained."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts import RUNS
from curation_scaling.artifacts_sources import SOURCE_CHOICES, SOURCE_WEIGHTS
from curation_scaling.laws.sources.choose import CHOSEN
from curation_scaling.laws.sources.trainings import last_passes, read_runs, run_paths
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import choices_keys


def judge_choices(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/choices`, and `runs`: every training of the study as runs of the common form."""
    spec = rerun.sources
    assert spec is not None
    weights = read(layout.source("weights"), SOURCE_WEIGHTS, study=rerun.study)
    paths = [layout.source_runs("choice", seed) for seed in spec.choice_seeds]
    trained = pl.concat([RUNS.empty, *(read(path, RUNS, study=rerun.study) for path in paths)])
    inputs = inputs_digest(choices_keys(rerun), layout.source("weights"), *paths, *run_paths(rerun, layout))
    frame = choice_rows(weights, last_passes(trained), spec.choose.size, spec.level)
    write(layout.source("choices"), SOURCE_CHOICES, frame, study=rerun.study, inputs=inputs)
    write(layout.runs, RUNS, pl.concat([read_runs(rerun, layout), trained]), study=rerun.study, inputs=inputs)


def choice_rows(weights: pl.DataFrame, ends: pl.DataFrame, size: int, level: float) -> pl.DataFrame:
    """Rows of `sources/choices`: a choice's projection beside the mean of its trainings, differences paired by seed.

    weights: rows of `sources/weights`. ends: last evaluations of the trainings, `pool` the name of the choice.
    """
    from scipy.stats import t

    def paired(choice: str) -> tuple[float, float, float] | tuple[None, None, None]:
        ours = ends.filter(pool=CHOSEN).select("seed", "error")
        both = ends.filter(pool=choice).select("seed", "error").join(ours, on="seed", suffix="_chosen").sort("seed")
        if choice == CHOSEN or both.height < 2:
            return None, None, None
        gap = (both["error"] - both["error_chosen"]).to_numpy()
        half = t.ppf((1 + level) / 2, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
        return float(gap.mean()), float(gap.mean() - half), float(gap.mean() + half)

    rows = []
    for row in weights.unique("choice", maintain_order=True).iter_rows(named=True):
        errors = ends.filter(pool=row["choice"])["error"].to_numpy()
        spread = float(errors.std(ddof=1) / np.sqrt(len(errors))) if len(errors) > 1 else None
        mean = float(errors.mean()) if len(errors) else None
        rows.append(
            (
                row["choice"],
                size,
                row["predicted"],
                row["lower"],
                row["upper"],
                len(errors),
                mean,
                spread,
                *paired(row["choice"]),
            )
        )
    return pl.DataFrame(rows, schema=SOURCE_CHOICES.empty.schema, orient="row")
