"""Cutting pools at scale against a floor and named peers: python benchmarks/pools.py [--rows 12.8e6] [--only NAME ...].

The pool is generated in the canonical form (ids and a float32 score, sorted by id in fixed ranges of ids), half of its
scores rounded so that they tie. Each contender runs once, in a process of its own, on two cores; its CPU-seconds, wall
time, and the peak memory of its process tree stand beside each other, then each against its target.

- ours: the workflow's own jobs (cut and summary up to 250M rows; above, levels, cut, subset files and summary, two at
  a time), as Snakemake starts them.
- floor: read the scores, read ids and scores, write them back to Parquet and to .npy. Nothing is decided.
- duckdb: exact quantiles, ties looked up by id, one partitioned COPY; no .npy.
- polars: scores sorted in memory, then one lazy pass a range, .npy appended.
- polars_sort, pandas_sort: everything sorted by score.
- datacomp (12.8M only): the published steps for one cut of 30 %: all scores in memory, numpy sort, ids by list
  comprehension, structured sort.
- ingest (12.8M only): our jobs from shards with ids in hexadecimal digits to the canonical form.
- dedup, dedup_duckdb, dedup_polars: ids that repeat, in key-partitioned files.

Sizes: 12.8e6 takes about two minutes and 2 GB of disk. By hand: --rows 128e6 (20 GB, ten minutes; leave out what does
not fit with --only) and --rows 1.28e9 --only ours --no-npy (about 70 GB). The disk that is taken is said before, and
given back after. DuckDB and pandas: pip install '.[benchmarks]'.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curation_scaling.layout import Layout
from curation_scaling.pools.ingest.synthetic import hex_column
from curation_scaling.pools.ledger import Ledger, write_json
from curation_scaling.pools.table import writer
from curation_scaling.study.load import parse_study
from curation_scaling.study.shard_plan import BUCKETS, ShardPlan

BUCKET_COUNT = 10
CONTENDER = Path(__file__).with_name("pools_contenders.py")
PACKAGE = Path(__file__).resolve().parents[1] / "workflow"
SCHEMA = pa.schema([("uid_hi", pa.uint64()), ("uid_lo", pa.uint64()), ("score", pa.float32())])


@dataclass
class Cost:
    """What a contender took."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0

    def __str__(self) -> str:
        return f"{self.cpu:8.1f} CPU-s {self.wall:8.1f} s wall {self.peak:7.2f} GB peak"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=12.8e6)
    parser.add_argument("--only", nargs="+", help="contenders to run; default all that this size has")
    parser.add_argument("--no-npy", action="store_true", help="ours: without subset files")
    parser.add_argument("--peers", help="folder that DuckDB and pandas are installed in, if not beside us")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where there is room")
    options = parser.parse_args()
    rows = int(options.rows)
    os.environ["POOLS_PEERS"] = options.peers or ""
    chosen = options.only or [n for n in CONTENDERS if rows <= 2e7 or n not in ("datacomp", "ingest")]
    npy = not options.no_npy and rows <= 1e9
    # Canonical form, and twice the manifests: those of the floor or a peer go before the next comes.
    need = rows * (85 if npy else 29 if rows > 1e9 else 69)
    free = shutil.disk_usage(options.folder).free
    print(f"{rows:,} rows; about {need / 1e9:.1f} GB of disk for a while, {free / 1e9:.1f} GB are free", flush=True)
    if free < 1.2 * need:
        raise SystemExit("too little disk: 1.2 times the need must be free")
    folder = Path(tempfile.mkdtemp(prefix="pools-benchmark-", dir=options.folder))
    try:
        costs = run_all(folder, rows, chosen, npy)
    finally:
        shutil.rmtree(folder)
    judge(rows, costs)


