"""Runs of the built-in trainer, from the manifests to one table."""

import polars as pl
import pytest

from curation_scaling.artifacts import POOL, RUNS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.runs.collect import collect_runs
from curation_scaling.runs.identity import run_identities
from curation_scaling.runs.train import train_run
from curation_scaling.store import read
from study_data import changed, content, parsed


def small(**keys):
    """Digits in two buckets and their union; a tiny network, two checkpoints."""
    study = changed(content("smoke"), "pools.unions", {"all": ["bucket1", "bucket2"]})
    study = changed(study, "runs.checkpoints", [300, 1200])
    return parsed(
        study,
        pools__buckets=2,
        pools__draws=1,
        **{"runs__trainer__hidden": [8], "frontier__budgets": [600, 9600]} | keys,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    study, layout = small(), Layout(tmp_path_factory.mktemp("train"))
    build_samples(study, layout)
    build_buckets(study, layout, 0)
    for identity in run_identities(study):
        train_run(study, layout, *identity)
    collect_runs(study, layout)
    return study, layout


def test_a_row_says_what_was_trained_on_what(trained):
    study, layout = trained
    runs = read(layout.runs, RUNS, study="smoke")
    assert runs["run_id"].unique().sort().to_list() == [
        f"{pool}.draw-0.seed-0" for pool in ("all", "bucket1", "bucket2")
    ]
    sizes = {b: read(layout.pool(b, 0), POOL)["size"].sum() for b in ("bucket1", "bucket2")}
    for row in runs.iter_rows(named=True):
        parts = study.pools.members[row["pool"]]
        assert row["unique_samples"] == sum(sizes[p] for p in parts)
        assert row["repetitions"] == row["samples_seen"] / row["unique_samples"]
        assert [(w["pool"], w["size"]) for w in row["weights"]] == [(p, sizes[p]) for p in parts]
        assert sum(w["weight"] for w in row["weights"]) == pytest.approx(1)
        assert row["flops"] == 6.0 * row["params"] * row["samples_seen"]
        assert 0 < row["error"] < 1
    assert set(runs["metric"]) == {"error_rate"}
    late, early = (runs.filter(samples_seen=n)["error"].mean() for n in (1200, 300))
    assert late < early


def test_a_union_needs_no_manifest_of_its_own(trained):
    _, layout = trained
    assert not layout.pool("all", 0).exists()


def test_a_run_has_the_same_bytes_again_and_in_a_study_that_grew(trained):
    study, layout = trained
    path = layout.run("bucket2", 0, 0)
    before = path.read_bytes()
    for again in (study, small(runs__seeds=3, frontier__budgets=[600, 9600, 19200])):
        train_run(again, layout, "bucket2", 0, 0)
        assert path.read_bytes() == before


def test_seeds_and_settings_change_a_run(trained, tmp_path):
    _, layout = trained
    before = read(layout.run("bucket1", 0, 0), RUNS)
    other = Layout(tmp_path)
    for path in (layout.samples, layout.pool("bucket1", 0), layout.pool("bucket2", 0)):
        for file in (path, path.with_name(path.name + ".sha256")):
            target = tmp_path / file.relative_to(layout.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    train_run(small(runs__seeds=2), other, "bucket1", 0, 1)
    assert read(other.run("bucket1", 0, 1), RUNS)["error"].to_list() != before["error"].to_list()
    train_run(small(runs__trainer__learning_rate=0.01), other, "bucket1", 0, 0)
    assert read(other.run("bucket1", 0, 0), RUNS)["error"].to_list() != before["error"].to_list()


def test_samples_with_flipped_bytes_are_not_trained_on(trained, tmp_path):
    study, layout = trained
    path = layout.pool("bucket1", 0)
    content = path.read_bytes()
    try:
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        with pytest.raises(InputError, match=r"draw-0.parquet is not what was written"):
            train_run(study, layout, "bucket1", 0, 0)
    finally:
        path.write_bytes(content)


def test_a_missing_run_is_named_and_no_table_is_written(trained):
    study, layout = trained
    grown = small(runs__seeds=2)
    before = layout.runs.read_bytes()
    with pytest.raises(InputError, match=r"bucket1.draw-0.seed-1.parquet.sha256 is missing: delete"):
        collect_runs(grown, layout)
    assert layout.runs.read_bytes() == before
    assert isinstance(read(layout.runs, RUNS, study=study.study), pl.DataFrame)
