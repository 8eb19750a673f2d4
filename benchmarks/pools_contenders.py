"""What benchmarks/pools.py runs in processes of their own: python benchmarks/pools_contenders.py NAME FOLDER."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation_scaling.pools.dedup.contents import drop_list
from curation_scaling.pools.subset import SUBSET
from curation_scaling.pools.table import read_rows

BUCKET_COUNT = 10
COLUMNS = ["uid_hi", "uid_lo", "score"]


def canonical(folder: Path) -> list[str]:
    return sorted(map(str, (folder / "results/pool/pools/_work/scored").glob("*.parquet")))


def floor(folder: Path) -> None:
    pa.set_cpu_count(1)
    encoding = {"uid_hi": "DELTA_BINARY_PACKED", "uid_lo": "PLAIN", "score": "BYTE_STREAM_SPLIT"}
    compression = {"uid_hi": "none", "uid_lo": "none", "score": "zstd"}
    total = 0
    for path in canonical(folder):
        total += pq.read_table(path, columns=["score"], use_threads=False).num_rows
    with (folder / "out/floor.npy").open("wb") as npy:
        np.lib.format.write_array_header_1_0(
            npy, {"descr": np.lib.format.dtype_to_descr(SUBSET), "fortran_order": False, "shape": (total,)}
        )
        for i, path in enumerate(canonical(folder)):
            table = pq.read_table(path, columns=COLUMNS, use_threads=False)
            pq.write_table(
                table, folder / f"out/{i}.parquet", row_group_size=1 << 20, use_dictionary=False,
                column_encoding=encoding, compression=compression, compression_level={"score": 1},
            )  # fmt: skip
            array = np.empty((table.num_rows, 2), np.uint64)
            array[:, 0], array[:, 1] = table["uid_hi"].to_numpy(), table["uid_lo"].to_numpy()
            npy.write(array.data.cast("B"))


def duckdb(folder: Path) -> None:
    import duckdb as db

    con = db.connect()
    con.execute("SET threads = 2; SET preserve_insertion_order = false")
    con.execute(f"CREATE VIEW pool AS SELECT uid_hi, uid_lo, score FROM read_parquet({canonical(folder)!r})")
    n = con.sql("SELECT count(*) FROM pool").fetchall()[0][0]
    ends = [-(-k * n // BUCKET_COUNT) for k in range(1, BUCKET_COUNT)]
    # The score of the row that is last in each bucket, best first, by exact quantiles of the ascending order.
    shares = [(n - end + 0.5) / n for end in ends]
    cuts = con.sql(f"SELECT quantile_disc(score, {shares!r}) FROM pool").fetchall()[0][0]
    bucket = "1"
    for end, cut in zip(ends, cuts, strict=True):
        literal = f"{float(cut)!r}::FLOAT"
        above = con.sql(f"SELECT count(*) FROM pool WHERE score > {literal}").fetchall()[0][0]
        last = f"ORDER BY uid_hi, uid_lo LIMIT 1 OFFSET {end - above - 1}"
        hi, lo = con.sql(f"SELECT uid_hi, uid_lo FROM pool WHERE score = {literal} {last}").fetchall()[0]
        bucket += (
            f" + (score < {literal} OR (score = {literal} AND (uid_hi, uid_lo) > ({hi}::UBIGINT, {lo}::UBIGINT)))::INT"
        )
    con.execute(
        f"COPY (SELECT *, {bucket} AS bucket FROM pool) TO '{folder}/out' "
        "(FORMAT parquet, PARTITION_BY (bucket), COMPRESSION zstd, OVERWRITE_OR_IGNORE)"
    )
    counts = con.sql(
        f"SELECT bucket, count(*) FROM read_parquet('{folder}/out/*/*.parquet') GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert [c for _, c in counts] == np.diff([0, *ends, n]).tolist(), counts


def polars(folder: Path) -> None:
    import polars as pl

    paths = canonical(folder)
    scores = -np.sort(-pl.scan_parquet(paths).select("score").collect()["score"].to_numpy())
    n = len(scores)
    ends = [-(-k * n // BUCKET_COUNT) for k in range(1, BUCKET_COUNT)]
    cuts = scores[[end - 1 for end in ends]]
    take = [end - int(np.searchsorted(-scores, -cut, side="left")) for end, cut in zip(ends, cuts, strict=True)]
    del scores
    files = [(folder / f"out/bucket{k}.npy").open("wb") for k in range(BUCKET_COUNT)]
    for i, path in enumerate(paths):
        frame = pl.read_parquet(path, columns=COLUMNS)
        values = frame["score"].to_numpy()
        bucket = np.zeros(len(values), np.uint8)
        for k, cut in enumerate(cuts):
            bucket += values < cut
            tied = np.flatnonzero(values == cut)
            bucket[tied[max(take[k], 0) :]] += 1
            take[k] -= len(tied)
        for (k,), part in frame.with_columns(bucket=pl.Series(bucket)).partition_by("bucket", as_dict=True).items():
            part.drop("bucket").write_parquet(folder / f"out/{k}-{i}.parquet", compression="zstd", compression_level=1)
            part.select("uid_hi", "uid_lo").to_numpy(order="c").tofile(files[k])
    for file in files:
        file.close()


def polars_sort(folder: Path) -> None:
    import polars as pl

    frame = pl.scan_parquet(canonical(folder)).select(COLUMNS)
    ranked = frame.sort("score", "uid_hi", "uid_lo", descending=[True, False, False])
    ranked.sink_parquet(folder / "out/sorted.parquet", compression="zstd", compression_level=1, engine="streaming")


def pandas_sort(folder: Path) -> None:
    import pandas as pd

    frame = pd.concat([pd.read_parquet(p, columns=COLUMNS) for p in canonical(folder)], ignore_index=True)
    frame = frame.sort_values(["score", "uid_hi", "uid_lo"], ascending=[False, True, True], ignore_index=True)
    for k, part in frame.groupby(frame.index * BUCKET_COUNT // len(frame), sort=False):
        part.to_parquet(folder / f"out/{k}.parquet", compression="zstd")


def datacomp(folder: Path) -> None:
    import pandas as pd

    shards = sorted((folder / "shards").glob("*.parquet"))
    scores = pd.concat([pd.read_parquet(p, columns=["score"]) for p in shards])["score"].values
    threshold = -np.sort(-scores)[int(len(scores) * 0.3)]
    kept = []
    for path in shards:
        frame = pd.read_parquet(path, columns=["uid", "score"])
        uids = frame[frame["score"] >= threshold]["uid"].values
        kept.append(np.array([(int(uid[:16], 16), int(uid[16:32], 16)) for uid in uids], np.dtype("u8,u8")))
    subset = np.concatenate(kept)
    subset.sort()
    np.save(folder / "out/subset.npy", subset)


def keyed(folder: Path) -> list[str]:
    return sorted(map(str, (folder / "keyed").glob("*.parquet")))


def dedup(folder: Path) -> None:
    kept = 0
    for path in keyed(folder):
        rows = read_rows(Path(path))
        kept += len(rows["score"]) - len(drop_list(rows, "high", ("uid_hi", "uid_lo"))["score"])
    print(kept)


def dedup_duckdb(folder: Path) -> None:
    import duckdb as db

    con = db.connect()
    con.execute(f"SET threads = 2; SET temp_directory = '{folder}/out'")
    inner = f"SELECT uid_hi, uid_lo, max(score) FROM read_parquet({keyed(folder)!r}) GROUP BY ALL"
    print(con.sql(f"SELECT count(*) FROM ({inner})").fetchall())


def dedup_polars(folder: Path) -> None:
    import polars as pl

    print(pl.scan_parquet(keyed(folder)).unique(["uid_hi", "uid_lo"]).select(pl.len()).collect(engine="streaming"))


CONTENDERS: dict[str, Callable[[Path], None]] = {
    f.__name__: f
    for f in (
        floor, duckdb, polars, polars_sort, pandas_sort, datacomp, dedup, dedup_duckdb, dedup_polars,
    )
}  # fmt: skip

if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](Path(sys.argv[2]))
