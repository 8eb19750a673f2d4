"""Shards that cannot be read as the study says are named, and leave nothing behind."""

import math

import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.ingest.merge import merge_ranges
from curation_scaling.pools.ingest.stage import ingest_shards
from curation_scaling.pools.ledger import read_json
from curation_scaling.pools.subset import SUBSET
from curation_scaling.pools.table import read_rows
from curation_scaling.study.shard_plan import ShardPlan
from shard_data import shards_study

GOOD = {"uid": [1, 2, 3], "clip": [0.5, None, math.nan], "text": ["a b c def", "x", None], "w": [300, 300, 100]}
GOOD |= {"h": [300, 1000, 300], "lang": ["en", "de", "en"]}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    for i in range(3):
        good = GOOD | {"uid": [3 * i + u for u in GOOD["uid"]]}
        pl.DataFrame(good).write_parquet(folder / f"s{i}.parquet")
    return folder


def ingest(study, out, batch=0):
    layout = Layout(out)
    ingest_shards(study, layout, "rows", batch)
    return layout


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-20]), r"s1.parquet is truncated or damaged"),
        (lambda p: p.write_bytes(b""), r"s1.parquet is truncated or damaged"),
        (lambda p: pl.read_parquet(p).drop("clip").write_parquet(p), r"s1.parquet has no column 'clip': it has uid"),
        (
            lambda p: pl.read_parquet(p).with_columns(clip=pl.lit("x")).write_parquet(p),
            r"s1.parquet: column 'clip' holds (large_)?string(_view)?, a number needed",
        ),
        (
            lambda p: pl.read_parquet(p).with_columns(pl.col("clip").cast(pl.Float32)).write_parquet(p),
            r"s1.parquet: column 'clip' holds float, in .*s0.parquet it holds double; all shards need the same schema",
        ),
        (
            lambda p: pl.read_parquet(p).with_columns(uid=pl.lit(None, pl.Int64)).write_parquet(p),
            r"s1.parquet: column 'uid' is null in row 0: name every sample",
        ),
    ],
)
def test_a_spoilt_shard_is_named_and_nothing_is_written(folder, spoil, message):
    spoil(folder / "s1.parquet")
    with pytest.raises(InputError, match=message):
        ingest(shards_study(folder, rows_per_job=1000), folder.parent / "out")
    assert not [p for p in (folder.parent / "out").rglob("*") if p.is_file()]


