"""Schedules of published runs: the areas of a file's rows, and the annealing law on unseen schedules."""

import os
from pathlib import Path

import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.fits import fit_points
from curation_scaling.laws.reproduction.numbers import numbers_of
from curation_scaling.laws.reproduction.points import read_points
from curation_scaling.laws.reproduction.schedules import with_areas
from curation_scaling.study.rerun import Schedule
from study_data import ROOT, content, parsed

DATA = Path(os.environ.get("CURATION_SCALING_DATA", ROOT.parent / "shared/data"))
PLAIN = Schedule(momentum=0.5)


def frame(steps: list, rates: list) -> pl.DataFrame:
    return pl.DataFrame({"step": steps, "lr": rates})


def test_areas_follow_their_definition_between_rows():
    made = with_areas(frame([2, 4, 6], [1.0, 1.0, 0.5]), PLAIN, Path("run.csv"))
    # Rates of steps 1 to 6: 1, 1, 1, 1, .75, .5; momenta: 0, 0, 0, 0, .25, .375.
    assert made["lr_area"].to_list() == [2.0, 4.0, 5.25]
    assert made["lr_annealing"].to_list() == [0.0, 0.0, 0.625]
    assert made["file"].to_list() == ["run"] * 3


def test_a_warm_up_counts_in_the_area_alone():
    made = with_areas(frame([4, 8], [1.0, 1.0]), Schedule(warm_up=4), Path("run.csv"))
    assert made["lr_area"].to_list() == [0.25 + 0.5 + 0.75 + 1, 6.5]
    assert made["lr_annealing"].to_list() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("steps", "rates", "says"),
    [
        ([2, 2], [1.0, 1.0], "rise"),
        ([0, 2], [1.0, 1.0], "rise from 1"),
        ([1.5, 2.5], [1.0, 1.0], "whole numbers"),
        ([1, 2], [1.0, -1.0], "0 or more"),
        ([1, 2], [1.0, float("nan")], "0 or more"),
        ([], [], "rise"),
    ],
)
def test_a_schedule_that_is_none_is_refused(steps, rates, says):
    with pytest.raises(InputError, match=rf"run\.csv: column .*{says}"):
        with_areas(frame(steps, rates), PLAIN, Path("run.csv"))


def test_a_table_makes_its_areas_once():
    study = content("luo2025")
    study["tables"][0]["derived"] = {"lr_area": "2 * step"}
    with pytest.raises(InputError, match="schedule: it makes lr_area"):
        parsed(study)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"public results are not at {DATA}: set CURATION_SCALING_DATA")
def test_unseen_schedules_are_predicted():
    rerun = parsed(content("luo2025") | {"data_root": str(DATA)})
    points = pl.concat(read_points(rerun, table) for table in rerun.tables[:1])
    fits = {"m25": fit_points(rerun, rerun.fits[0], points)}
    (error,) = numbers_of(rerun, rerun.reproduction[0], fits, {})
    assert error.refit < 0.005
    by_name = dict(zip(fits["m25"].only.fit.law.names, fits["m25"].only.fit.theta, strict=True))
    assert by_name == pytest.approx({"L0": 3.158, "A": 0.514, "alpha": 0.513, "C": 0.402}, abs=1e-3)
