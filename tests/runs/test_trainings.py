"""Trainings by model, batch and groups: a source by module, cells as asked, and points of them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curation_scaling.artifacts import SAMPLES
from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.artifacts_trainings import TRAININGS
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import read_json
from curation_scaling.pools.sources.alphabet import SYMBOLS
from curation_scaling.runs.steps import whole_steps
from curation_scaling.runs.trainings import build_source, train_set
from curation_scaling.store import read
from curation_scaling.study.locate import check_inputs
from curation_scaling.study.plan import describe_plan
from curation_scaling.study.rerun_keys import rerun_digest, training_jobs
from study_data import ABSENT, changed, parsed
from trainings_data import trained, write_package

Build = Callable[[dict[str, Any]], tuple[Any, Layout]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    write_package(tmp_path, monkeypatch)

    def made(content: dict[str, Any]) -> tuple[Any, Layout]:
        rerun, layout = parsed(content), Layout(tmp_path / "results/trained")
        build_source(rerun, layout)
        return rerun, layout

    return made


def test_whole_modules_are_held_out_and_every_row_is_counted(build: Build) -> None:
    _, layout = build(trained())
    samples = read(layout.samples, SAMPLES, study="trained")
    groups = {role: set(part["group"]) for (role,), part in samples.group_by("role")}
    assert len(groups["test"]) == 3
    assert len(groups["pool"]) == 6
    assert groups["test"].isdisjoint(groups["pool"])
    assert all(name.startswith("wares.m") for name in groups["pool"])
    noted = read_json(layout.source_counts, study="trained")
    assert noted["counts"]["kept"] == samples.height
    assert noted["counts"]["read"] == sum(n for reason, n in noted["counts"].items() if reason != "read")
    assert noted["provenance"] == {"wares": "1.5"}


def test_every_cell_is_trained_and_becomes_points(build: Build) -> None:
    rerun, layout = build(trained())
    for job in training_jobs(rerun):
        train_set(rerun, layout, *job)
    grid = read(layout.training("grid", 1), TRAININGS, study="trained")
    assert grid.height == 3 * 3 * 2
    assert (grid["unique_samples"] == grid["groups"] * grid["per_group"]).all()
    assert (grid["unique_units"] == 60 * grid["unique_samples"]).all()
    batches = read(layout.training("batches", 0), TRAININGS, study="trained")
    assert batches.select("batch_size", "samples_seen", "steps").rows() == [
        (16, 96, 6), (16, 608, 38), (64, 128, 2), (64, 576, 9),
    ]  # fmt: skip
    assert batches["params"].unique().to_list() == [2 * (SYMBOLS + 1) * 3 + 3 + 3 * SYMBOLS + SYMBOLS]
    assert batches["groups"].unique().to_list() == [6]
    build_points(rerun, layout)
    points = read(layout.points, POINTS, study="trained")
    assert points.height == 2 * (grid.height + batches.height)
    assert points.filter(group="grid")["role"].unique().to_list() == ["fitted"]
    assert points["draw"].unique().sort().to_list() == [0, 1]


def test_the_same_bytes_again_and_early_stopping_keeps_the_lowest(build: Build) -> None:
    content = changed(trained(), "trainings.early_stopping", True)
    content = changed(content, "trainings.draws", 1)
    rerun, layout = build(content)
    for job in training_jobs(rerun):
        train_set(rerun, layout, *job)
    before = layout.training("grid", 0).read_bytes()
    train_set(rerun, layout, "grid", 0)
    assert layout.training("grid", 0).read_bytes() == before
    build_points(rerun, layout)
    points = read(layout.points, POINTS, study="trained")
    lowest = read(layout.training("grid", 0), TRAININGS, study="trained").group_by("cell").agg(pl.min("error"))
    assert sorted(points.filter(group="grid")["error"]) == sorted(lowest["error"])


def test_the_learning_rate_grows_with_the_batch_size_where_asked(build: Build) -> None:
    rerun, layout = build(changed(trained(), "trainings.rate_exponent", 0.5))
    train_set(rerun, layout, "batches", 0)
    rates = (
        read(layout.training("batches", 0), TRAININGS, study="trained")
        .group_by("batch_size")
        .agg(pl.first("learning_rate"))
    )
    assert dict(rates.iter_rows()) == pytest.approx({16: 0.002 * 0.5**0.5, 64: 0.002 * 2**0.5})


def test_a_new_set_leaves_the_others_alone(build: Build) -> None:
    rerun, _ = build(trained())
    grown = trained()
    grown["trainings"]["sets"].append({"name": "more", "hidden": [8], "checkpoints": [64]})
    jobs = training_jobs(rerun)
    assert training_jobs(parsed(grown))[: len(jobs)] == jobs
    for stage, jobs_of in (("trainings", jobs), ("trainings-source", [()])):
        for job in jobs_of:
            identity = dict(zip(("set", "draw"), job, strict=False))
            assert rerun_digest(rerun, stage, **identity) == rerun_digest(parsed(grown), stage, **identity)
    assert rerun_digest(rerun, "points") != rerun_digest(parsed(grown), "points")
    held = parsed(changed(trained(), "trainings.sets.1.held_out", True))
    assert rerun_digest(rerun, "points") != rerun_digest(held, "points")
    assert rerun_digest(rerun, "trainings", set="batches", draw=0) == rerun_digest(
        held, "trainings", set="batches", draw=0
    )
    *_, jobs, time = describe_plan(rerun).splitlines()
    assert jobs == "jobs: 9"  # source, 4 trainings, points, fits, report, all
    assert re.fullmatch(r"time: about \d+ s on 1 core \(\d+ s of CPU\)", time)
    long = parsed(changed(trained(), "trainings.sets.0.passes", [10**9]))
    assert describe_plan(long, cores=2).splitlines()[-1].endswith("h of CPU)")


def test_missing_packages_are_said_before_any_job() -> None:
    with pytest.raises(InputError, match="source: the package no_such has no version on record here"):
        check_inputs(parsed(changed(trained(), "trainings.source.packages", ["no_such"])))


def test_steps_are_whole() -> None:
    assert whole_steps([10, 100, 130, 1000], 100) == [100, 1000]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("trainings.sets.0.groups", [2, 99], r"sets\[0\].groups: 99 modules are asked for, 6 hold 6 samples"),
        ("trainings.source.test_modules", 9, "9 modules of wares hold 6 samples of 60 characters, and test_modules"),
        ("trainings.source.packages", ["wares", "no_such"], "the package no_such is not installed"),
    ],
)
def test_sources_that_hold_too_little(build: Build, key: str, value: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        build(changed(trained(), key, value))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("trainings.sets.0.per_group", [1], "trainings.sets[0].per_group: groups of one sample cannot tell groups"),
        ("trainings.sets.0.per_group", [2, 8], "trainings.sets[0].per_group: 8 samples a group, but groups may hold"),
        ("trainings.sets.0.groups", [2, 2], "trainings.sets[0].groups[1]: 2 stands there twice"),
        ("trainings.sets.0.passes", ABSENT, "trainings.sets[0].checkpoints: give exactly one of checkpoints"),
        ("trainings.sets.1.checkpoints", [9, 9], "trainings.sets[1].checkpoints[1] = 9 does not exceed checkpoints[0]"),
        ("trainings.sets.1.name", "grid", "trainings.sets[1]: 'grid' stands there twice; name it once"),
        ("trainings.source.test_chunks", 7, "trainings.source.test_chunks = 7 exceeds smallest = 6; lower it"),
        ("trainings.trainer.inputs", "features", "trainings.trainer.inputs: docstrings are text; use characters"),
        ("fits.0.table", "runs", "fits[0].table: 'runs' is no table; these are: trainings"),
    ],
)  # fmt: skip
def test_faults_are_one_sentence(key: str, value: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(changed(trained(), key, value))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
