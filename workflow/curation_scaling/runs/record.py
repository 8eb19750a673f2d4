"""Rows of the runs artifact: what was trained on what, and the error that came of it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

WEIGHTS = pl.List(pl.Struct({"pool": pl.String, "weight": pl.Float64, "size": pl.Int64}))


def weights_by_size(sizes: Mapping[str, int]) -> list[dict[str, str | float | int]]:
    """Sampling weights of the component pools of a union: each in proportion to its unique samples."""
    total = sum(sizes.values())
    return [{"pool": pool, "weight": size / total, "size": size} for pool, size in sizes.items()]


def describe_pool(frame: pl.DataFrame, sizes: Mapping[str, Mapping[str, int]]) -> pl.DataFrame:
    """Add weights, unique_samples and repetitions to rows with columns `pool` and `samples_seen`.

    `sizes` gives the unique samples of each component of each pool.
    """
    table = pl.DataFrame(
        {
            "pool": list(sizes),
            "weights": pl.Series([weights_by_size(parts) for parts in sizes.values()], dtype=WEIGHTS),
            "unique_samples": [sum(parts.values()) for parts in sizes.values()],
        }
    )
    joined = frame.join(table, on="pool", how="left", maintain_order="left")
    return joined.with_columns(repetitions=pl.col("samples_seen") / pl.col("unique_samples"))
