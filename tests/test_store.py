"""Artifacts are written whole or not at all, and verified before use."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling import __version__, artifacts, store
from curation_scaling.artifacts import EDGES, FRONTIER, POOL, RUNS, SAMPLES, Schema
from curation_scaling.errors import InputError

SCHEMAS = [value for value in vars(artifacts).values() if isinstance(value, Schema)]


def pool(rows=5):
    return pl.DataFrame(
        {
            "uid_hi": pl.Series([i // 2 for i in range(rows)], dtype=pl.UInt64) + 2**63,
            "uid_lo": pl.Series([i % 2 for i in range(rows)], dtype=pl.UInt64),
            "score": [i / 10 for i in range(rows)],
            "bucket": pl.Series([1 + i % 2 for i in range(rows)], dtype=pl.Int32),
            "rank": pl.Series(range(rows), dtype=pl.Int64),
            "size": pl.Series([3] * rows, dtype=pl.Int64),
        }
    )


def runs():
    frame = pl.DataFrame(
        {
            "study": ["tiny"] * 3,
            "run_id": ["a", "a", "b"],
            "pool": ["x", "x", "y"],
            "weights": [
                [{"pool": "x", "weight": 1.0, "size": 10}],
                [{"pool": "x", "weight": 1.0, "size": 10}],
                [{"pool": "x", "weight": 0.5, "size": 10}, {"pool": "z", "weight": 0.5, "size": 10}],
            ],
            "unique_samples": [10, 10, 20],
            "samples_seen": [10, 20, 20],
            "unit": ["samples"] * 3,
            "repetitions": [1.0, 2.0, 1.0],
            "params": [None, None, 7],
            "flops": [None, None, 7e3],
            "metric": ["error"] * 3,
            "error": [0.5, 0.4, 0.3],
            "draw": [0, 0, 0],
            "seed": [0, 0, 0],
            "schedule": ["constant"] * 3,
            "source": ["trained"] * 3,
        }
    )
    return frame.cast({"draw": pl.Int32, "seed": pl.Int32})


def write(path, frame=None, schema=POOL, study="tiny"):
    store.write(path, schema, pool() if frame is None else frame, study=study, inputs="abc")


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "pools/x/draw-0.parquet"
    write(path)
    return path


def files(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_round_trip_of_plain_and_of_nested_columns(tmp_path):
    for schema, frame in ((POOL, pool()), (RUNS, runs())):
        path = tmp_path / f"{schema.name.split('/')[0]}.parquet"
        store.write(path, schema, frame, study="tiny", inputs="abc")
        assert store.read(path, schema, study="tiny").equals(frame.sort(schema.sort))


def test_metadata_name_the_study_the_version_the_inputs_and_the_units(written):
    metadata = pq.read_schema(written).metadata
    assert {k: metadata[k] for k in metadata if k != b"ARROW:schema"} == {
        b"study": b"tiny",
        b"version": __version__.encode(),
        b"inputs": b"abc",
        b"artifact": b"pools/<pool>",
    }
    schema = pq.read_schema(written)
    units = {f.name: (f.metadata or {}).get(b"unit") for f in schema}
    assert units["size"] == b"units of the study"
    assert units["rank"] == b"0 is the best of the draw"
    assert not any(schema.field(c.name).nullable for c in POOL.columns)


def test_checksum_is_the_one_that_sha256sum_checks(written):
    digest = hashlib.sha256(written.read_bytes()).hexdigest()
    assert store.checksum_path(written).read_text() == f"{digest}  draw-0.parquet\n"
    assert store.verify(written) == digest
    done = subprocess.run(["sha256sum", "--check", "--quiet", "draw-0.parquet.sha256"], cwd=written.parent, check=False)
    assert done.returncode == 0


@given(order=st.permutations(range(5)))
def test_bytes_do_not_depend_on_the_order_of_rows_or_columns(tmp_path_factory, order):
    first, second = (tmp_path_factory.mktemp("store") / "a.parquet" for _ in range(2))
    write(first)
    frame = pool()[list(order)]
    write(second, frame.select(sorted(frame.columns)))
    assert first.read_bytes() == second.read_bytes()


def test_columns_that_do_not_belong_are_left_out(tmp_path):
    write(tmp_path / "a.parquet", pool().with_columns(extra=1))
    assert store.read(tmp_path / "a.parquet", POOL).columns == [c.name for c in POOL.columns]


def test_optional_columns_may_be_absent(tmp_path):
    frame = pool().select("uid_hi", "uid_lo", "size", "score").with_columns(group=pl.lit(""), role=pl.lit("pool"))
    write(tmp_path / "a.parquet", frame, SAMPLES)
    assert "text" not in store.read(tmp_path / "a.parquet", SAMPLES).columns


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_found(tmp_path_factory, position, bit):
    path = tmp_path_factory.mktemp("store") / "a.parquet"
    write(path)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"a.parquet is not what was written \(its sha256 differs\): delete it and run"
    ):
        store.read(path, POOL)


def test_a_truncated_file_is_found(written):
    written.write_bytes(written.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"draw-0.parquet is not what was written"):
        store.read(written, POOL)


def test_a_file_that_is_no_parquet_but_has_its_checksum_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    store.write_bytes(path, b"PAR1, but nothing else")
    with pytest.raises(InputError, match=r"a.parquet is not a readable Parquet file \(.*\): delete it and run again"):
        store.read(path, POOL)


@pytest.mark.parametrize("gone", ["draw-0.parquet", "draw-0.parquet.sha256"])
def test_a_missing_file_or_checksum_is_named(written, gone):
    (written.parent / gone).unlink()
    with pytest.raises(InputError, match=rf"{gone} is missing: delete .*draw-0.parquet if it exists and run again"):
        store.read(written, POOL)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0" * 64])
def test_a_checksum_of_something_else_is_refused(written, content):
    store.checksum_path(written).write_bytes(content)
    with pytest.raises(InputError, match="its sha256 differs"):
        store.verify(written)


def test_another_study_is_refused(written):
    store.read(written, POOL, study="tiny")
    with pytest.raises(InputError, match=r"draw-0.parquet belongs to the study 'tiny', not to 'other': delete it"):
        store.read(written, POOL, study="other")


def test_another_artifact_is_refused(written):
    with pytest.raises(InputError, match=r"draw-0.parquet: column 'uid_hi' does not belong to pools/edges"):
        store.read(written, EDGES)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("score", [0.1, 0.2, None, 0.4, 0.5], "column 'score' is null in row 2"),
        ("score", [0.1, 0.2, 0.3, float("nan"), 0.5], "column 'score' is nan in row 3, a finite number is needed"),
        ("score", [0.1, 0.2, 0.3, 0.4, float("-inf")], "column 'score' is -inf in row 4, a finite number is needed"),
        ("bucket", [1, 2, 3, 2**40, 5], "column 'bucket' is not int32 (Integer value 1099511627776 not in range"),
        ("bucket", [1.5, 2, 3, 4, 5], "column 'bucket' is not int32 (Float value 1.5"),
        ("rank", ["a", "b", "c", "d", "e"], "column 'rank' is not int64 (Failed to parse string"),
        ("uid_hi", [-1, 2, 3, 4, 5], "column 'uid_hi' is not uint64 (Integer value -1 not in range"),
    ],
)
def test_values_that_break_the_schema_leave_nothing(tmp_path, column, values, expected):
    path = tmp_path / "new/a.parquet"
    with pytest.raises(InputError) as caught:
        write(path, pool().with_columns(pl.Series(column, values)))
    assert str(caught.value).startswith(f"{path}: {expected}")
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == []


def test_a_repeated_key_is_named_with_its_row(tmp_path):
    frame = pool()[[0, 1, 2, 1]]
    with pytest.raises(InputError) as caught:
        write(tmp_path / "a.parquet", frame)
    expected = f"row 2 repeats the key uid_hi {2**63}, uid_lo 1 of pools/<pool>"
    assert str(caught.value) == f"{tmp_path}/a.parquet: {expected}"


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InputError, match=r"column 'rank' of pools/<pool> is missing"):
        write(tmp_path / "a.parquet", pool().drop("rank"))


def test_a_foreign_file_with_a_bad_row_is_refused_when_read(tmp_path):
    """As if another program had written the artifact and its checksum."""
    path = tmp_path / "a.parquet"
    table = pool().with_columns(score=pl.Series([0.1, float("nan"), 0.3, 0.4, 0.5])).to_arrow()
    store.write_bytes(path, lambda file: pq.write_table(table, file))
    with pytest.raises(InputError, match=r"a.parquet: column 'score' is nan in row 1, a finite number is needed"):
        store.read(path, POOL)


def test_a_failed_write_leaves_the_old_artifact_and_no_temporary(written):
    before = written.read_bytes()

    def fail(file):
        file.write(b"half of it")
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        store.write_bytes(written, fail)
    assert files(written.parent) == ["draw-0.parquet", "draw-0.parquet.sha256"]
    assert written.read_bytes() == before
    store.verify(written)


def test_a_full_disk_is_one_sentence(written):
    def fail(file):
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\): nothing of it was kept"):
        store.write_bytes(written, fail)
    store.verify(written)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "pools").touch()
    for path in (tmp_path / "pools/a.parquet", tmp_path / "pools/x/a.parquet"):
        with pytest.raises(InputError, match=r"a.parquet cannot be written \(.*\): nothing of it was kept"):
            write(path)
    assert files(tmp_path) == ["pools"]


def test_a_read_only_folder_is_one_sentence(written):
    folder = written.parent
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write to every folder")
        before = files(folder)
        for path in (written, folder / "new.parquet"):
            with pytest.raises(InputError, match=r"cannot be written \(Permission denied\): nothing of it was kept"):
                write(path)
        assert files(folder) == before
        store.verify(written)
    finally:
        folder.chmod(0o700)


def test_a_kill_between_the_two_files_leaves_no_wrong_checksum(written):
    """The old checksum goes before the new bytes come."""
    code = (
        "import os, pathlib, sys\n"
        "from curation_scaling import store\n"
        "done = pathlib.Path.replace\n"
        "def replace(self, target):\n"
        "    done(self, target)\n"
        "    os._exit(9)\n"
        "pathlib.Path.replace = replace\n"
        "store.write_bytes(pathlib.Path(sys.argv[1]), b'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(written)], check=False).returncode == 9
    assert written.read_bytes() == b"new"
    with pytest.raises(InputError, match=r"draw-0.parquet.sha256 is missing"):
        store.verify(written)


def test_the_next_write_removes_what_a_kill_left(tmp_path):
    """A process that dies in the middle of a write cannot clean up; other files' temporaries are not touched."""
    path, other = tmp_path / "a.npy", tmp_path / "b.npy"
    script = "import os, sys; from pathlib import Path; from curation_scaling import store\n"
    script += "with store.atomic(Path(sys.argv[1])) as file: file.write(b'half'); file.flush(); os._exit(1)"
    for victim in (path, store.checksum_path(path), other):
        assert subprocess.run([sys.executable, "-c", script, str(victim)], check=False).returncode == 1
    assert len(files(tmp_path)) == 3
    store.write_bytes(path, b"whole")
    left = [name for name in files(tmp_path) if name.endswith(".tmp")]
    assert len(left) == 1
    assert left[0].startswith(".b.npy.")
    assert path.read_bytes() == b"whole"


