"""How well mixtures that were really trained are predicted from the single pools alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl


def score_mixtures(predictions: pl.DataFrame, runs: pl.DataFrame, candidates: list[str]) -> dict[str, Any]:
    """One row of `laws/mixtures` for one law and rule, without those two columns.

    Args:
        predictions: rows of `laws/predictions` of one law and one rule.
        runs: single evaluations (pool, samples_seen, error), to count the share inside the new-run interval.
        candidates: pools among which a choice is made; a budget counts where all of them were trained.
    """
    mixed = predictions.filter(role="mixture")
    residual = mixed["residual"].to_numpy()
    inside = runs.join(mixed, on=["pool", "samples_seen"], how="inner", suffix="_mean").select(
        pl.col("error").is_between("run_lower", "run_upper").mean()
    )
    choices = _choices(predictions.filter(pl.col("pool").is_in(candidates)), len(candidates))
    return {
        "points": len(residual),
        "log_rmse": float(np.sqrt(np.mean(residual**2))) if len(residual) else None,
        "bias": float(np.mean(residual)) if len(residual) else None,
        "covered": inside.item() if len(residual) else None,
        "budgets": choices.height,
        "winners_matched": int((choices["regret"] == 0).sum()),
        "mean_regret": choices["regret"].mean() if choices.height else None,
        "worst_regret": choices["regret"].max() if choices.height else None,
    }


def _choices(rows: pl.DataFrame, pools: int) -> pl.DataFrame:
    """Per budget at which all pools were trained: the measured regret of the pool that is predicted best."""
    return (
        rows.group_by("samples_seen")
        .agg(
            pl.len(),
            regret=pl.col("error").sort_by("predicted", "pool").first() - pl.col("error").min(),
        )
        .filter(pl.col("len") == pools)
        .sort("samples_seen")
    )
