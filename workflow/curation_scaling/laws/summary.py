"""The table of a hold-out in a few numbers."""

import polars as pl


def summary(table: pl.DataFrame) -> pl.DataFrame:
    """Return, by law, method and split: rows, absolute_relative_error and bias (means), rmse of the log, distance."""
    return (
        table.group_by("law", "method", "split", maintain_order=True)
        .agg(
            rows=pl.len(),
            absolute_relative_error=pl.col("absolute_relative_error").mean(),
            bias=pl.col("relative_error").mean(),
            log_rmse=((pl.col("predicted") / pl.col("error")).log() ** 2).mean().sqrt(),
            distance=pl.col("distance").mean(),
        )
        .sort("law", "split", "absolute_relative_error")
    )