def test_damage_inside_a_shard_is_named(folder):
    pl.DataFrame({"uid": range(9999), "clip": np.random.default_rng(0).random(9999)}).write_parquet(
        folder / "s1.parquet"
    )
    content = bytearray((folder / "s1.parquet").read_bytes())
    content[4:200] = bytes(196)
    (folder / "s1.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"s1.parquet is truncated or damaged"):
        ingest(shards_study(folder, rows_per_job=1000), folder.parent / "out")
    assert not [p for p in (folder.parent / "out").rglob("*") if p.is_file()]


def test_batches_of_other_schemas_are_found_when_they_meet(folder):
    pl.read_parquet(folder / "s2.parquet").with_columns(pl.col("clip").cast(pl.Float32)).write_parquet(
        folder / "s2.parquet"
    )
    study = shards_study(folder, rows=9, rows_per_job=3)
    for batch in range(3):
        layout = ingest(study, folder.parent / "out", batch)
    with pytest.raises(InputError, match=r"s2.parquet: column 'clip' holds float, in .*s0.parquet it holds double"):
        merge_ranges(study, layout, 0)


def test_named_filters_drop_and_count(folder):
    ids = np.array([(0, 0)], SUBSET)
    ids["f0"], ids["f1"] = (column[:1] for column in _uids([5]))
    np.save(folder / "block.npy", ids)
    (folder / "allow.txt").write_text("\n".join(map(str, range(1, 9))) + "\n")
    (folder / "languages.txt").write_text("en\nfr\n")
    filters = [
        {"name": "short", "kind": "caption"},
        {"name": "small", "kind": "image_size", "width": "w", "height": "h"},
        {"name": "foreign", "kind": "among", "column": "lang", "file": "languages.txt"},
        {"name": "blocked", "kind": "ids", "file": "block.npy"},
        {"name": "unlisted", "kind": "ids", "file": "allow.txt", "keep": True},
    ]
    # Each filter alone, then all: a row is counted under the first.
    alone = {"short": 6, "small": 6, "foreign": 3, "blocked": 1, "unlisted": 1}
    for item in filters:
        assert _dropped(folder, [item]) == {item["name"]: alone[item["name"]]}
    assert _dropped(folder, filters) == {"short": 6}
    assert _dropped(folder, filters[::-1]) == {"unlisted": 1, "blocked": 1, "foreign": 2, "small": 2}


def _uids(numbers):
    from curation_scaling.seeds import mix64

    low = np.array(numbers, np.uint64)
    return mix64(np.zeros_like(low), low, 0), low


def _dropped(folder, filters):
    study = shards_study(folder, filters=filters, rows_per_job=1000)
    layout = ingest(study, folder.parent / "out")
    counts = read_json(layout.work.read("rows", 0), study=study.study)
    dropped = {reason: sum(n.values()) for reason, n in counts["dropped"].items()}
    rows = read_rows(layout.work.run("rows", 0))
    assert len(rows["row"]) + sum(dropped.values()) == sum(counts["read"].values()) == 9
    return dropped


def test_rows_stay_joinable_to_their_shard(folder):
    study = shards_study(folder, rows_per_job=1000)
    layout = ingest(study, folder.parent / "out")
    shards = [pl.read_parquet(path) for path in ShardPlan(study).tables["rows"]]
    rows = read_rows(layout.work.run("rows", 0))
    assert [shards[s]["uid"][r] for s, r in zip(rows["shard"].tolist(), rows["row"].tolist(), strict=True)] == rows[
        "uid_lo"
    ].tolist()


def test_shards_are_split_by_their_bytes_and_every_one_is_read(folder):
    pl.DataFrame({"uid": range(100, 5000), "clip": [0.1] * 4900}).write_parquet(folder / "s0.parquet")
    plan = ShardPlan(shards_study(folder, rows=30, rows_per_job=10))
    assert [shard for batch in plan.batches("rows") for shard in batch] == plan.tables["rows"]
    assert plan.batches("rows")[0] == plan.tables["rows"][:1]


@pytest.mark.parametrize(
    ("shards", "message"),
    [
        (["nothing/*.parquet"], r"key pools.source.shards\[0\]: .* matches no Parquet file; put the shards there"),
        ([".", "s0.parquet"], r"key pools.source.shards: .*s0.parquet is named twice"),
    ],
)
def test_patterns_that_name_no_shards_or_one_twice(folder, shards, message):
    with pytest.raises(InputError, match=message):
        _ = ShardPlan(shards_study(folder, shards=shards)).tables


def test_addresses_are_counted_out(folder):
    plan = ShardPlan(shards_study(folder, shards=["https://a.example/{08..11}-{0..1}.parquet"]))
    assert plan.tables["rows"][:3] == [f"https://a.example/{n}.parquet" for n in ("08-0", "08-1", "09-0")]
    assert len(plan.tables["rows"]) == 8


def test_two_texts_with_one_uid_are_refused(folder):
    """No pair of texts with one BLAKE2b hash is known: the stored checksum of one is changed instead."""
    from curation_scaling.pools.dedup.ids import check_collisions

    rows = {name: np.array([1, 1], np.uint64) for name in ("uid_hi", "uid_lo")}
    check_collisions(rows | {"check": np.array([7, 7], np.uint32)})
    with pytest.raises(InputError, match=r"two different ids share the uid 0{15}10{15}1: rename one of them"):
        check_collisions(rows | {"check": np.array([7, 8], np.uint32)})
