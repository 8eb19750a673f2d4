import math

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.pools.draws import draw_samples

TYPES = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64, "group": pl.String, "size": pl.Int64}
SEEDS = st.integers(0, 2**63 - 1)


@st.composite
def sources(draw):
    uids = st.tuples(st.integers(0, 2), st.integers(0, 2**64 - 1))
    names = draw(st.lists(uids, min_size=1, max_size=30, unique=True))
    rows = [(hi, lo, draw(st.sampled_from("ab")), draw(st.integers(1, 5))) for hi, lo in names]
    return pl.DataFrame(rows, schema=TYPES, orient="row")


def names(frame):
    return set(frame.select("uid_hi", "uid_lo").iter_rows())


@given(source=sources(), seed=SEEDS, data=st.data())
def test_a_larger_draw_contains_a_smaller_one(source, seed, data):
    small, large = sorted(data.draw(st.integers(1, source["size"].sum())) for _ in range(2))
    a, b = (draw_samples(source, size=size, stratify=False, seed=seed) for size in (small, large))
    assert names(a) <= names(b)
    for frame, size in ((a, small), (b, large)):
        assert size <= frame["size"].sum() < size + 5  # whole samples until it is reached


@given(source=sources(), seed=SEEDS, stratify=st.booleans(), data=st.data())
def test_the_order_of_rows_does_not_matter(source, seed, stratify, data):
    smallest = source.group_by("group").agg(pl.sum("size"))["size"].min()
    size = smallest * source["group"].n_unique() if stratify else source["size"].sum() // 2
    assume(size > 0)
    shuffled = source[data.draw(st.permutations(range(source.height)))]
    a, b = (draw_samples(frame, size=size, stratify=stratify, seed=seed) for frame in (source, shuffled))
    assert a.equals(b)
    assert a.columns == source.columns
    assert a.select("uid_hi", "uid_lo").rows() == sorted(names(a))


@given(source=sources(), seed=SEEDS, data=st.data())
def test_strata_give_equal_shares(source, seed, data):
    held = dict(source.group_by("group").agg(pl.sum("size")).iter_rows())
    size = data.draw(st.integers(1, min(held.values()) * len(held)))
    drawn = draw_samples(source, size=size, stratify=True, seed=seed)
    for group, found in drawn.group_by("group").agg(pl.sum("size")).iter_rows():
        assert size / len(held) <= found < size / len(held) + 5, group
    assert set(drawn["group"]) == set(held)


@given(source=sources(), seed=SEEDS, stratify=st.booleans())
def test_too_little_is_refused(source, seed, stratify):
    held = dict(source.group_by("group").agg(pl.sum("size")).iter_rows())
    total = min(held.values()) * len(held) if stratify else source["size"].sum()
    draw_samples(source, size=total, stratify=stratify, seed=seed)
    with pytest.raises(InputError) as caught:
        draw_samples(source, size=total + 1, stratify=stratify, seed=seed)
    text = str(caught.value)
    assert text.startswith("key pools.sample.size: ")
    assert text.endswith("are asked for; lower the size")
    group = min(held, key=lambda g: (held[g], g))
    assert (f"group {group!r} of the source holds {held[group]} units" if stratify else f"holds {total} units") in text


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(InputError, match=r"key pools.sample.size: the source holds 0 units, 5 are asked for; lower"):
        draw_samples(pl.DataFrame(schema=TYPES), size=5, stratify=False, seed=0)


def test_samples_of_a_source_that_grows_keep_their_order():
    """Each sample's place depends on its own uid: more data never reshuffles what was there."""
    types = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}
    source = pl.DataFrame({"uid_hi": [0] * 400, "uid_lo": range(400)}, schema_overrides=types)
    source = source.with_columns(group=pl.lit(""), size=pl.lit(1, pl.Int64))
    half = source.filter(pl.col("uid_lo") < 200)
    whole = draw_samples(source, size=200, stratify=False, seed=1)
    few = draw_samples(half, size=whole.filter(pl.col("uid_lo") < 200).height, stratify=False, seed=1)
    assert names(few) == names(whole.filter(pl.col("uid_lo") < 200))
    assert abs(few.height - 100) < 5 * math.sqrt(400 * 0.25)  # and it is spread evenly
    other = draw_samples(source, size=200, stratify=False, seed=2)
    assert 60 < len(names(whole) & names(other)) < 140  # two draws are independent
