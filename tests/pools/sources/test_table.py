import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.source import uids
from curation_scaling.pools.sources.table import name_samples, read_table

HEX = "0123456789abcdef"


def save(path, frame):
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path


def shard(**columns):
    return pl.DataFrame({"uid": ["a", "b", "c"], "score": [0.1, 0.2, 0.3]} | columns)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), min_size=1, max_size=9))
def test_hexadecimal_uids_are_taken_as_they_are(pairs):
    text = [f"{high:016x}{low:016x}" for high, low in pairs]
    for ids in (text, [t.upper() for t in text]):
        high, low = name_samples(pl.Series(ids))
        assert high.dtype == low.dtype == np.uint64
        assert list(zip(high.tolist(), low.tolist(), strict=True)) == pairs


@given(st.lists(st.text(max_size=40), min_size=1, max_size=9))
def test_other_ids_are_hashed(ids):
    ids = [i for i in ids if not (len(i) == 32 and set(i.lower()) <= set(HEX))]
    high, low = name_samples(pl.Series(ids, dtype=pl.String))
    expected = uids(i.encode() for i in ids)
    assert (high == expected[0]).all()
    assert (low == expected[1]).all()


def test_an_id_has_one_name_whatever_stands_beside_it():
    uid = "0123456789abcdef" * 2
    alone, beside = name_samples(pl.Series([uid])), name_samples(pl.Series([uid, "page 7", uid + "\n"]))
    assert (alone[0][0], alone[1][0]) == (beside[0][0], beside[1][0])
    assert len({*zip(beside[0].tolist(), beside[1].tolist(), strict=True)}) == 3


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_columns_are_read_by_their_names(tmp_path, ending):
    frame = shard(length=[5, 6, 7], topic=["x", None, "y"], score=[0.5, None, math.nan], other=[1, 2, 3])
    path = save(tmp_path / f"a.{ending}", frame)
    source = read_table([path], score="score", size="length", group="topic")
    expected = frame.with_columns(hi=pl.Series(name_samples(frame["uid"])[0])).sort("hi")
    assert source.frame["uid_hi"].to_list() == expected["hi"].to_list()
    assert source.frame["size"].to_list() == expected["length"].to_list()
    assert source.frame["group"].to_list() == expected["topic"].fill_null("").to_list()
    assert source.frame["role"].unique().to_list() == ["pool"]
    assert source.frame["score"].is_finite().sum() == 1  # null and NaN are kept, to be counted as unscored
    assert source.counts == {"read": 3, "kept": 3, "duplicate": 0}


def test_duplicates_within_and_across_shards_are_counted_and_the_first_is_kept(tmp_path):
    first = save(tmp_path / "a.parquet", shard(uid=["a", "b", "a"]))
    second = save(tmp_path / "b.csv", shard(uid=["c", "b", "d"], score=[1.0, 2.0, 3.0]))
    source = read_table([first, second], score="score")
    assert source.counts == {"read": 6, "kept": 4, "duplicate": 2}
    assert sorted(source.frame["score"]) == [0.1, 0.2, 1.0, 3.0]
    assert source.frame["size"].to_list() == [1] * 4
    assert source.frame.select("uid_hi", "uid_lo").rows() == sorted(source.frame.select("uid_hi", "uid_lo").rows())


def test_ids_in_csv_stay_as_they_are_written(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("uid,score\n007,1\n7,2\n00000000000000000000000000000012,3\n1e3,4\n1000,5\n")
    source = read_table([path], score="score")
    assert source.counts["duplicate"] == 0
    assert (0, 0x12) in source.frame.select("uid_hi", "uid_lo").rows()


def test_whole_numbers_are_ids_by_their_digits(tmp_path):
    path = save(tmp_path / "a.parquet", shard(uid=[7, 8, 9]))
    expected = uids([b"7", b"8", b"9"])[0]
    assert set(read_table([path], score="score").frame["uid_hi"]) == set(expected.tolist())


def test_scores_of_csv_that_look_whole_at_first(tmp_path):
    path = save(tmp_path / "a.csv", pl.DataFrame({"uid": range(2000), "score": ["1"] * 1999 + ["0.5"]}))
    assert read_table([path], score="score").frame["score"].min() == 0.5


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"score": ["high", "low", "low"]}, "column 'score' holds String, a number is needed"),
        ({"score": [True, False, True]}, "column 'score' holds Boolean, a number is needed"),
        ({"length": ["x", "y", "z"]}, "column 'length' holds String, a number is needed"),
        ({"length": [1, 0, 2]}, "column 'length' is no whole size above 0 in row 1; mend or drop the row"),
        ({"length": [1, None, 2]}, "column 'length' is no whole size above 0 in row 1; mend or drop the row"),
        ({"length": [1.0, 2.0, 0.5]}, "column 'length' is no whole size above 0 in row 2; mend or drop the row"),
        ({"length": [math.nan, 2.0, 3.0]}, "column 'length' is no whole size above 0 in row 0; mend or drop the row"),
        ({"length": [1.0, 1e308, 3.0]}, "column 'length' is no whole size above 0 in row 1; mend or drop the row"),
        ({"length": [1.0, math.inf, 3.0]}, "column 'length' is no whole size above 0 in row 1; mend or drop the row"),
        ({"uid": ["a", None, "c"]}, "column 'uid' is null in row 1; name every sample"),
        ({"uid": [1.0, 2.0, 3.0]}, "column 'uid' holds Float64: an id is text or a whole number"),
    ],
)
def test_bad_columns_are_named(tmp_path, columns, expected):
    path = save(tmp_path / "a.parquet", shard(**{"length": [1, 2, 3]} | columns))
    with pytest.raises(InputError) as caught:
        read_table([path], score="score", size="length")
    assert str(caught.value) == f"{path}: {expected}"


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_missing_column_is_named_with_those_that_are_there(tmp_path, ending):
    path = save(tmp_path / f"a.{ending}", shard())
    with pytest.raises(InputError) as caught:
        read_table([path], score="clip")
    assert str(caught.value) == f"{path} has no column 'clip': it has uid, score"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        InputError, match=r"none.parquet is missing: put the file there or change its path in the study"
    ):
        read_table([tmp_path / "none.parquet"], score="score")


@pytest.mark.parametrize("keep", [0, 3, 200, -1])
def test_a_truncated_file_is_named(tmp_path, keep):
    path = save(tmp_path / "a.parquet", shard())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError) as caught:
        read_table([path], score="score")
    assert str(caught.value).startswith(f"{path} is truncated or damaged (")
    assert "\n" not in str(caught.value)


def test_an_empty_csv_and_another_format_are_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(InputError, match=r"a.csv is truncated or damaged \("):
        read_table([tmp_path / "a.csv"], score="score")
    with pytest.raises(InputError, match=r"a.xlsx ends in '.xlsx': give a .parquet or .csv file"):
        read_table([tmp_path / "a.xlsx"], score="score")
