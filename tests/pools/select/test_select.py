"""Exact cuts against a brute-force sort, on pools of every awkward kind and in any number of batches."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from curation_scaling.errors import InputError
from curation_scaling.pools.select import bits, ends
from curation_scaling.pools.select.assign import Assigner
from curation_scaling.pools.select.cuts import edge_cuts, find_cuts, ties_in, wanted
from curation_scaling.pools.select.histogram import Histogram, merge

AWKWARD = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 5e-324, -5e-324, 1e-45, 0.25, 0.25000003, 1e300, -1e300]


def as_type(values, dtype):
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(dtype)


@st.composite
def pools(draw):
    """Scores in the order of their uids, sizes, groups, and where batches begin."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = 8 * np.dtype(dtype).itemsize
    value = st.one_of(
        st.sampled_from([float(a) for a in as_type(AWKWARD, dtype)]), st.floats(allow_nan=False, width=width)
    )
    scores = draw(hnp.arrays(dtype, st.integers(1, 60), elements=value, fill=st.nothing()))
    n = len(scores)
    size = draw(hnp.arrays(np.int64, n, elements=st.integers(1, 2**40)))
    group = draw(hnp.arrays(np.int32, n, elements=st.integers(0, 3)))
    stops = sorted(draw(st.lists(st.integers(0, n), max_size=3)))
    return bits.positive_zero(scores), size, group, [0, *stops, n]


def select(scores, targets, keep, batches, size=None, group=None):
    """The product's way: histograms of each batch, merged, refined lane by lane; then each batch by itself."""
    by, kind = "rows" if size is None else "size", scores.dtype.kind
    parts = [slice(a, b) for a, b in pairwise(batches)]
    levels, tables = [], []
    for level in range(bits.lanes_of(scores)):
        prefixes = wanted(find_cuts(levels, targets, kind=kind, keep=keep, by=by)) if level else None
        tables = []
        for p in parts:
            histogram = Histogram(level, prefixes)
            histogram.add(scores[p], None if size is None else size[p], None if group is None else group[p])
            tables.append(histogram.table())
        levels.append(merge(tables))
    cuts = find_cuts(levels, targets, kind=kind, keep=keep, by=by)
    buckets, before = [], {}
    for p, table in zip(parts, tables, strict=True):
        assigner = Assigner(cuts, before, kind=kind, keep=keep)
        buckets.append(
            assigner.assign(scores[p], None if size is None else size[p], None if group is None else group[p])
        )
        for key, amount in ties_in(table, len(levels) - 1, by).items():
            before[key] = before.get(key, 0) + amount
    return np.concatenate(buckets)


def sorted_buckets(scores, targets, keep, amounts):
    """The definition: sort by score and uid, and see how much is before each row."""
    order = np.lexsort((np.arange(len(scores)), -scores if keep == "high" else scores))
    before = np.empty(len(scores), np.int64)
    before[order] = np.cumsum(amounts[order]) - amounts[order]
    return np.searchsorted(targets, before, side="right")


@given(pools(), st.integers(1, 70), st.sampled_from(["high", "low"]), st.booleans())
def test_equal_shares_are_those_of_a_sort(pool, buckets, keep, by_size):
    scores, size, _, batches = pool
    amounts = size if by_size else np.ones(len(scores), np.int64)
    targets = ends.equal_shares(int(amounts.sum()), buckets)
    found = select(scores, {0: targets}, keep, batches, size if by_size else None)
    assert found.tolist() == sorted_buckets(scores, targets, keep, amounts).tolist()
    if not by_size and len(scores) >= buckets:
        counts = np.bincount(found, minlength=buckets)
        assert counts.max() - counts.min() <= 1


@given(pools(), st.integers(1, 5), st.sampled_from(["high", "low"]))
def test_groups_are_ranked_by_their_own_quantiles(pool, buckets, keep):
    scores, _, group, batches = pool
    sizes = dict(enumerate(np.bincount(group).tolist()))
    targets = ends.group_ends(sizes, ends.equal_shares(len(scores), buckets), "rows")
    found = select(scores, targets, keep, batches, group=group)
    # By definition: quantile within the group, then groups in their order, cut at ceil(k N / B).
    rank = np.empty(len(scores), np.int64)
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)
        order = np.lexsort((rows, -scores[rows] if keep == "high" else scores[rows]))
        rank[rows[order]] = np.arange(len(rows))
    value = [Fraction(2 * int(r) + 1, 2 * sizes[int(g)]) for r, g in zip(rank, group, strict=True)]
    order = sorted(range(len(scores)), key=lambda i: (value[i], group[i]))
    expected = np.empty(len(scores), np.int64)
    expected[order] = np.searchsorted(ends.equal_shares(len(scores), buckets), np.arange(len(scores)), side="right")
    assert found.tolist() == expected.tolist()


@given(
    pools(), st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=4, unique=True), st.sampled_from(["high", "low"])
)
def test_given_edges_send_rows_on_them_up(pool, edges, keep):
    scores, _, _, _ = pool
    edges = np.unique(as_type(edges, scores.dtype) + 0)
    found = Assigner({0: edge_cuts(edges, scores.dtype, keep)}, {}, kind="f", keep=keep).assign(scores)
    above = np.searchsorted(edges, scores, side="right")
    assert found.tolist() == (len(edges) - above if keep == "high" else above).tolist()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=50), st.integers(1, 5), st.integers(1, 50))
def test_hashes_are_selected_as_floats_are(values, batches, take):
    hashes = np.array(values, np.uint64)
    take = min(take, len(hashes))
    stops = np.linspace(0, len(hashes), batches + 1).astype(int).tolist()
    found = select(hashes, {0: [take]}, "low", stops)
    chosen = sorted(range(len(hashes)), key=lambda i: (values[i], i))[:take]
    assert sorted(np.flatnonzero(found == 0).tolist()) == sorted(chosen)


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 30), min_size=1), st.data())
def test_shares_of_groups_sum_and_nest(rows, data):
    total = sum(rows.values())
    if total:
        a, b = sorted(data.draw(st.tuples(*[st.integers(0, total)] * 2)))
        low, high = ends.apportion(rows, a), ends.apportion(rows, b)
        assert sum(low.values()) == a
        assert sum(high.values()) == b
        assert all(low[g] <= high[g] <= rows[g] for g in low)


def test_grids_nest():
    for total in (1, 7, 1000, 12_800_001):
        assert set(ends.equal_shares(total, 10)) <= set(ends.equal_shares(total, 20))


def test_nested_tops_are_shares_or_amounts():
    assert ends.top_ends(1001, [0.1, 0.3, 400], "top") == [101, 301, 400]
    with pytest.raises(InputError, match=r"key top\[1\]: 2000 are asked for, there are 1001; lower it"):
        ends.top_ends(1001, [0.5, 2000], "top")
    with pytest.raises(InputError, match=r"key top\[1\]: adds nothing to the 501 before it; spread them"):
        ends.top_ends(1001, [0.5, 501], "top")


@pytest.mark.parametrize(("keep", "expected"), [("high", [3, 8]), ("low", [2, 7])])
def test_quantile_edges_are_those_of_the_definition(keep, expected):
    n, edges = 10, [0.25, 0.75]
    rank = np.arange(1, n + 1)
    value = 1 - (rank - 0.5) / n if keep == "high" else (rank - 0.5) / n
    above = np.searchsorted(edges, value, side="right")
    bucket = 2 - above if keep == "high" else above
    counts = np.cumsum(np.bincount(bucket, minlength=3))[:2].tolist()
    assert counts == expected
    assert ends.quantile_edges(n, edges, keep) == counts
