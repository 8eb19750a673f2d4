"""The numbers of checks of rankings, and of groups of runs along the size of what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.seeds import derive_seed
from curation_scaling.study.ranking_checks import (
    CrossoverCheck,
    GroupMeansCheck,
    RankCorrelationCheck,
    RankingCheck,
    ReliabilityCheck,
)

_LEVEL = 0.95
Array = npt.NDArray[np.float64]


def ranking_numbers(seed: int, check: RankingCheck, tables: Mapping[str, pl.DataFrame]) -> Iterator[Number]:
    """Compute a check's numbers; `tables` holds `points`, `correlation` and `reliability` where the study has them.

    Raises:
        InputError: if it names a group or a size that is not there.
    """
    match check:
        case RankCorrelationCheck():
            pair = pl.col("first").is_in([check.first, check.second]) & pl.col("second").is_in(
                [check.first, check.second]
            )
            row = tables["correlation"].filter(pair, scorer=check.ranking, method=check.method).row(0, named=True)
            yield Number(
                check.quantity,
                check.published,
                row["estimate"],
                row["lower"],
                row["upper"],
                row["level"],
                check.tolerance,
            )
        case ReliabilityCheck():
            row = tables["reliability"].filter(scorer=check.ranking, metric=check.metric).row(0, named=True)
            yield Number(check.quantity, check.published, row["single"], tolerance=check.tolerance)
        case GroupMeansCheck():
            for size, published in check.published.items():
                errors = _errors(tables["points"], check.table, check.group)
                if size not in errors:
                    known = ", ".join(f"{n:g}" for n in errors)
                    raise InputError(f"group {check.group!r} has no run on {size} samples: it has {known}")
                quantity = f"{check.group}: mean error on {size} samples"
                yield Number(quantity, published, float(errors[size].mean()), tolerance=check.tolerance)
        case CrossoverCheck():
            yield _crossover(seed, check, tables["points"])


def _errors(points: pl.DataFrame, table: str, group: str) -> dict[float, Array]:
    """The errors of a group's runs by the unique samples, rising."""
    rows = points.filter(table=table, group=group).drop_nulls("unique_samples").sort("unique_samples", "row")
    if rows.is_empty():
        known = ", ".join(points.filter(table=table)["group"].drop_nulls().unique().sort())
        raise InputError(f"group {group!r} has no run with unique_samples in table {table!r}: it has {known}")
    parts = rows.partition_by("unique_samples", maintain_order=True)
    return {part["unique_samples"][0]: part["error"].to_numpy() for part in parts}


def _crossover(seed: int, check: CrossoverCheck, points: pl.DataFrame) -> Number:
    ours, theirs = (_errors(points, check.table, group) for group in (check.group, check.against))
    sizes = [size for size in ours if size in theirs]
    if len(sizes) < 2:
        raise InputError(f"groups {check.group!r} and {check.against!r} share {len(sizes)} sizes: two are needed")
    gain = np.array([theirs[s].mean() - ours[s].mean() for s in sizes])
    rng = np.random.default_rng(derive_seed(seed, "crossover", check.table, check.group, check.against))

    def means(errors: Array) -> Array:
        return np.asarray(errors[rng.integers(len(errors), size=(check.replicates, len(errors)))].mean(axis=1))

    draws = np.stack([means(theirs[s]) - means(ours[s]) for s in sizes], axis=1)
    places = np.array([crossing(sizes, row) for row in draws])
    lower, upper = np.quantile(places, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="closest_observation")
    return Number(
        check.quantity, check.published, crossing(sizes, gain), float(lower), float(upper), _LEVEL, check.tolerance
    )


def crossing(sizes: list[float], gain: Array) -> float:
    """The size above which `gain` stays above 0, a line in ln size between sizes; 0 or infinite outside of them."""
    losing = np.flatnonzero(gain <= 0)
    if not losing.size:
        return 0.0
    if losing[-1] == len(sizes) - 1:
        return float("inf")
    i = int(losing[-1])
    share = gain[i] / (gain[i] - gain[i + 1])
    low, high = np.log(sizes[i]), np.log(sizes[i + 1])
    return float(np.exp(low + share * (high - low)))
