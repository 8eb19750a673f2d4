"""Some groups of a source, and some samples of each: the two axes along which data can grow."""

from __future__ import annotations

import hashlib

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.seeds import mix64


def draw_groups(frame: pl.DataFrame, *, groups: int | None, per_group: int | None, seed: int) -> pl.DataFrame:
    """The samples of `groups` groups, `per_group` of each (None: all), in the order of their uids.

    Order depends on names, uids and the seed alone, so more groups, or more of each, contain fewer.

    Args:
        frame: uid_hi, uid_lo, group, and what else a sample has.
        groups: how many groups are taken.
        per_group: how many samples of each.
        seed: of the order of groups and of samples.

    Raises:
        InputError: if there are fewer groups, or one of those taken holds fewer samples.
    """
    names = sorted(frame["group"].unique(), key=lambda n: hashlib.blake2b(f"{seed} {n}".encode()).digest())
    if groups is not None and groups > len(names):
        raise InputError(
            f"groups: {groups} are asked for, the source holds {len(names)}; lower it or name more sources"
        )
    key = mix64(frame["uid_hi"].to_numpy(), frame["uid_lo"].to_numpy(), seed)
    taken = frame.with_columns(key=pl.Series(key)).filter(pl.col("group").is_in(names[:groups]))
    taken = taken.sort("key", "uid_hi", "uid_lo")
    if per_group is not None:
        held = taken.group_by("group").len().sort("len", "group")
        if held["len"][0] < per_group:
            raise InputError(f"per_group: {per_group} are asked for, group {held['group'][0]!r} holds {held['len'][0]}")
        taken = taken.filter(pl.int_range(pl.len()).over("group") < per_group)
    return taken.drop("key").sort("uid_hi", "uid_lo")
