"""Buckets against a sort in plain Python."""

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.pools.buckets import cut_buckets

SCORES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, 1e308]), st.floats(allow_nan=False, allow_infinity=False)
)
KEEP = st.sampled_from(["high", "low"])
NARROW = st.integers(0, 3)  # halves that collide, and small ones beside 2^64 - 1


@st.composite
def pools(draw, minimum=1):
    uids = st.tuples(NARROW | st.just(2**64 - 1), NARROW | st.integers(0, 2**64 - 1))
    names = draw(st.lists(uids, min_size=minimum, max_size=24, unique=True))
    some = draw(st.lists(SCORES, min_size=1, max_size=4))  # few values: ties
    rows = [
        (high, low, draw(st.sampled_from("abc")), draw(st.integers(1, 9)), draw(st.sampled_from(some)))
        for high, low in names
    ]
    return frame(rows)


def frame(rows):
    types = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64, "group": pl.String, "size": pl.Int64, "score": pl.Float64}
    return pl.DataFrame(rows, schema=types, orient="row")


def best_first(pool, keep, within_group):
    """Rows of a pool, the best first, and the value that each is ranked by, exactly."""
    rows = pool.rows(named=True)
    sign = -1 if keep == "high" else 1

    def order(row):
        return (sign * row["score"], row["uid_hi"], row["uid_lo"])

    if not within_group:
        return [(row, row["score"]) for row in sorted(rows, key=order)]
    ranked = []
    for group in {row["group"] for row in rows}:
        members = sorted((r for r in rows if r["group"] == group), key=order)
        ranked += [(Fraction(2 * i + 1, 2 * len(members)), row) for i, row in enumerate(members)]
    ranked.sort(key=lambda pair: (pair[0], pair[1]["uid_hi"], pair[1]["uid_lo"]))
    return [(row, 1 - behind if keep == "high" else behind) for behind, row in ranked]


@given(pool=pools(), buckets=st.integers(1, 8), keep=KEEP, within_group=st.booleans())
def test_buckets_are_those_of_a_plain_sort(pool, buckets, keep, within_group):
    assume(pool.height >= buckets)
    cut, edges = cut_buckets(pool, keep=keep, within_group=within_group, buckets=buckets)
    expected = {}
    ranked = best_first(pool, keep, within_group)
    for rank, (row, _) in enumerate(ranked):
        bucket = next(k for k in range(1, buckets + 1) if rank < math.ceil(Fraction(k * pool.height, buckets)))
        expected[row["uid_hi"], row["uid_lo"]] = (row["score"], bucket, rank, row["size"])
    found = {(hi, lo): tuple(rest) for hi, lo, *rest in cut.iter_rows()}
    assert found == expected
    assert cut.select("uid_hi", "uid_lo").rows() == sorted(expected)
    sizes = edges["rows"].to_list()
    assert sum(sizes) == pool.height
    assert max(sizes) - min(sizes) <= 1
    assert sum(edges["size"]) == pool["size"].sum()
    assert edges["bucket"].to_list() == list(range(1, buckets + 1))
    for edge, end in zip(edges.iter_rows(named=True), sizes, strict=True):
        rows = [r for r in ranked if expected[r[0]["uid_hi"], r[0]["uid_lo"]][1] == edge["bucket"]]
        last, value = rows[-1]
        assert (edge["cut_uid_hi"], edge["cut_uid_lo"]) == (last["uid_hi"], last["uid_lo"])
        assert edge["score_min"] == min(r["score"] for r, _ in rows)
        assert edge["score_max"] == max(r["score"] for r, _ in rows)
        assert edge["ties"] == sum(v == value for _, v in ranked)
        assert len(rows) == end
    assert edges["cut_rank"].to_list()[-1] == pool.height - 1


@given(pool=pools(), keep=KEEP, within_group=st.booleans(), data=st.data())
def test_the_order_of_rows_does_not_matter(pool, keep, within_group, data):
    buckets = data.draw(st.integers(1, pool.height))
    shuffled = pool[data.draw(st.permutations(range(pool.height)))]
    for a, b in zip(
        cut_buckets(pool, keep=keep, within_group=within_group, buckets=buckets),
        cut_buckets(shuffled, keep=keep, within_group=within_group, buckets=buckets),
        strict=True,
    ):
        assert a.equals(b)


