"""Laws of pruned pools: error against the size kept and the initial size, jointly, and how fast it falls where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from curation_scaling.errors import InputError
from curation_scaling.laws.compare import compare
from curation_scaling.laws.compute_laws import ShiftedPower
from curation_scaling.laws.expression import ExpressionLaw
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.law import Law
from curation_scaling.laws.power import Power, PrunedExponential, SaturatingPower
from curation_scaling.laws.regions import ThreeRegions
from curation_scaling.study.pruning import Cell, Pruning, cells_of

Array = npt.NDArray[np.float64]
AXES = {"kept": "kept", "initial": "initial"}
JOINT = "pruned_joint"


def joint_law(largest: float) -> ExpressionLaw:
    """y = d + a u^-b f^(q ln(N / M)), u = N f the size kept of N, f the fraction.

    Source: ours. Below M samples pruning by this ranking is worse than a random choice of as many, above M better; q
    is how fast that turns. At q = 0 or f = 1 it is the saturating power law of the size kept.
    """
    parameters: dict[str, dict[str, Any]] = {
        "a": {"unit": "error"},
        "b": {"upper": 3.0},
        "q": {"lower": -1.0, "upper": 1.0},
        "M": {"unit": "samples", "lower": 1.0, "upper": 1e3 * largest, "log": True},
        "d": {"unit": "error"},
    }
    formula = "d + a * (kept / 1000) ** -b * fraction ** (q * log(initial / M))"
    return ExpressionLaw.from_config(JOINT, {"formula": formula, "parameters": parameters})


def pruned_runs(pruning: Pruning, runs: pl.DataFrame) -> pl.DataFrame:
    """All runs on pruned pools with their cell: label, metric, keep, fraction, initial, saw, and kept samples.

    `metric` is then the one that ranked; the runs' own stands in `measure`.
    """
    cells = [cell for size in pruning.sizes for cell in cells_of(pruning, size)]
    table = pl.DataFrame([_row(cell) for cell in cells])
    runs = runs.rename({"metric": "measure"})
    return runs.join(table, on="pool", how="inner", maintain_order="left").with_columns(kept=pl.col("unique_samples"))


def _row(cell: Cell) -> dict[str, Any]:
    names = ("pool", "label", "metric", "keep", "fraction", "saw")
    return {name: getattr(cell, name) for name in names} | {"initial": cell.size}


def last_evaluations(runs: pl.DataFrame) -> pl.DataFrame:
    """The last evaluation of each run: what the pruning curves are made of."""
    return runs.filter(pl.col("samples_seen") == pl.col("samples_seen").max())


def pruning_curves(runs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `pruning/curves`: mean errors with standard errors, and differences paired by draw."""
    last = last_evaluations(runs).sort("initial", "label", "fraction", "draw")
    random = last.filter(metric="random", keep="hard").select("initial", "fraction", "draw", r="error")
    whole = last.filter(keep="all").select("initial", "draw", w="error")
    joined = last.join(random, on=["initial", "fraction", "draw"], how="left").join(
        whole, on=["initial", "draw"], how="left"
    )
    error, n = pl.col("error"), pl.col("error").len().sqrt()
    by_random, by_all = error - pl.col("r"), error - pl.col("w")
    key = ["pool", "label", "metric", "keep", "fraction", "initial", "saw", "samples_seen"]
    rows = joined.group_by(key, maintain_order=True).agg(
        kept=pl.col("kept").first(),
        draws=pl.len(),
        against_random=by_random.mean(),
        against_random_se=by_random.std() / n,
        against_all=by_all.mean(),
        against_all_se=by_all.std() / n,
        se=error.std() / n,
        mean=error.mean(),
    )
    plain = pl.col("metric").is_in(["all", "random"])
    nothing = [
        pl.when(plain).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("against_random", "against_random_se")
    ]
    return rows.with_columns(*nothing).rename({"mean": "error"})


