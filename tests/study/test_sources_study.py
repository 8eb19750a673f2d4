"""The `sources` part of a study file: its faults in one sentence, its jobs, and what runs again after a change."""

import pytest

from curation_scaling.errors import InputError
from curation_scaling.study.plan import describe_plan
from curation_scaling.study.rerun_jobs import SOURCE_STAGES, check_source_job
from curation_scaling.study.rerun_keys import RERUN_STAGES, rerun_digest
from curation_scaling.study.sources import grid, mixture_name
from source_data import imported, trained
from study_data import ABSENT, changed, content, parsed

IMAGES = content("fashion_sources")
FAULTS = [
    ("sources.sizes", [1000, 1000], "sources.sizes: 1000 and 1000 span no range of ln N"),
    ("sources.sizes", [2000, 1000], "give two sizes, the smaller first"),
    ("sources.held_out.source", "shoe", "'shoe' is no source; these are: clothes, shoes, bags"),
    ("sources.held_out.at_least", 0.05, "11 fitted mixtures are too few for the 12 coefficients of form pq"),
    ("sources.runs.steps", 4, "are too few for the 12 coefficients of form pq"),
    ("sources.runs.larger", [2000], "sources.runs.larger.0. = 2000 is disclosed already"),
    ("sources.runs.passes", [5, 2], "passes.1. = 2 does not exceed"),
    ("sources.choose.size", 2000, "sources.choose.size: 2000 does not exceed sizes.1. = 2000"),
    ("sources.samples.sources.clothes.size", 500, "samples.sources.clothes.size = 500 is below sizes.1. = 2000"),
    ("sources.samples.sources.clothes.classes", [0, 12], "give some, not all, of the classes 0 to 9"),
    ("sources", ABSENT, "source_error needs the key sources|nothing to do again"),
]


@pytest.mark.parametrize(("key", "value", "says"), FAULTS)
def test_faults_are_one_sentence(key, value, says):
    with pytest.raises(InputError, match=says) as found:
        parsed(changed(IMAGES, key, value))
    assert "\n" not in str(found.value)


def test_trainings_need_labels_and_a_test_set(tmp_path):
    for key in ("label", "test"):
        with pytest.raises(InputError, match=f"sources.samples.{key} is missing; the trainings need labels"):
            parsed(changed(trained(tmp_path), f"sources.samples.{key}", None))
    assert parsed(imported(tmp_path)).sources.jobs == []


def test_the_grid_holds_every_mixture_once():
    assert grid(2, 2) == [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    mixtures = grid(10, 3)
    assert len(mixtures) == len(set(mixtures)) == 66
    assert all(sum(weights) == pytest.approx(1) for weights in mixtures)
    assert mixture_name(mixtures[0], 1000) == "mix-0-0-1000-n1000"


def test_the_plan_counts_trainings_and_jobs(tmp_path):
    plan = describe_plan(parsed(IMAGES))
    assert "sources: clothes, shoes, bags; 285 trainings on mixtures of 1000, 2000, 8000 samples, then 3 x 8" in plan
    assert "jobs: 21" in plan
    assert "trainings imported" in describe_plan(parsed(imported(tmp_path)))


def test_jobs_that_are_not_the_studys_are_refused():
    study = parsed(IMAGES)
    check_source_job(study, "source-runs", {"size": 1000, "seed": 1})
    for stage, job in (("source-runs", {"size": 8000, "seed": 1}), ("source-choice-runs", {"seed": 8})):
        with pytest.raises(InputError, match="is not in study fashion_sources: the choices are"):
            check_source_job(study, stage, job)
    with pytest.raises(InputError, match="has no key sources: it has no stage sources"):
        check_source_job(parsed(content("lin2024")), "sources", {})


FITS = {"source-laws"}
CHANGES = [
    ("title", "Another", {"reproduction-report"}),
    ("sources.held_out.at_least", 0.6, FITS | {"reproduction-report"}),
    ("sources.choose.seeds", 9, {"source-choices", "reproduction-report"}),
    ("sources.runs.seeds", 3, {"reproduction-report"}),  # more files, which the rules name
    ("sources.samples.folder", "elsewhere", {"reproduction-report"}),
]


@pytest.mark.parametrize(("key", "value", "again"), CHANGES)
def test_a_change_runs_again_what_depends_on_it(key, value, again):
    before, after = parsed(IMAGES), parsed(changed(IMAGES, key, value))
    stages = [*RERUN_STAGES, *SOURCE_STAGES]
    assert {stage for stage in stages if rerun_digest(before, stage) != rerun_digest(after, stage)} == again
