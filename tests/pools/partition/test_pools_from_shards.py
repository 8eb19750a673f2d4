"""Pools from shards against their definition: filter, deduplicate, score and sort in one frame."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_scaling.artifacts import EDGES, SUMMARY
from curation_scaling.errors import InputError
from curation_scaling.shard_artifacts import GROUP_EDGES, HISTOGRAM, LEDGER
from curation_scaling.store import read, verify
from curation_scaling.study.shard_plan import ShardPlan
from shard_data import artifacts, build, manifest, shards_study

SCORE = st.one_of(
    st.sampled_from([0.5, 0.25, 0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -1e-310, None]),
    st.floats(width=32),
)
ROW = st.fixed_dictionaries(
    {
        "uid": st.integers(0, 40),
        "clip": SCORE,
        "other": SCORE,
        "width": st.integers(0, 3),
        "tokens": st.integers(1, 9),
        "group": st.sampled_from(["a", "b", "ü"]),
        "content": st.sampled_from([f"{i:032x}" for i in (1, 2, 3)] + [None]),
    }
)
TYPES = {"uid": pl.Int64, "clip": pl.Float64, "other": pl.Float64, "width": pl.Int64, "tokens": pl.Int64}
TYPES |= {"group": pl.String, "content": pl.String}
POOLS = st.lists(st.lists(ROW, max_size=25), min_size=1, max_size=4)  # shards, some of them empty


def write_shards(folder, shards):
    folder.mkdir(parents=True, exist_ok=True)
    for i, rows in enumerate(shards):
        pl.DataFrame(rows, schema=TYPES).write_parquet(folder / f"s{i}.parquet")


def key(value, keep):
    return -value if keep == "high" else value


def known(value):
    return value is not None and not math.isnan(value)


def uid(row):
    """The order of uids: integers are spread over all ranges by their mix."""
    from curation_scaling.seeds import mix64

    low = np.array([row["uid"]], np.uint64)
    return int(mix64(np.zeros_like(low), low, 0)[0]), row["uid"]


def expected_rows(shards, keep, counts):
    """The definition, row by row: what is kept, and the reasons for the rest."""
    rows = [dict(r) for shard in shards for r in shard]
    counts |= {"read": len(rows)}
    chosen = {}
    for row in rows:
        row["fails"] = not row["width"] > 0
        rank = (row["fails"], not known(row["clip"]), key(row["clip"], keep) if known(row["clip"]) else 0)
        rest = [row[n] or "" for n in ("content", "group")], row["tokens"]
        row["rank"] = (rank, rest)
        best = chosen.get(row["uid"])
        if best is None or rank < best["rank"][0]:
            chosen[row["uid"]] = row
    kept = []
    for row in rows:
        if row["fails"]:
            counts["narrow"] = counts.get("narrow", 0) + 1
        elif row is not chosen[row["uid"]]:
            counts["duplicate"] = counts.get("duplicate", 0) + 1
        else:
            kept.append(row)
    return kept


@given(POOLS, st.integers(1, 6), st.sampled_from(["high", "low"]), st.sampled_from(["float32", "float64"]))
@settings(max_examples=30)
def test_buckets_are_those_of_a_sort(tmp_path_factory, shards, buckets, keep, precision):
    folder = tmp_path_factory.mktemp("pool")
    if precision == "float32":  # rounded before, so that the definition compares what is compared
        for shard in shards:
            for row in shard:
                row["clip"] = None if row["clip"] is None else float(np.float32(row["clip"]))
    write_shards(folder / "shards", shards)
    filters = [{"name": "narrow", "kind": "where", "where": "width > 0"}]
    pools = {"buckets": buckets, "keep": keep, "unions": {"all": [f"bucket{k + 1}" for k in range(buckets)]}}
    study = shards_study(folder / "shards", pools, filters=filters, precision=precision)
    counts = {}
    kept = expected_rows(shards, keep, counts)
    scored = [r for r in kept if known(r["clip"])]
    if len(scored) < len(kept):
        counts["unscored"] = len(kept) - len(scored)
    if len(scored) < buckets:
        with pytest.raises(InputError, match=r"no row is left to cut|buckets of \d+ scored rows"):
            build(study, folder / "out")
        return
    layout = build(study, folder / "out")
    ordered = sorted(scored, key=lambda r: (key(r["clip"], keep), uid(r)))
    start = 0
    for k in range(1, buckets + 1):
        end = -(-k * len(ordered) // buckets)
        part = manifest(study, layout, f"bucket{k}")
        assert set(part["uid_lo"]) == {r["uid"] for r in ordered[start:end]}
        assert part.height == end - start
        assert part.select("uid_hi", "uid_lo").rows() == sorted(part.select("uid_hi", "uid_lo").rows())
        subset = np.load(layout.whole_subset(f"bucket{k}"), allow_pickle=False)
        assert subset.dtype == np.dtype("u8,u8")
        assert subset.tolist() == part.select("uid_hi", "uid_lo").rows()
        start = end
    assert manifest(study, layout, "all").height == len(ordered)
    summary = read(layout.summary, SUMMARY, study="cut")
    found = {o: n for kind, o, n in summary["kind", "outcome", "rows"].iter_rows() if kind != "kept"}
    assert found == counts
    assert summary.filter(kind="kept")["rows"].sum() == len(ordered)
    ledger = read(layout.ledger, LEDGER, study="cut")
    for i, shard in enumerate(shards):
        rows = dict(ledger.filter(shard=f"s{i}.parquet")["outcome", "rows"].iter_rows())
        assert rows.pop("read", 0) == len(shard) == sum(rows.values())
    assert read(layout.histogram, HISTOGRAM)["rows"].sum() == len(ordered)


@pytest.fixture
def shards():
    rng = np.random.default_rng(3)
    rows = []
    for i in range(60):
        rows.append(
            {
                "uid": int(rng.integers(0, 55)),
                "clip": float(np.round(rng.normal(), 1)) if i % 11 else None,
                "other": float(rng.normal()) if i % 13 else math.nan,
                "width": int(rng.integers(0, 4)),
                "tokens": int(rng.integers(1, 9)),
                "group": "abü"[int(rng.integers(3))],
                "content": f"{int(rng.integers(0, 30)):032x}" if i % 5 else None,
            }
        )
    return [rows[:25], [], rows[25:33], rows[33:]]


FULL = {
    "filters": [
        {"name": "worst", "kind": "top", "score": "other", "share": 0.9},
        {"name": "narrow", "kind": "where", "where": "width > 0"},
    ],
    "content": "content",
    "scores": {"clip": "clip", "other": "other"},
    "combine": {"by": "rank_average", "scores": {"clip": 2, "other": 1}},
    "tokens": "tokens",
    "group": "group",
}


def test_jobs_and_the_order_of_shards_change_no_byte(tmp_path, shards):
    write_shards(tmp_path / "a", shards)
    write_shards(tmp_path / "b", shards[::-1])
    pools = {"buckets": 3, "by": "size", "within_group": True, "unions": {"u": ["bucket1", "bucket3"]}}
    pools["subsets"] = {"part": {"of": "u", "share": 0.5}}
    one = build(shards_study(tmp_path / "a", pools, **FULL, rows_per_job=1000), tmp_path / "one")
    many = build(shards_study(tmp_path / "a", pools, **FULL, rows_per_job=7), tmp_path / "many")
    turned = build(shards_study(tmp_path / "b", pools, **FULL), tmp_path / "turned")
    first = artifacts(one)
    parts = [name for name in first if "/part-" in name or name.endswith(".npy")]
    assert len(parts) == 2 * 5 * 4 + 5  # with their checksums
    assert {n: v for n, v in artifacts(many).items() if n in parts} == {n: first[n] for n in parts}
    for name in ("edges", "group_edges", "summary", "histogram", "shards"):
        path = f"pools/{name}.parquet"
        assert pl.read_parquet(one.root / path).equals(pl.read_parquet(many.root / path)), name
        if name != "shards":
            assert pl.read_parquet(one.root / path).equals(pl.read_parquet(turned.root / path)), name
    for pool in ("bucket1", "u", "part"):
        study = shards_study(tmp_path / "a", pools, **FULL)
        assert manifest(study, one, pool).equals(manifest(study, turned, pool))


def test_a_study_of_everything_is_its_definition(tmp_path, shards):
    """Top filter, where, ids, contents, weighted rank average, and buckets of equal tokens."""
    write_shards(tmp_path / "s", shards)
    study = shards_study(tmp_path / "s", {"buckets": 3, "by": "size"}, **FULL)
    layout = build(study, tmp_path / "out")
    rows = [r for shard in shards for r in shard]
    for row in rows:
        row["fails"] = row["width"] <= 0
        row["key"] = (row["fails"], not known(row["clip"]), -(row["clip"] if known(row["clip"]) else 0))
    distinct = {}
    tie = lambda r: (r["key"], int(r["content"] or "0", 16), r["group"])  # noqa: E731
    for row in rows:
        if row["uid"] not in distinct or tie(row) < tie(distinct[row["uid"]]):
            distinct[row["uid"]] = row
    pool = list(distinct.values())
    scored = sorted((r for r in pool if known(r["other"])), key=lambda r: (-r["other"], uid(r)))
    top = {r["uid"] for r in scored[: math.ceil(Fraction("0.9") * len(scored))]}
    survivors = [r for r in pool if not r["fails"]]
    best = {}
    for row in survivors:
        if row["content"] not in (None, "0" * 32):
            held = best.get(row["content"])
            if held is None or (row["key"], uid(row)) < (held["key"], uid(held)):
                best[row["content"]] = row
    repeated = {r["uid"] for r in survivors if r["content"] in best and best[r["content"]] is not r}

    def quantile(name, row):
        values = [r[name] for r in survivors if known(r[name])]
        below, equal = sum(v < row[name] for v in values), sum(v == row[name] for v in values)
        return (below + equal / 2) / len(values)

    final = [r for r in survivors if r["uid"] in top and r["uid"] not in repeated]
    final = [r for r in final if known(r["clip"]) and known(r["other"])]
    for row in final:
        row["score"] = (2 * quantile("clip", row) + quantile("other", row)) / 3
    ordered = sorted(final, key=lambda r: (-r["score"], uid(r)))
    total, before = sum(r["tokens"] for r in ordered), 0
    names = {1: set(), 2: set(), 3: set()}
    for row in ordered:
        bucket = 1 + sum(before >= -(-k * total // 3) for k in (1, 2))
        names[bucket].add(row["uid"])
        before += row["tokens"]
    for k in (1, 2, 3):
        part = manifest(study, layout, f"bucket{k}")
        assert set(part["uid_lo"]) == names[k]
    edges = read(layout.edges, EDGES, study="cut")
    assert edges["size"].sum() == total
    last = [r for r in ordered if r["uid"] in names[1]][-1]
    assert (edges["cut_uid_hi"][0], edges["cut_uid_lo"][0]) == uid(last)


def test_attached_scores_are_joined_by_id_and_the_missing_counted(tmp_path, shards):
    write_shards(tmp_path / "s", shards)
    (tmp_path / "t").mkdir()
    ids = sorted({r["uid"] for shard in shards for r in shard})
    known_ids = [i for i in ids if i % 3]
    table = pl.DataFrame({"id": known_ids, "mask": [i / 7 for i in known_ids]})
    table[:10].write_parquet(tmp_path / "t/0.parquet")
    table[10:].write_parquet(tmp_path / "t/1.parquet")
    attach = [{"shards": [str(tmp_path / "t")], "id": "id", "id_form": "integer", "scores": {"mask": "mask"}}]
    filters = [{"name": "low", "kind": "where", "where": "mask > 1 OR mask IS NULL"}]
    study = shards_study(tmp_path / "s", {"buckets": 2}, attach=attach, rank_by="mask", filters=filters)
    layout = build(study, tmp_path / "out")
    pool = pl.concat([manifest(study, layout, name) for name in ("bucket1", "bucket2")])
    assert sorted(pool["uid_lo"]) == [i for i in known_ids if i / 7 > 1]
    assert pool["score"].to_list() == [i / 7 for i in pool["uid_lo"]]
    summary = read(layout.summary, SUMMARY)
    found = dict(summary.filter(kind="rejected")["outcome", "rows"].iter_rows())
    assert found["missing_mask"] == len(ids) - len(known_ids)
    # A filter that reads attached scores comes before the repeats, as every filter does.
    assert sum(found.values()) == 60 - pool.height

    pl.concat([table, table[:1].with_columns(mask=pl.lit(9.0))]).write_parquet(tmp_path / "t/0.parquet")
    (tmp_path / "t/1.parquet").unlink()
    with pytest.raises(InputError, match=r"pools.source.attach\[0\]: the uid [0-9a-f]{32} stands there twice with"):
        build(study, tmp_path / "again")


def test_given_edges_top_pools_and_nested_subsets(tmp_path, shards):
    write_shards(tmp_path / "s", shards)
    study = shards_study(tmp_path / "s", {"edges": [-0.5, 0.5]})
    layout = build(study, tmp_path / "edges")
    assert manifest(study, layout, "bucket1")["score"].min() >= 0.5
    assert manifest(study, layout, "bucket3")["score"].max() < -0.5
    everything = sum(manifest(study, layout, f"bucket{k}").height for k in (1, 2, 3))

    subsets = {"small": {"of": "top2", "size": 6}, "large": {"of": "top2", "share": 0.8}}
    subsets["even"] = {"of": "top2", "size": 6, "stratify": True}
    study = shards_study(tmp_path / "s", {"top": [0.2, 20], "subsets": subsets}, group="group")
    layout = build(study, tmp_path / "top")
    one, two = (set(manifest(study, layout, f"top{k}")["uid_lo"]) for k in (1, 2))
    assert one < two
    assert (len(one), len(two)) == (math.ceil(Fraction("0.2") * everything), 20)
    assert manifest(study, layout, "bucket3").height == everything - 20
    small, large = (set(manifest(study, layout, name)["uid_lo"]) for name in ("small", "large"))
    assert small < large < two
    assert (len(small), len(large)) == (6, 16)
    even = manifest(study, layout, "even")
    assert even["group"].value_counts()["count"].to_list() == [2, 2, 2]
    greedy = {"greedy": {"of": "top2", "size": 21}}
    with pytest.raises(InputError, match=r"key pools.subsets.greedy: pool 'top2' holds 20, 21 are asked for"):
        build(shards_study(tmp_path / "s", {"top": [0.2, 20], "subsets": greedy}), tmp_path / "greedy")


def test_groups_are_cut_by_their_own_ranks(tmp_path, shards):
    write_shards(tmp_path / "s", shards)
    study = shards_study(tmp_path / "s", {"buckets": 3, "within_group": True}, group="group")
    layout = build(study, tmp_path / "out")
    parts = [manifest(study, layout, f"bucket{k}") for k in (1, 2, 3)]
    heights = [p.height for p in parts]
    assert max(heights) - min(heights) <= 1
    for group in "abü":
        scores = [p.filter(group=group)["score"] for p in parts]
        assert scores[0].min() >= scores[1].max() >= scores[1].min() >= scores[2].max()
        sizes = [len(s) for s in scores]
        assert max(sizes) - min(sizes) <= 1
    assert read(layout.edges, EDGES)["cut_uid_lo"].null_count() == 3
    for row in read(layout.group_edges, GROUP_EDGES, study="cut").iter_rows(named=True):
        own = [p.filter(group=row["group"])["score"] for p in parts]
        inside, beyond = pl.concat(own[: row["bucket"]]), pl.concat(own[row["bucket"] :])
        assert row["pool"] == f"bucket{row['bucket']}"
        assert (row["score"], row["reached"]) == (inside.min(), len(inside))
        assert row["tied_before"] == (inside == row["score"]).sum()
        assert row["ties"] == row["tied_before"] + (beyond == row["score"]).sum()


def test_a_flipped_byte_between_stages_is_found(tmp_path, shards):
    write_shards(tmp_path / "s", shards)
    study = shards_study(tmp_path / "s", {"buckets": 2})
    layout = build(study, tmp_path / "out")
    from curation_scaling.pools.partition.stage import cut_ranges

    path = layout.work.scored(0)
    content = bytearray(path.read_bytes())
    content[30] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"part-0000.parquet is not what was written"):
        cut_ranges(study, layout, 0)


def test_every_recorded_checksum_is_right(tmp_path, shards):
    write_shards(tmp_path / "s", shards)
    layout = build(shards_study(tmp_path / "s"), tmp_path / "out")
    for path in layout.root.rglob("*.sha256"):
        verify(path.with_name(path.name.removesuffix(".sha256")))


def test_a_table_and_shards_are_cut_alike(tmp_path, shards):
    """The in-memory source and the one of shards have one definition of a bucket."""
    from curation_scaling.pools.buckets import cut_buckets

    write_shards(tmp_path / "s", shards)
    study = shards_study(tmp_path / "s", {"buckets": 4, "keep": "low"})
    layout = build(study, tmp_path / "out")
    parts = [manifest(study, layout, f"bucket{k}") for k in range(1, 5)]
    pool = pl.concat(parts).select("uid_hi", "uid_lo", "score", group=pl.lit(""), size=pl.lit(1, pl.Int64))
    cut, edges = cut_buckets(pool, keep="low", buckets=4)
    for k, part in enumerate(parts, 1):
        assert cut.filter(bucket=k).select("uid_hi", "uid_lo").equals(part.select("uid_hi", "uid_lo"))
    mine = read(layout.edges, EDGES).drop("draw", "pool")
    assert mine.equals(edges.select(mine.columns))


@pytest.mark.parametrize("rows_per_job", [7, 1000])
def test_pools_without_subset_files_are_the_same_pools(tmp_path, shards, rows_per_job):
    write_shards(tmp_path / "s", shards)
    pools = {"buckets": 3, "unions": {"u": ["bucket1", "bucket3"]}}
    whole, bare = (
        shards_study(tmp_path / "s", pools, rows_per_job=rows_per_job, subset_files=files) for files in (True, False)
    )
    first, second = artifacts(build(whole, tmp_path / "whole")), artifacts(build(bare, tmp_path / "bare"))
    assert ShardPlan(bare).bytes_a_row < ShardPlan(whole).bytes_a_row
    assert set(first) - set(second) == {f"pools/{name}" for pool in ("bucket1", "bucket2", "bucket3", "u")
                                        for name in (f"{pool}.npy", f"{pool}.npy.sha256")}  # fmt: skip
    assert all(first[name] == data for name, data in second.items())
