"""Samples, buckets, unions and their tables, from one small table of scores."""

import json
import math

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import EDGES, POOL, SAMPLES, SUMMARY
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.collect import collect_pools
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.pools.unions import build_union
from curation_scaling.store import read
from study_data import content, declared, parsed, scored_table, table

ROWS = 60


@pytest.fixture
def study(tmp_path):
    """60 rows, one of them twice, two without a score; two draws of 80 units."""
    frame = scored_table(ROWS).with_columns(topic=pl.Series([f"t{i % 2}" for i in range(ROWS)]))
    score = frame["quality"].to_list()
    score[3], score[4] = None, math.nan
    frame = frame.with_columns(quality=pl.Series(score))
    pl.concat([frame, frame[:1]]).write_parquet(tmp_path / "pool.parquet")
    pools = {"sample": {"size": 80, "stratify": True}, "draws": 2, "buckets": 3}
    content = table(tmp_path / "pool.parquet")
    content["pools"] |= pools | {"unions": {"top2": ["bucket1", "bucket2"], "all": ["bucket1", "bucket2", "bucket3"]}}
    content["pools"]["source"]["group"] = "topic"
    return parsed(content)


def build(study, root):
    layout = Layout(root)
    build_samples(study, layout)
    for draw in range(study.pools.draws):
        build_buckets(study, layout, draw)
        for union in study.pools.unions:
            build_union(study, layout, union, draw)
    collect_pools(study, layout)
    return layout


def names(frame):
    return set(frame.select("uid_hi", "uid_lo").iter_rows())


def test_buckets_part_the_draw_and_unions_join_them(study, tmp_path):
    layout = build(study, tmp_path / "results")
    samples = read(layout.samples, SAMPLES, study="tiny")
    for draw in (0, 1):
        parts = [read(layout.pool(f"bucket{k}", draw), POOL, study="tiny") for k in (1, 2, 3)]
        whole = read(layout.pool("all", draw), POOL, study="tiny")
        assert sum(len(names(p)) for p in parts) == len(names(whole)) == whole.height
        assert set.union(*map(names, parts)) == names(whole)
        assert names(read(layout.pool("top2", draw), POOL)) == names(parts[0]) | names(parts[1])
        assert parts[0]["score"].min() >= parts[1]["score"].max()
        assert parts[1]["score"].min() >= parts[2]["score"].max()
        heights = [p.height for p in parts]
        assert max(heights) - min(heights) <= 1
        assert sorted(whole["rank"]) == list(range(whole.height))
        assert names(whole) <= names(samples.filter(pl.col("score").is_finite()))
        for pool, frame in (("bucket1", parts[0]), ("all", whole)):
            uids = np.load(layout.subset(pool, draw), allow_pickle=False)
            assert uids.tolist() == frame.select("uid_hi", "uid_lo").rows()


def test_every_row_is_accounted_for(study, tmp_path):
    layout = build(study, tmp_path / "results")
    summary = read(layout.summary, SUMMARY, study="tiny")
    for draw in (0, 1):
        rows = {
            (kind, outcome): n for kind, outcome, n in summary.filter(draw=draw)["kind", "outcome", "rows"].iter_rows()
        }
        assert rows.pop(("input", "read")) == ROWS + 1 == sum(rows.values())
        assert rows["rejected", "duplicate"] == 1
        assert rows["rejected", "unscored"] == 2
        assert {o for k, o in rows if k == "kept"} == {"bucket1", "bucket2", "bucket3"}
        sizes = {o: n for o, n in summary.filter(draw=draw, kind="kept")["outcome", "size"].iter_rows()}
        assert 80 <= sum(sizes.values()) < 80 + 2 * 3
        edges = read(layout.edges, EDGES, study="tiny").filter(draw=draw)
        assert dict(edges["pool", "size"].iter_rows()) == sizes
        whole = read(layout.samples, SAMPLES)["size"].sum()
        parts = summary.filter((pl.col("draw") == draw) & (pl.col("kind") != "input"))
        assert parts["size"].sum() == whole


