"""Trainings on mixtures of sources are ordinary runs; what sources cannot deliver is not trained."""

import polars as pl
import pytest

from curation_scaling.artifacts import RUNS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.revealed import build_sources
from curation_scaling.runs.mixed import import_mixtures, train_mixtures
from curation_scaling.store import read
from curation_scaling.study.sources import mixture_name
from source_data import imported, trained
from study_data import changed, parsed


@pytest.fixture
def study(tmp_path):
    rerun, layout = parsed(trained(tmp_path)), Layout(tmp_path / "results/mixed")
    build_sources(rerun, layout)
    return rerun, layout


def runs_of(rerun, layout, size, seed=0):
    train_mixtures(rerun, layout, size, seed)
    return read(layout.source_runs(size, seed), RUNS, study="mixed")


def test_a_run_sees_whole_passes_of_its_sources_in_proportion(study):
    runs = runs_of(*study, 48)
    assert runs["pool"].n_unique() == 17
    run = runs.filter(pool=mixture_name((0.25, 0.75), 48))
    assert run["samples_seen"].to_list() == [48, 96, 192]
    assert run["weights"][0].to_list() == [
        {"pool": "left", "weight": 0.25, "size": 12},
        {"pool": "right", "weight": 0.75, "size": 36},
    ]
    alone = runs.filter(pool=mixture_name((1.0, 0.0), 48))
    assert alone["weights"][0].to_list() == [{"pool": "left", "weight": 1.0, "size": 48}]
    assert (runs["error"] > 0).all()


def test_runs_are_the_same_again_and_differ_by_seed(study):
    first = runs_of(*study, 48)
    bytes_before = study[1].source_runs(48, 0).read_bytes()
    runs_of(*study, 48)
    assert study[1].source_runs(48, 0).read_bytes() == bytes_before
    assert not first["error"].equals(runs_of(*study, 48, 1)["error"])


def test_mixtures_that_a_source_cannot_deliver_are_not_trained(tmp_path):
    content = changed(changed(trained(tmp_path), "sources.runs.larger", [140]), "sources.choose.size", 140)
    rerun, layout = parsed(content), Layout(tmp_path / "results/mixed")
    build_sources(rerun, layout)
    # left holds 130: of the grid of thirds at 140 samples only (1, 0) needs more.
    expected = {mixture_name((w, 1 - w), 140) for w in (0.0, 1 / 3, 2 / 3)}
    assert set(runs_of(rerun, layout, 140)["pool"]) == expected


def test_imported_trainings_become_runs(tmp_path):
    rerun, layout = parsed(imported(tmp_path)), Layout(tmp_path / "results/mixed")
    import_mixtures(rerun, layout)
    runs = read(layout.source_runs("imported", 0), RUNS, study="mixed")
    assert runs.height == 3 * 21
    assert set(runs["metric"]) == {"loss"}
    assert runs.filter(pool=mixture_name((0.25, 0.75), 80))["weights"][0].to_list() == [
        {"pool": "left", "weight": 0.25, "size": 20},
        {"pool": "right", "weight": 0.75, "size": 60},
    ]


BROKEN = [
    (lambda f: f.drop("left"), "has no column 'left'"),
    (lambda f: f.with_columns(loss=pl.lit("x")), "column 'loss' holds String, numbers are needed"),
    (lambda f: f.with_columns(left=pl.col("left") + 0.2), "row 0: weights must be shares of 0 or more that sum to 1"),
    (lambda f: f.with_columns(loss=-pl.col("loss")), "and the error above 0"),
    (lambda f: f.filter(pl.col("samples") != 80), "has no training on 80 samples"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN)
def test_tables_of_trainings_that_cannot_be_are_named(tmp_path, change, says):
    rerun, layout = parsed(imported(tmp_path)), Layout(tmp_path / "results/mixed")
    change(pl.read_csv(tmp_path / "trainings.csv")).write_csv(tmp_path / "trainings.csv")
    with pytest.raises(InputError, match=says):
        import_mixtures(rerun, layout)