def run_all(folder: Path, rows: int, chosen: list[str], npy: bool) -> dict[str, Cost]:
    shards = "ingest" in chosen or "datacomp" in chosen
    prepare(folder, rows, shards=shards, canonical=set(chosen) != {"ingest"}, npy=npy)
    costs = {}
    for name in chosen:
        costs[name] = ours(folder) if name == "ours" else ingest(folder) if name == "ingest" else alone(name, folder)
        print(f"{name:12} {costs[name]}", flush=True)
        shutil.rmtree(folder / "out", ignore_errors=True)
        for path in (folder / "results/pool/pools").glob("bucket*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return costs


def judge(rows: int, costs: dict[str, Cost]) -> None:
    """Each against its target."""

    def say(what: str, value: float, target: float, better: str) -> None:
        met = value <= target if better == "at most" else value >= target
        print(f"{what:58} {value:7.2f}   {better} {target:g}: {'met' if met else 'NOT MET'}")

    big = rows > 2e7
    if "ours" in costs:
        mine = costs["ours"]
        say("peak memory of ours, GB", mine.peak, 5 if rows > 1e9 else 1.5 if big else 0.8, "at most")
        if not big:
            say("wall time of ours, s", mine.wall, 12, "at most")
        print(f"{'CPU-seconds of ours a million rows':58} {mine.cpu / rows * 1e6:7.3f}")
        for name, target, better in (
            ("floor", 1.5, "at most"),
            ("duckdb", 2.5, "at least"),
            ("polars", 1.4, "at least"),
            ("datacomp", 2.0, "at least"),
        ):
            if name in costs and (big or name == "datacomp"):
                ratio = mine.cpu / costs[name].cpu
                text = "CPU of ours / floor" if name == "floor" else f"CPU of {name} / ours"
                say(text, ratio if name == "floor" else 1 / ratio, target, better)
    if "ingest" in costs:
        say("ingest, CPU-seconds", costs["ingest"].cpu, 8, "at most")
    if "dedup" in costs:
        if big:
            say("dedup, CPU-seconds", costs["dedup"].cpu, 12 * rows / 128e6, "at most")
        for name in ("dedup_duckdb", "dedup_polars"):
            if name in costs:
                print(f"{f'CPU of {name} / dedup':58} {costs[name].cpu / costs['dedup'].cpu:7.2f}")


def measured(commands: list[list[str]], cwd: Path, path: str = "") -> Cost:
    """Run commands at the same time; the peak is of all their processes together."""
    env = os.environ | {"POLARS_MAX_THREADS": "2", "PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE), path]))}
    start, before = time.perf_counter(), os.times()
    running = [psutil.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL) for command in commands]
    peak = 0
    while any(process.poll() is None for process in running):
        try:
            tree = [p for process in running for p in (process, *process.children(recursive=True))]
            peak = max(peak, sum(p.memory_info().rss for p in tree if p.is_running()))
        except psutil.Error:
            pass  # a process ended between the list and the look
        time.sleep(0.02)
    for process, command in zip(running, commands, strict=True):
        if process.wait() != 0:
            raise SystemExit(f"failed: {' '.join(command)}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - start, cpu, peak / 1e9)


def alone(name: str, folder: Path) -> Cost:
    (folder / "out").mkdir()
    peers = os.environ["POOLS_PEERS"] if name in PEERS else ""  # Arrow imports pandas wherever it finds it
    return measured([[sys.executable, str(CONTENDER), name, str(folder)]], folder, peers)


def in_turn(folder: Path, passes: Iterator[list[list[str]]]) -> Cost:
    """Passes one after another, the jobs of a pass two at a time."""
    total = Cost()
    for jobs in passes:
        for i in range(0, len(jobs), 2):
            commands = [[sys.executable, "-m", "curation_scaling", *job] for job in jobs[i : i + 2]]
            cost = measured(commands, folder)
            total = Cost(total.wall + cost.wall, total.cpu + cost.cpu, max(total.peak, cost.peak))
    return total


def ours(folder: Path) -> Cost:
    plan, results = ShardPlan(study_of(folder)), "results/pool"
    batches = range(len(plan.ranges))

    def passes() -> Iterator[list[list[str]]]:
        for level in range(plan.levels_apart(BUCKETS)):
            name = ["shards-level", results, "--select", BUCKETS, "--level", str(level)]
            yield [[*name, "--batch", str(b)] for b in batches]
        yield [["shards-cut", results, "--batch", str(b)] for b in batches]
        yield [["shards-uids", results, "--pool", pool] for pool in plan.pool_batches]
        yield [["shards-summary", results]]

    return in_turn(folder, passes())


def ingest(folder: Path) -> Cost:
    plan, results = ShardPlan(study_of(folder)), "results/pool"

    def passes() -> Iterator[list[list[str]]]:
        jobs = range(len(plan.batches("rows")))
        yield [["shards-ingest", results, "--table", "rows", "--batch", str(b)] for b in jobs]
        yield [["shards-merge", results, "--batch", str(b)] for b in range(len(plan.ranges))]

    return in_turn(folder, passes())


def study_of(folder: Path) -> Any:
    os.chdir(folder)  # shards are named from there, as they are for Snakemake
    return parse_study(yaml.safe_load((folder / "results/pool/study.yaml").read_text()), "study.yaml")


def prepare(folder: Path, rows: int, *, shards: bool, canonical: bool, npy: bool = True) -> None:
    """The study, the pool in canonical form and key-partitioned, and at small sizes the shards that it came from."""
    names = [f"shard-{i:04d}.parquet" for i in range(16)]
    source = {"kind": "shards", "shards": ["shards"], "rows": rows, "rows_per_job": int(250e6)}
    source |= {"scores": {"score": "score"}, "precision": "float32", "subset_files": npy}
    content = {"study": "pool", "title": "Benchmark", "seed": 1, "pools": {"source": source, "buckets": BUCKET_COUNT}}
    (folder / "results/pool").mkdir(parents=True)
    (folder / "results/pool/study.yaml").write_text(yaml.safe_dump(content))
    (folder / "shards").mkdir()
    counts = [rows * (i + 1) // 16 - rows * i // 16 for i in range(16)]
    for name, count, seed in zip(names, counts, range(16), strict=True):
        if shards:
            write_shard(folder / "shards" / name, count, seed)
        else:
            (folder / "shards" / name).touch()
    plan, layout = ShardPlan(study_of(folder)), Layout(Path("results/pool"))
    if not canonical:
        return
    rng = np.random.default_rng(0)
    kept = 0
    for part in range(plan.parts):
        count = rows * (part + 1) // plan.parts - rows * part // plan.parts
        table = random_part(rng, part, plan.parts, count)
        kept += count
        with writer(layout.work.scored(part), SCHEMA, {"study": "pool"}, sorted_by_uid=True) as file:
            file.append(table, row_group=1 << 20)
        if rows <= 2e8:
            order = rng.permutation(count)
            with writer(folder / f"keyed/part-{part:04d}.parquet", SCHEMA, {}) as file:
                repeated = np.where(rng.random(count) < 0.05, rng.integers(0, max(count, 1), count), order)
                file.append({name: column[repeated] for name, column in table.items()}, row_group=1 << 20)
    ledgers(layout, plan, counts)


def ledgers(layout: Layout, plan: ShardPlan, counts: list[int]) -> None:
    """The counts that ingest and merge would have written, for the summary."""
    number = {name: i for i, name in enumerate(plan.tables["rows"])}
    for b, names in enumerate(plan.batches("rows")):
        read = {number[name]: counts[number[name]] for name in names}
        content = {"types": {}, "shards": [], "read": read, "dropped": {"kept": read}, "groups": []}
        write_json(layout.work.read("rows", b), content, study="pool")
    for b in range(len(plan.ranges)):
        Ledger().write(layout.work.merged_counts(b), "pool")


def random_part(rng: np.random.Generator, part: int, parts: int, count: int) -> dict[str, Any]:
    width = 2**64 // parts
    high = np.sort(rng.integers(0, width, count, dtype=np.uint64)) + np.uint64(part * width)
    low = rng.integers(0, 2**64, count, dtype=np.uint64)
    score = rng.normal(0.24, 0.06, count).astype(np.float32)
    score[::2] = np.round(score[::2], 4)
    return {"uid_hi": high, "uid_lo": low, "score": score}


def write_shard(path: Path, count: int, seed: int) -> None:
    """DataComp's columns that its filters and ours read, and a caption and an address beside them."""
    rng = np.random.default_rng(seed)
    names = np.arange(count) + seed * 10**10
    score = rng.normal(0.24, 0.06, count).astype(np.float32)
    texts = pa.array([f"caption {i} of a picture" for i in range(1000)]).take(pa.array(rng.integers(0, 1000, count)))
    table = pa.table({"uid": hex_column(names, 1, 32), "url": hex_column(names, 2, 64), "text": texts, "score": score})
    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=1 << 18)


PEERS = ("datacomp", "duckdb", "pandas_sort", "dedup_duckdb")
CONTENDERS = ("floor", "ours", "ingest", *PEERS, "polars", "polars_sort", "dedup", "dedup_polars")


if __name__ == "__main__":
    main()