def test_a_file_whose_start_is_written_last_is_hashed_whole(tmp_path):
    path = tmp_path / "a.npy"
    with store.hashed_when_whole(path) as file:
        file.write(b"....body")
        file.seek(0)
        file.write(b"head")
    assert path.read_bytes() == b"headbody"
    assert store.verify(path) == hashlib.sha256(b"headbody").hexdigest()


def test_inputs_digest_reads_keys_and_bytes_but_no_paths(tmp_path):
    paths = [tmp_path / name for name in ("a.parquet", "b/c.parquet", "d.parquet")]
    for path in paths[:2]:
        write(path)
    write(paths[2], pool(4))
    same = store.inputs_digest({"x": 1, "y": [2]}, paths[0])
    assert same == store.inputs_digest({"y": [2], "x": 1}, paths[1])
    assert len({same, store.inputs_digest({"x": 1, "y": [3]}, paths[0]), store.inputs_digest({"x": 1}, paths[2])}) == 3
    with pytest.raises(ValueError, match="Out of range"):
        store.digest({"x": float("nan")})


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda s: s.name)
def test_schemas_hold_together(schema):
    names = [c.name for c in schema.columns]
    assert len(set(names)) == len(names)
    assert set(schema.sort) <= set(names)
    assert set(schema.key) <= set(names)
    assert all(not c.nullable for c in schema.columns if c.name in schema.key)
    assert schema.column(names[0]) is schema.columns[0]
    assert schema.column("no such column") is None


def test_row_groups_and_numbers_survive(tmp_path):
    rng = np.random.default_rng(0)
    frame = pool(1000).with_columns(score=pl.Series(rng.standard_normal(1000)))
    write(tmp_path / "a.parquet", frame)
    assert store.read(tmp_path / "a.parquet", POOL)["score"].to_list() == frame.sort(POOL.sort)["score"].to_list()
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1
    assert FRONTIER.column("budget").unit
