"""Realistic metadata of any size: heavy ties, missing scores, repeated ids and contents, shards of uneven size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_scaling.pools.ingest.order import partition
from curation_scaling.seeds import derive_seed, mix64
from curation_scaling.store import atomic
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_plan import ShardPlan

REPEATED_IDS = 0.02
REPEATED_CONTENTS = 0.05
MISSING = 0.003  # of each score: null, and as many NaN
LANGUAGES = ("en", "de", "fr", "ja", "zh", "ru", "es", "pt")
CHUNK = 1 << 20
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_WORDS = np.array(["a", "red", "photo", "of", "the", "old", "harbour", "at", "night", "für", "猫", "vintage", "sale"])


def generate_shard(study: PoolStudy, shard: int) -> None:
    """Write one of the shards that the study makes; its size falls as its number rises, to a tenth of the first's."""
    plan = ShardPlan(study)
    rows = shard_rows(plan.source.rows, len(plan.generated))
    rng = np.random.default_rng(derive_seed(study.seed, "shard", shard))
    first = sum(rows[:shard])
    with atomic(Path(plan.generated[shard])) as file:
        parquet: pq.ParquetWriter | None = None
        for start in range(0, max(rows[shard], 1), CHUNK):
            count = min(CHUNK, rows[shard] - start)
            table = metadata(rng, first + start, count, plan.source.rows, study.seed)
            parquet = parquet or pq.ParquetWriter(file, table.schema, compression="zstd", compression_level=1)
            parquet.write_table(table, row_group_size=1 << 17)
        assert parquet is not None
        parquet.close()


def shard_rows(rows: int, shards: int) -> list[int]:
    """Rows of each shard, which add up to `rows`."""
    weights = np.linspace(1.0, 0.1, shards)
    stops = np.rint(np.cumsum(weights) / weights.sum() * rows).astype(int).tolist()
    return [b - a for a, b in zip([0, *stops[:-1]], stops, strict=True)]


def metadata(rng: np.random.Generator, first: int, count: int, total: int, seed: int) -> pa.Table:
    """Rows `first` to `first + count` of a pool of `total`, with the columns of DataComp's metadata and a few more."""
    names = _repeat(rng, np.arange(first, first + count), total, REPEATED_IDS)
    contents = _repeat(rng, names, total, REPEATED_CONTENTS)
    clip = np.round(rng.normal(0.24, 0.06, count), 4)  # few distinct values: heavy ties
    words = rng.integers(1, 12, count)
    side = rng.lognormal(6.2, 0.5, (2, count)).astype(np.int64) + 16
    return pa.table(
        {
            "uid": hex_column(names, seed, 32),
            "url": pa.array([f"https://example.com/{n}.jpg" for n in names.tolist()]),
            "text": _captions(words),
            "original_width": side[0],
            "original_height": side[1],
            "clip_b32_similarity_score": _gaps(rng, clip + rng.normal(0, 0.02, count)),
            "clip_l14_similarity_score": _gaps(rng, clip),
            "tmars_score": _gaps(rng, clip - rng.exponential(0.05, count)),
            "language": pa.array(np.array(LANGUAGES)[rng.choice(8, count, p=[0.45, *[0.55 / 7] * 7])]),
            "cluster": rng.integers(0, 1000, count).astype(np.int32),
            "tokens": words + rng.integers(2, 6, count),
            "bytes": side[0] * side[1] // 8,
            "sha256": hex_column(contents, seed + 1, 64),
        }
    )


def _repeat(rng: np.random.Generator, names: NDArray[np.int64], total: int, share: float) -> NDArray[np.int64]:
    repeated = rng.random(len(names)) < share
    return np.where(repeated, rng.integers(0, max(total, 1), len(names)), names)


def hex_column(names: NDArray[np.int64], seed: int, width: int) -> pa.Array:
    """Hexadecimal digits that depend on a row's name and the seed."""
    words = [mix64(np.full(len(names), k, np.uint64), names.astype(np.uint64), seed) for k in range(width // 16)]
    data = np.ascontiguousarray(np.stack(words, axis=1).astype(">u8")).view(np.uint8).reshape(len(names), -1)
    digits = np.empty((len(names), width), np.uint8)
    digits[:, 0::2], digits[:, 1::2] = _HEX[data >> 4], _HEX[data & 15]
    offsets = np.arange(0, width * (len(names) + 1), width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(names), pa.py_buffer(offsets), pa.py_buffer(digits))


def _captions(words: NDArray[np.int64]) -> pa.Array:
    """A caption of each number of words; captions of one length are the same."""
    order, bounds = partition(words, 12)
    texts = np.empty(len(words), object)
    for n in range(12):
        texts[order[bounds[n] : bounds[n + 1]]] = " ".join(_WORDS[:n])
    return pa.array(texts, pa.string())


def _gaps(rng: np.random.Generator, scores: NDArray[np.float64]) -> pa.Array:
    """Scores as float32, some null and some NaN."""
    lost = rng.random(len(scores))
    values: NDArray[Any] = np.where(lost < MISSING, np.nan, scores).astype(np.float32)
    return pa.array(values, mask=(lost >= MISSING) & (lost < 2 * MISSING))
