"""Learning-rate schedules of published runs: the two areas that the annealing law reads, after every recorded step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.annealing import schedule_areas
from curation_scaling.study.rerun import Schedule

FILE = "file"


def with_areas(frame: pl.DataFrame, schedule: Schedule, path: Path) -> pl.DataFrame:
    """The rows of one run's file with `lr_area`, `lr_annealing`, and `file`, the file's name without its ending.

    Between rows the rate is linear in the step. A warm-up counts in the area alone (Tissue et al. 2024).

    Raises:
        InputError: if the steps are not whole numbers that rise from 1, or a rate is no number of 0 or more.
    """
    steps, rates = frame[schedule.step], frame[schedule.rate]
    rising = steps.dtype.is_integer() and not steps.null_count() and steps.len() and steps[0] >= 1
    if not (rising and (steps.diff().drop_nulls() > 0).all()):
        raise InputError(
            f"{path}: column {schedule.step!r} must hold whole numbers that rise from 1 or more; sort the rows"
        )
    if not (rates.dtype.is_numeric() and rates.is_finite().all() and rates.min() >= 0):  # type: ignore[operator]
        raise InputError(f"{path}: column {schedule.rate!r} must hold learning rates of 0 or more; mend the file")
    at = steps.to_numpy()
    every = np.arange(1, at[-1] + 1)
    rate = np.interp(every, at, rates.to_numpy().astype(float))
    _, annealing = schedule_areas(rate, schedule.momentum)
    warming = every <= schedule.warm_up
    area, _ = schedule_areas(np.where(warming, rate * every / max(schedule.warm_up, 1), rate), schedule.momentum)
    return frame.with_columns(
        pl.Series("lr_area", area[at - 1]), pl.Series("lr_annealing", annealing[at - 1]), pl.lit(path.stem).alias(FILE)
    )