def fit_pruned(pruning: Pruning, runs: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Rows of `pruning/fits`: every law of every set and fraction along both sizes, and the joint law of every set."""
    last = last_evaluations(runs)
    rows: list[dict[str, Any]] = []
    for (label, fraction), part in last.group_by("label", "fraction", maintain_order=True):
        for axis in AXES if float(fraction) < 1 else ("kept",):
            rows += _along(str(label), float(fraction), axis, part, pruning, seed)
    for (label,), part in last.filter(pl.col("keep") != "all").group_by("label", maintain_order=True):
        together = pl.concat([part, last.filter(keep="all")])
        rows += _joint(str(label), together, pruning, seed)
    return pl.DataFrame(rows, schema=_FITS, orient="row")


_FITS = {
    "label": pl.String,
    "fraction": pl.Float64,
    "axis": pl.String,
    "law": pl.String,
    "chosen": pl.Boolean,
    "rollout": pl.Float64,
    "parameter": pl.String,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "unit": pl.String,
    "note": pl.String,
}


def _laws() -> list[Law]:
    """One regime: power, saturating, shifted, exponential; two regimes: a plateau that bends into a power law."""
    return [Power(), SaturatingPower(), ShiftedPower(), PrunedExponential(), ThreeRegions()]


def _along(
    label: str, fraction: float, axis: str, part: pl.DataFrame, pruning: Pruning, seed: int
) -> Iterator[dict[str, Any]]:
    """The laws read one size, so it stands in the columns that they name."""
    size = pl.col(AXES[axis]).cast(pl.Float64)
    frame = part.with_columns(samples_seen=size, unique_samples=size).drop("flops", "repetitions", "weights")
    frame = frame.with_columns(run_id=pl.format("{} {}", "run_id", "initial"), pool=pl.lit(label))
    where = {"label": label, "fraction": fraction, "axis": axis}
    try:
        judged = compare(_laws(), frame, loss="log_mse")
    except InputError as error:
        yield where | _refused(Power(), str(error))
        return
    for row in judged.iter_rows(named=True):
        law = next(law for law in _laws() if law.name == row["law"])
        if row["note"]:
            yield where | _refused(law, row["note"])
            continue
        bootstrap = pruning.bootstrap if row["chosen"] else 0
        fit = fit_law(law, frame, loss="log_mse", bootstrap=bootstrap, level=pruning.level, seed=seed)
        found = {"chosen": row["chosen"], "rollout": row["rollout"]}
        yield from (where | found | parameter for parameter in _parameters(fit))


def _joint(label: str, frame: pl.DataFrame, pruning: Pruning, seed: int) -> Iterator[dict[str, Any]]:
    law = joint_law(float(pruning.sizes[-1]))
    where = {"label": label, "fraction": None, "axis": "joint", "chosen": True, "rollout": None}
    frame = frame.drop("flops", "metric").with_columns(pool=pl.lit(label))
    try:
        fit = fit_law(law, frame, loss="log_mse", bootstrap=pruning.bootstrap, level=pruning.level, seed=seed)
    except InputError as error:
        yield where | _refused(law, str(error))
        return
    yield from (where | parameter for parameter in _parameters(fit))


def _parameters(fit: Fit) -> Iterator[dict[str, Any]]:
    for row in fit.parameters.iter_rows(named=True):
        names = ("parameter", "estimate", "lower", "upper", "unit")
        yield {"law": fit.law.name, "note": ""} | {name: row[name] for name in names}


def _refused(law: Law, note: str) -> dict[str, Any]:
    empty = {"chosen": False, "rollout": None, "parameter": "", "estimate": float("nan"), "lower": None, "upper": None}
    return {"law": law.name, "note": note, "unit": ""} | empty


def local_exponents(
    label: str, fraction: float | None, axis: str, sizes: Sequence[float], errors: Array, level: float
) -> list[dict[str, Any]]:
    """Rows of `pruning/exponents` of one curve; errors (draws, sizes), each draw its own curve.

    The exponent between two sizes is the mean over draws of -d ln(error) / d ln(size) with Student's interval. A
    power law has no change of it; `faster` marks steps whose exponent grew beyond doubt, and the first later step
    without it is where the faster fall ends.
    """
    x = np.log(np.asarray(sizes, float))
    with np.errstate(divide="ignore"):
        slopes = -np.diff(np.log(errors), axis=1) / np.diff(x)
    rows = []
    for i in range(slopes.shape[1]):
        centre, reach = _student(slopes[:, i], level)
        change: tuple[float | None, float | None] = (None, None)
        if i:
            change = _student(slopes[:, i] - slopes[:, i - 1], level)
        known = change[0] is not None and change[1] is not None
        rows.append(
            {
                "label": label,
                "fraction": fraction,
                "axis": axis,
                "from_size": float(sizes[i]),
                "to_size": float(sizes[i + 1]),
                "exponent": centre,
                "lower": centre - reach,
                "upper": centre + reach,
                "change": change[0],
                "change_lower": change[0] - change[1] if known else None,  # type: ignore[operator]
                "change_upper": change[0] + change[1] if known else None,  # type: ignore[operator]
                "faster": change[0] - change[1] > 0 if known else None,  # type: ignore[operator]
            }
        )
    return rows


def _student(values: Array, level: float) -> tuple[float, float]:
    """Mean and half-width of Student's interval."""
    n = len(values)
    quantile = float(stdtrit(n - 1, (1 + level) / 2))
    return float(values.mean()), quantile * float(values.std(ddof=1)) / float(np.sqrt(n))