def test_the_same_study_gives_the_same_bytes(study, tmp_path):
    first, second = build(study, tmp_path / "a"), build(study, tmp_path / "b")
    files = sorted(p.relative_to(first.root) for p in first.root.rglob("*") if p.is_file())
    assert len(files) == 2 * (2 + 2 * (2 * 5 + 2) + 2)  # samples, counts, per draw 5 pools twice and 2 tables, 2 tables
    for file in files:
        assert (first.root / file).read_bytes() == (second.root / file).read_bytes()


def test_another_draw_leaves_the_first_as_it_is(study, tmp_path):
    first = build(study, tmp_path / "a")
    grown = study.model_copy(update={"pools": study.pools.model_copy(update={"draws": 3})})
    second = build(grown, tmp_path / "b")
    for path in (first.pool("bucket1", 1), first.subset("all", 0), first.samples, first.edges_of(0)):
        assert (second.root / path.relative_to(first.root)).read_bytes() == path.read_bytes()
    assert read(second.edges, EDGES)["draw"].n_unique() == 3
    draws = [names(read(second.pool("all", d), POOL)) for d in range(3)]
    assert len({frozenset(d) for d in draws}) == 3


def test_a_draw_larger_than_the_table_is_refused_and_leaves_nothing(study, tmp_path):
    sample = study.pools.sample.model_copy(update={"size": 1000})
    study = study.model_copy(update={"pools": study.pools.model_copy(update={"sample": sample})})
    layout = Layout(tmp_path / "results")
    build_samples(study, layout)
    with pytest.raises(InputError, match=r"key pools.sample.size: group 't\d' of the source holds \d+ units, 500 are"):
        build_buckets(study, layout, 0)
    assert sorted(p.name for p in layout.root.rglob("*") if p.is_file()) == [
        "samples.parquet", "samples.parquet.sha256", "source.json", "source.json.sha256",
    ]  # fmt: skip


def test_more_buckets_than_rows_are_refused(tmp_path):
    scored_table(4).write_parquet(tmp_path / "pool.parquet")
    study = parsed(table(tmp_path / "pool.parquet"), pools__buckets=9, pools__unions={})
    layout = Layout(tmp_path / "results")
    build_samples(study, layout)
    with pytest.raises(InputError, match=r"key pools.buckets: 9 buckets of 4 scored rows; lower the number"):
        build_buckets(study, layout, 0)


def test_samples_of_another_study_or_flipped_bytes_are_refused(study, tmp_path):
    layout = build(study, tmp_path / "results")
    other = study.model_copy(update={"study": "other"})
    with pytest.raises(InputError, match="belongs to the study 'tiny', not to 'other'"):
        build_buckets(other, layout, 0)
    path = layout.pool("bucket1", 0)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"draw-0.parquet is not what was written"):
        build_union(study, layout, "all", 0)


def test_a_table_that_changed_since_it_was_declared_is_refused(tmp_path):
    scored_table(4).write_parquet(tmp_path / "pool.parquet")
    study = parsed(table(tmp_path / "pool.parquet"), pools__source__files=[
        {"path": str(tmp_path / "pool.parquet"), "sha256": "0" * 64}
    ])  # fmt: skip
    with pytest.raises(InputError, match=r"pool.parquet has sha256 [0-9a-f]{64}, the study wants 0{64}"):
        build_samples(study, Layout(tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_scores_of_images_are_computed_and_the_test_set_is_held_out(tmp_path):
    study = parsed(content("smoke"))
    layout = Layout(tmp_path)
    build_samples(study, layout)
    samples = read(layout.samples, SAMPLES, study="smoke")
    counts = json.loads(layout.source_counts.read_text())["counts"]
    assert counts["read"] == sum(v for k, v in counts.items() if k != "read")
    assert samples.height == counts["kept"]
    assert samples.filter(role="pool")["score"].is_finite().all()
    build_buckets(study, layout, 0)
    summary = read(layout.summary_of(0), SUMMARY)
    assert summary.filter(kind="held_out", outcome="test")["rows"].item() == samples.filter(role="test").height


def test_declared_pools_have_no_samples(tmp_path):
    with pytest.raises(InputError, match=r"key pools.source.kind: declared pools have no samples; import their runs"):
        build_samples(parsed(declared()), Layout(tmp_path))