@given(pool=pools(), keep=KEEP, within_group=st.booleans(), coarse=st.integers(1, 4), finer=st.integers(1, 4))
def test_coarse_buckets_are_unions_of_fine_ones(pool, keep, within_group, coarse, finer):
    assume(pool.height >= coarse * finer)
    options = {"keep": keep, "within_group": within_group}
    wide, _ = cut_buckets(pool, buckets=coarse, **options)
    narrow, _ = cut_buckets(pool, buckets=coarse * finer, **options)
    assert wide["bucket"].to_list() == [-(-b // finer) for b in narrow["bucket"]]


@given(pool=pools())
def test_one_row_a_bucket_and_not_less(pool):
    cut, edges = cut_buckets(pool, keep="high", buckets=pool.height)
    assert sorted(cut["bucket"]) == list(range(1, pool.height + 1))
    assert edges["rows"].to_list() == [1] * pool.height
    with pytest.raises(InputError) as caught:
        cut_buckets(pool, keep="high", buckets=pool.height + 1)
    assert str(caught.value) == (
        f"key pools.buckets: {pool.height + 1} buckets of {pool.height} scored rows; lower the number"
    )


@given(pool=pools(minimum=2), keep=KEEP, within_group=st.booleans())
def test_equal_scores_are_parted_by_uid(pool, keep, within_group):
    pool = pool.with_columns(score=pl.lit(0.5), group=pl.lit("a"))
    cut, edges = cut_buckets(pool, keep=keep, within_group=within_group, buckets=2)
    assert cut["rank"].to_list() == list(range(pool.height))  # the rows are sorted by uid
    if not within_group:
        assert edges["ties"].to_list() == [pool.height] * 2


@given(pool=pools(), keep=KEEP, edges=st.lists(SCORES, min_size=1, max_size=3, unique=True))
def test_edges_part_the_scores_and_rows_on_an_edge_go_up(pool, keep, edges):
    edges = sorted(edges)
    high = [sum(score >= edge for edge in edges) for score in pool["score"]]
    bucket = [len(edges) + 1 - above if keep == "high" else above + 1 for above in high]
    expected = dict(zip(pool.select("uid_hi", "uid_lo").iter_rows(), bucket, strict=True))
    empty = [k for k in range(1, len(edges) + 2) if k not in bucket]
    if empty:
        with pytest.raises(InputError, match=rf"key pools.edges: no row falls into bucket{empty[0]}; change the edges"):
            cut_buckets(pool, keep=keep, edges=edges)
        return
    cut, _ = cut_buckets(pool, keep=keep, edges=edges)
    assert {(hi, lo): b for hi, lo, b in cut.select("uid_hi", "uid_lo", "bucket").iter_rows()} == expected


def test_a_row_on_an_edge_belongs_to_the_higher_side():
    pool = frame([(0, i, "", 1, score) for i, score in enumerate([0.1, 0.5, 0.5, 0.9, -0.0, 0.0, -0.1])])
    assert cut_buckets(pool, keep="high", edges=[0.0, 0.5])[0]["bucket"].to_list() == [2, 1, 1, 1, 2, 2, 3]
    assert cut_buckets(pool, keep="low", edges=[0.0, 0.5])[0]["bucket"].to_list() == [2, 3, 3, 3, 2, 2, 1]


def test_edges_within_groups_are_quantiles():
    rows = [(0, i, "small" if i < 4 else "large", 1, float(i if i < 4 else 1000 * i)) for i in range(8)]
    cut, _ = cut_buckets(frame(rows), keep="high", within_group=True, edges=[0.5])
    assert cut["bucket"].to_list() == [2, 2, 1, 1, 2, 2, 1, 1]


@given(pool=pools(), within_group=st.booleans())
def test_high_is_low_of_the_negated_score(pool, within_group):
    buckets = min(3, pool.height)
    high, _ = cut_buckets(pool, keep="high", within_group=within_group, buckets=buckets)
    low, _ = cut_buckets(pool.with_columns(-pl.col("score")), keep="low", within_group=within_group, buckets=buckets)
    assert high["rank"].to_list() == low["rank"].to_list()
