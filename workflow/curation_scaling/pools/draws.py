"""Independent draws of the data: each takes its own pseudo-random part of the source."""

from __future__ import annotations

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.seeds import mix64


def draw_samples(frame: pl.DataFrame, *, size: int, stratify: bool, seed: int) -> pl.DataFrame:
    """Whole samples in pseudo-random order until `size` units are reached; with `stratify`, equal shares by group.

    The order depends on each sample's uid and the seed alone, so a larger draw contains a smaller one.

    Raises:
        InputError: if the source, or one of its groups, holds too little.
    """
    key = mix64(frame["uid_hi"].to_numpy(), frame["uid_lo"].to_numpy(), seed)
    group = pl.col("group") if stratify else pl.lit("all")
    ordered = frame.with_columns(key=pl.Series(key), stratum=group).sort("key", "uid_hi", "uid_lo")
    strata = ordered["stratum"].n_unique()
    share = size / max(strata, 1)
    before = (pl.col("size").cum_sum() - pl.col("size")).over("stratum")
    taken = ordered.filter(before < share)
    short = taken.group_by("stratum").agg(pl.col("size").sum()).filter(pl.col("size") < share).sort("stratum")
    if not strata or short.height:
        name, held = short.row(0) if short.height else ("all", 0)
        where = f"group {name!r} of the source" if stratify else "the source"
        raise InputError(f"key pools.sample.size: {where} holds {held} units, {share:g} are asked for; lower the size")
    return taken.drop("key", "stratum").sort("uid_hi", "uid_lo")
