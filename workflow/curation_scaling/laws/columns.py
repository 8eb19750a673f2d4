"""Reading the columns of a runs frame, with one clear sentence for every column that cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]

ALIASES = {"tokens": "samples_seen", "samples_seen": "tokens"}
WEIGHT_TOLERANCE = 1e-9


def column(frame: pl.DataFrame, name: str, minimum: float | None = None) -> Array:
    """Return column `name` (or its alias) as finite floats above 0, or from `minimum` on: shape (rows,).

    Raises InputError when the column is missing, not numeric, or holds a null, NaN, infinite or too small value.
    """
    found = name if name in frame.columns else ALIASES.get(name, name)
    if found not in frame.columns:
        raise InputError(
            f"column {name!r} is missing; the frame has {', '.join(frame.columns)}: add it or choose another law"
        )
    series = frame[found]
    if not series.dtype.is_numeric():
        raise InputError(f"column {found!r} has type {series.dtype}, but the law needs numbers: cast it")
    values = series.cast(pl.Float64).to_numpy()  # null becomes NaN
    allowed = values > 0 if minimum is None else values >= minimum
    bad = np.flatnonzero(~(np.isfinite(values) & allowed))
    if bad.size:
        limit = "above 0" if minimum is None else f"at least {minimum:g}"
        raise InputError(
            f"column {found!r}, row {bad[0]} is {series[int(bad[0])]}, but must be finite and {limit}:"
            " drop or mend the row"
        )
    return values


def table_rows(points: pl.DataFrame, table: str, needed: Sequence[str], key: str) -> pl.DataFrame:
    """Return the rows of one table of points; raise InputError, naming `key`, if one lacks a needed column's value."""
    rows = points.filter(table=table)
    for name in needed:
        if name not in rows.columns or rows[name].null_count():
            raise InputError(f"key {key}: table {table!r} gives no {name} of every row; name its column")
    return rows


def cells(frame: pl.DataFrame, names: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return a number for each row, equal where the named columns (or their aliases) are equal.

    For `weights`, which the frame may lack, `pool` and `unique_samples` stand in.
    """
    found = [name if name in frame.columns else ALIASES.get(name, name) for name in names]
    if "weights" in names and "weights" not in frame.columns:
        found += ["pool", "unique_samples"]
    read = [frame[name].to_list() for name in dict.fromkeys(found) if name in frame.columns]
    keys = [repr(row) for row in zip(*read, strict=True)] or [""] * frame.height
    order = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], dtype=np.intp)


@dataclass(frozen=True)
class Mixture:
    """Pools sampled together: sampling weights q_i (they sum to 1) and unique samples N_i, each of shape (pools,)."""

    pools: tuple[str, ...]
    weights: Array
    sizes: Array

    def __post_init__(self) -> None:
        """Refuse a mixture that cannot be sampled."""
        listed = ", ".join(self.pools)
        if not self.pools:
            raise InputError("a mixture has no pool: give at least one pool with weight 1")
        if len(set(self.pools)) < len(self.pools):
            raise InputError(
                f"mixture of {listed} names a pool twice, but its pools must be disjoint: merge the two weights"
            )
        if not np.all(np.isfinite(self.weights) & (self.weights >= 0)):
            raise InputError(
                f"mixture of {listed} has a negative or missing weight: weights are shares between 0 and 1"
            )
        if abs(float(self.weights.sum()) - 1) > WEIGHT_TOLERANCE:
            raise InputError(
                f"weights of the mixture of {listed} sum to {self.weights.sum():.12g}, not 1: rescale them"
            )
        for pool, weight, size in zip(self.pools, self.weights, self.sizes, strict=True):
            if weight > 0 and not (np.isfinite(size) and size > 0):
                raise InputError(
                    f"pool {pool!r} has weight {weight:g} but size {size}: give its unique samples or weight 0"
                )

    def sampled(self) -> "Mixture":
        """Return the mixture without the pools of weight 0, in the order of their names."""
        order = sorted((i for i in range(len(self.pools)) if self.weights[i] > 0), key=lambda i: self.pools[i])
        return Mixture(tuple(self.pools[i] for i in order), self.weights[order], self.sizes[order])


def mixtures(frame: pl.DataFrame) -> tuple[list[Mixture], npt.NDArray[np.intp]]:
    """Return the distinct mixtures of the rows and, for each row, which one it is.

    A row's mixture is its `weights` (list of pool, weight, size); without that column, its `pool` with weight 1 and
    size `unique_samples`. Raises InputError on a mixture that cannot be sampled.
    """
    if "weights" in frame.columns:
        rows = frame["weights"].to_list()
        if any(not row for row in rows):
            bad = next(i for i, row in enumerate(rows) if not row)
            raise InputError(f"column 'weights', row {bad} is empty: list at least one pool with weight 1 and its size")
        keys = [tuple((part["pool"], part["weight"], part["size"]) for part in row) for row in rows]
    else:
        if "pool" not in frame.columns:
            raise InputError(
                "the runs have neither 'weights' nor 'pool': the law must know from which pool a run sampled"
            )
        keys = [
            ((pool, 1.0, size),)
            for pool, size in zip(frame["pool"].to_list(), column(frame, "unique_samples"), strict=True)
        ]
    distinct = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return [_mixture(key) for key in distinct], np.array([distinct[key] for key in keys], dtype=np.intp)


def _mixture(parts: tuple[tuple[str, float | None, float | None], ...]) -> Mixture:
    numbers = np.array([[np.nan if x is None else x for x in part[1:]] for part in parts], dtype=float)
    return Mixture(tuple(part[0] for part in parts), numbers[:, 0], numbers[:, 1]).sampled()
