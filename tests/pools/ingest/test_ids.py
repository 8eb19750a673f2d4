"""Ids of every form become 128-bit uids; what is not of the form is named with its row."""

import uuid
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.pools.ingest import order
from curation_scaling.pools.ingest.ids import parse_ids
from curation_scaling.pools.ingest.order import maybe_repeated, part_of, partition, spread, uid_order
from curation_scaling.pools.sources.table import name_samples

U64 = st.integers(0, 2**64 - 1)


def parsed(values, form, kind=None):
    rows = parse_ids(pa.array(values, kind or pa.string()), form, "f: column 'uid'", 0)
    return list(zip(rows["uid_hi"].tolist(), rows["uid_lo"].tolist(), strict=True))


@given(st.lists(st.integers(0, 2**128 - 1), max_size=20))
def test_hex_and_uuid_are_the_number_they_write(numbers):
    expected = [(n >> 64, n & (2**64 - 1)) for n in numbers]
    assert parsed([f"{n:032x}" for n in numbers], "hex") == expected
    assert parsed([f"{n:032X}" for n in numbers], "hex") == expected
    assert parsed([f"{n:x}" for n in numbers], "hex") == expected  # zeros that were stripped come back
    assert parsed([str(uuid.UUID(int=n)) for n in numbers], "uuid") == expected


def test_a_slice_of_a_column_is_read_from_its_own_start():
    column = pa.array([f"{n:032x}" for n in range(9)])[4:7]
    assert parse_ids(column, "hex", "f", 0)["uid_lo"].tolist() == [4, 5, 6]


@given(st.lists(st.text(), max_size=20))
def test_texts_are_hashed_as_tables_hash_them(texts):
    texts = [f"id {t}" for t in texts]
    import polars as pl

    high, low = name_samples(pl.Series(texts, dtype=pl.String))
    assert parsed(texts, "text") == list(zip(high.tolist(), low.tolist(), strict=True))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=50))
def test_integers_stay_apart_and_spread(numbers):
    found = parsed(numbers, "integer", pa.int64())
    assert len(set(found)) == len(numbers)
    assert [low for _, low in found] == [n % 2**64 for n in numbers]


def test_small_integers_fall_into_all_parts():
    rows = parse_ids(pa.array(range(10_000)), "integer", "f", 0)
    counts = np.bincount(part_of(rows["uid_hi"], 8), minlength=8)
    assert counts.min() > 1100


@pytest.mark.parametrize(
    ("values", "form", "message"),
    [
        (["0" * 32, None], "hex", r"f: column 'uid' is null in row 101: name every sample"),
        (["0" * 32, "g" * 32], "hex", r"is 'g{32}' in row 101, which is no id of the form hex"),
        (["0" * 33], "hex", r"in row 100, which is no id of the form hex"),
        ([""], "hex", r"is '' in row 100"),
        (["0" * 36], "uuid", r"in row 100, which is no id of the form uuid"),
        (["ü" * 16], "hex", r"no id of the form hex"),
    ],
)
def test_a_wrong_id_is_named(values, form, message):
    with pytest.raises(InputError, match=message):
        parse_ids(pa.array(values, pa.string()), form, "f: column 'uid'", 100)


@given(st.lists(st.tuples(st.sampled_from([0, 1, 5, 2**63, 2**64 - 1]) | U64, st.integers(0, 3) | U64), max_size=60))
def test_uid_order_is_a_stable_sort(uids):
    high = np.array([h for h, _ in uids], np.uint64)
    low = np.array([lo for _, lo in uids], np.uint64)
    assert uid_order(high, low).tolist() == np.lexsort((low, high)).tolist()
    shared = {h for h in high.tolist() if (high == h).sum() > 1}
    assert {i for i, h in enumerate(high.tolist()) if h in shared} <= set(maybe_repeated(high).tolist())


def test_uid_order_of_uids_that_share_their_upper_bits():
    rng = np.random.default_rng(0)
    high = np.uint64(2**63) + rng.integers(0, 50, 3000).astype(np.uint64)
    low = rng.integers(0, 2**64, 3000, dtype=np.uint64)
    assert uid_order(high, low).tolist() == np.lexsort((low, high)).tolist()


@given(st.lists(U64, max_size=50), st.sampled_from([1, 2, 16, 1024]))
def test_parts_are_equal_ranges(values, parts):
    codes = part_of(np.array(values, np.uint64), parts)
    assert codes.tolist() == [v * parts >> 64 for v in values]
    rows, bounds = partition(codes, parts)
    assert len(bounds) == parts + 1
    assert sorted(rows.tolist()) == list(range(len(values)))
    assert all((codes[rows[a:b]] == k).all() for k, (a, b) in enumerate(pairwise(bounds)))


@given(st.integers(0, 2000), st.integers(1, 300), st.lists(st.integers(0, 2000), max_size=4), st.integers(0, 9))
def test_rows_are_spread_to_their_groups_in_their_own_order(n, count, cuts, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, count, n)
    rows = {"a": rng.integers(0, 2**64, n, dtype=np.uint64), "b": rng.random(n, np.float32)}
    at = [0, *sorted(min(cut, n) for cut in cuts), n]
    batches = [{name: column[a:b] for name, column in rows.items()} for a, b in pairwise(at)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "BLOCK", 1)
        found, bounds = spread(batches, codes, count)
    expected = np.argsort(codes, kind="stable")
    assert all((found[name] == column[expected]).all() for name, column in rows.items())
    assert bounds.tolist() == np.searchsorted(codes[expected], np.arange(count + 1)).tolist()


def test_a_short_id_of_other_letters_is_named_and_not_padded():
    with pytest.raises(InputError, match=r"é' in row 1"):
        parse_ids(pa.array(["1", "é"]), "hex", "f: column 'uid'", 0)
