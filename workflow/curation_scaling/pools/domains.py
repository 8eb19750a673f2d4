"""Two domains of a source, told apart by the packages of their modules, and as many units of one as a training sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.seeds import mix64

DOMAIN = "domain"


def with_domain(frame: pl.DataFrame, domains: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """The samples with their `domain`: the one whose packages hold the module that is their `group`."""
    of = {package: name for name, packages in domains.items() for package in packages}
    package = pl.col("group").str.split(".").list.first()
    return frame.with_columns(package.replace_strict(of, return_dtype=pl.String).alias(DOMAIN))


def draw_units(frame: pl.DataFrame, units: int, seed: int) -> pl.DataFrame:
    """The first samples in seeded order that together hold `units`, in the order of their uids.

    Order depends on uids and the seed alone, so more units contain fewer.

    Args:
        frame: uid_hi, uid_lo, size (units of a sample), and what else a sample has.
        units: characters that a training sees; none are seen twice.
        seed: of the order of samples.

    Raises:
        InputError: if the samples hold fewer units.
    """
    if (held := int(frame["size"].sum())) < units:
        raise InputError(f"{units:,} units are asked for, {held:,} are there")
    key = mix64(frame["uid_hi"].to_numpy(), frame["uid_lo"].to_numpy(), seed)
    ordered = frame.with_columns(key=pl.Series(key)).sort("key", "uid_hi", "uid_lo")
    taken = ordered.filter(pl.col("size").cum_sum() - pl.col("size") < units)
    return taken.drop("key").sort("uid_hi", "uid_lo")
