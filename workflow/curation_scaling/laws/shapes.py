"""The shape of learning curves: which ones fall, and which ones no law that can only fall describes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri

from curation_scaling.errors import InputError
from curation_scaling.laws.law import Law

Array = npt.NDArray[np.float64]

RISE = 0.01  # relative: a mean error this far above an earlier one rises, which no b < 0 can express
SURE = 0.01  # chance that noise alone makes a flat curve rise or fall anywhere, where the noise is known
_WORDS = {
    "rising": "rises from its first evaluation on",
    "u_shaped": "falls and then rises (U-shaped)",
    "hump": "rises before it falls (a hump, as of double descent)",
}


class Shape(NamedTuple):
    """falling | flat | rising | u_shaped | hump, and the largest rise, relative, between two checkpoints (places)."""

    name: str
    rise: float
    start: int
    end: int


def shape_of(error: Array, noise: Array | None = None) -> Shape:
    """The shape of mean errors (checkpoints,) in their order; `noise`: standard deviations of their logs.

    A rise or fall counts beyond 1 %, and where the noise is known beyond what it makes in one flat curve of a hundred
    (normal noise, Bonferroni's correction for all pairs of checkpoints).
    """
    log = np.log(error)
    change = np.triu(log[None, :] - log[:, None], 1)  # from row to column
    count = error.size
    limit = np.full((count, count), np.log1p(RISE))
    if noise is not None and count > 1:
        z = float(ndtri(1 - SURE / (count * (count - 1))))
        limit = np.maximum(limit, z * np.sqrt(noise[:, None] ** 2 + noise[None, :] ** 2))
    rises, falls = change > limit, -change > limit
    start, end = (int(i) for i in np.unravel_index(int(np.argmax(change)), change.shape))
    least = int(np.argmin(log))
    if rises[least].any():
        name = "u_shaped" if falls[:, least].any() else "rising" if rises[least, -1] else "hump"
    else:
        name = "hump" if rises.any() else "falling" if falls.any() else "flat"
    return Shape(name, max(float(np.expm1(change[start, end])), 0.0), start, end)


def curve_shapes(runs: pl.DataFrame, noise: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row a pool: pool, shape, rise, rise_from, rise_to (samples seen), least_at, from the mean over runs.

    noise: rows of `laws/noise` for the same metric.
    """
    mean = runs.group_by("pool", "samples_seen").agg(pl.col("error").mean(), runs=pl.len()).sort("pool", "samples_seen")
    if noise is not None:
        known = noise.select("pool", "samples_seen", "noise")
        mean = mean.join(known, on=["pool", "samples_seen"], how="left", maintain_order="left")
    rows = []
    for (pool,), curve in mean.group_by("pool", maintain_order=True):
        sd = None if noise is None else (curve["noise"] / curve["runs"].sqrt()).to_numpy()
        found = shape_of(curve["error"].to_numpy(), sd)
        seen = curve["samples_seen"]
        least_at = seen[int(curve["error"].arg_min() or 0)]
        rows.append((pool, found.name, found.rise, seen[found.start], seen[found.end], least_at))
    seen_type = runs.schema["samples_seen"]
    schema = {"pool": pl.String(), "shape": pl.String(), "rise": pl.Float64(), "rise_from": seen_type}
    return pl.DataFrame(rows, schema=schema | {"rise_to": seen_type, "least_at": seen_type}, orient="row")


def refuse_odd_curves(
    law: Law, runs: pl.DataFrame, noise: pl.DataFrame | None = None, *, shapes: tuple[str, ...] = tuple(_WORDS)
) -> None:
    """Refuse runs (pool, samples_seen, error) with a curve of one of `shapes` for a law that can only fall.

    Raises:
        InputError: for the first such pool; nothing for a law whose `can_rise` is true.
    """
    if law.can_rise:
        return
    odd = curve_shapes(runs, noise).filter(pl.col("shape").is_in(shapes))
    if odd.is_empty():
        return
    row = odd.row(0, named=True)
    others = f" (and {odd.height - 1} more)" if odd.height > 1 else ""
    raise InputError(
        f"pool {row['pool']!r}{others}: its mean error {_WORDS[row['shape']]}, by {row['rise']:.1%} from "
        f"{row['rise_from']:g} to {row['rise_to']:g} samples seen, which law {law.name} cannot describe: it only falls;"
        f" leave such pools out, cap laws.max_repetitions, or train them otherwise"
    )
