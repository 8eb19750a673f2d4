"""Sources that reveal a part: every row is somewhere, the order of a file is nothing, useless features are named."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_sources import REVEALED, SOURCE_COUNTS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.revealed import assign, build_sources
from curation_scaling.store import read
from curation_scaling.study.sources import ClassSource
from source_data import ROWS, imported, trained
from study_data import parsed


def build(tmp_path, content):
    layout = Layout(tmp_path / "results/mixed")
    build_sources(parsed(content), layout)
    return read(layout.source("samples"), REVEALED, study="mixed"), read(
        layout.source("counts"), SOURCE_COUNTS, study="mixed"
    )


def test_every_row_of_every_file_is_somewhere(tmp_path):
    samples, counts = build(tmp_path, trained(tmp_path))
    assert dict(counts.group_by("place").agg(pl.sum("samples")).iter_rows()) == ROWS
    assert samples.height == sum(ROWS.values())
    assert samples.filter(source="left")["place"].to_list() == list(range(ROWS["left"]))


def test_the_order_of_a_file_is_nothing_and_a_repeated_sample_is_counted(tmp_path):
    content = trained(tmp_path)
    before, _ = build(tmp_path, content)
    frame = pl.read_parquet(tmp_path / "left.parquet")
    pl.concat([frame.reverse(), frame.head(3)]).write_parquet(tmp_path / "left.parquet")
    after, counts = build(tmp_path, content)
    assert after.equals(before)
    assert counts.filter(place="duplicate")["samples"].to_list() == [3]


def test_embeddings_alone_need_neither_labels_nor_uids(tmp_path):
    content = imported(tmp_path)
    for name in ("left", "right", "validation"):
        pl.read_parquet(tmp_path / f"{name}.parquet").select("embedding").write_parquet(tmp_path / f"{name}.parquet")
    samples, _ = build(tmp_path, content)
    assert samples["label"].null_count() == samples.height
    assert set(samples["role"]) == {"source", "validation"}


BROKEN = [
    (
        "left",
        lambda f: f.with_columns(embedding=pl.lit([1.0, 2.0, 3.0, 4.0])),
        "source 'left': its features have no variance",
    ),
    ("validation", lambda f: f.head(1), "the validation set: its features have no variance over 1 samples"),
    ("left", lambda f: f.with_columns(**{"class": pl.lit(7)}), "source 'left' shares no class with the validation set"),
    ("left", lambda f: f.drop("class"), "has no column 'class'"),
    ("left", lambda f: f.drop("embedding"), "has no column 'embedding'"),
    ("left", lambda f: f.with_columns(embedding=pl.lit("x")), "a list of numbers a row is needed"),
    ("left", lambda f: f.with_columns(pl.col("class").cast(float)), "must hold a whole number a row"),
    ("left", lambda f: f.clear(), "has no row"),
    ("right", lambda f: f.with_columns(pl.col("embedding").list.head(2)), "but left.parquet has others"),
    (
        "left",
        lambda f: f.with_columns(embedding=pl.lit([1.0, float("nan"), 0.0, 0.0])),
        "row 0 has numbers that are not finite",
    ),
]


@pytest.mark.parametrize(("file", "change", "says"), BROKEN)
def test_files_that_are_of_no_use_are_named(tmp_path, file, change, says):
    content = trained(tmp_path)
    path = tmp_path / f"{file}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)
    with pytest.raises(InputError, match=says):
        build(tmp_path, content)
    assert not Layout(tmp_path / "results/mixed").source("samples").exists()


def test_images_go_to_a_balanced_validation_set_and_to_sources_with_their_shares():
    labels = np.repeat(np.arange(10, dtype=np.int32), 100)
    sources = {
        "a": ClassSource(classes=[0, 1], share=0.9, size=100),
        "b": ClassSource(classes=[5], share=0.5, size=100),
    }
    taken = assign(labels, sources, validation=50)
    for name, most in (("a", {0: 45, 1: 45}), ("b", {5: 50})):
        of_class = np.bincount(labels[taken == name], minlength=10)
        assert of_class.sum() == 100
        assert {c: of_class[c] for c in most} == most
        rest = np.delete(of_class, list(most))
        assert rest.max() - rest.min() <= 1
    assert (np.bincount(labels[taken == "validation"]) == 5).all()
    with pytest.raises(InputError, match="class 0 has 100 samples, the sources and the validation set want 108"):
        assign(labels, {"a": ClassSource(classes=[0], share=0.98, size=100)}, validation=100)
    with pytest.raises(InputError, match="no sample is of class 9"):
        assign(labels[:900], {"a": ClassSource(classes=[9], share=0.5, size=10)}, validation=10)
