"""One prediction from several laws, weighted by how each has extrapolated inside the runs at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.holdout import compute_of
from curation_scaling.laws.law import Law
from curation_scaling.laws.registry import law_named

Array = npt.NDArray[np.float64]

CURVE_LAWS = ("m1", "m2", "m3", "m4", "broken_power", "three_regions", "shifted_power")
CUTOFFS = (0.5, 0.25)  # of the largest compute: the last two doublings judge
LEAST_SCORE = 1e-6  # relative error below which all laws are equally right


@dataclass(frozen=True)
class Extrapolation:
    """Laws with their weights: `table` has law, rollout, weight; `fits` one fit to all runs for each of its rows.

    rollout: root mean square of ln(predicted / error) beyond the cutoffs.
    """

    table: pl.DataFrame
    fits: tuple[Fit, ...]

    def predict(self, frame: pl.DataFrame) -> Array:
        """Return the weighted geometric mean of the laws' predictions, shape (rows,)."""
        logs = np.stack([np.log(fit.predict(frame)["predicted"].to_numpy()) for fit in self.fits])
        return np.asarray(np.exp(self.table["weight"].to_numpy() @ logs))


def extrapolate(
    runs: pl.DataFrame, laws: Sequence[str | Law] = CURVE_LAWS, *, loss: str = "log_mse", delta: float = 1e-3
) -> Extrapolation:
    """Fit every law to all runs, and weigh it by its errors when fitted to the smaller compute alone.

    For cutoffs at a half and a quarter of the largest compute, a law is fitted below the cutoff and scored on
    everything above; its weight is 1 / mean square log error, as for independent estimates of one number. Laws that can
    be fitted at fewer cutoffs than others do not count. Nothing beyond `runs` is used. Raises InputError when no law
    can be fitted.
    """
    named = [law_named(law) if isinstance(law, str) else law for law in laws]
    if not named:
        raise InputError("no law was given to extrapolate with: name at least one")
    fits: list[Fit] = []
    squares: list[list[float]] = []
    reason = ""
    for law in named:
        try:
            fits.append(fit_law(law, runs, loss=loss, delta=delta, bootstrap=0))
        except InputError as error:
            reason = str(error)
            continue
        squares.append(_squared_errors(law, runs, loss, delta))
    if not fits:
        raise InputError(f"none of the laws can be fitted: {reason}")
    most = max(len(values) for values in squares)
    kept = [i for i, values in enumerate(squares) if len(values) == most]
    score = np.array([max(float(np.mean(squares[i])), LEAST_SCORE**2) if most else 1.0 for i in kept])
    weight = (1 / score) / (1 / score).sum()
    names = [fits[i].law.name for i in kept]
    table = pl.DataFrame({"law": names, "rollout": np.sqrt(score), "weight": weight})
    return Extrapolation(table, tuple(fits[i] for i in kept))


def _squared_errors(law: Law, runs: pl.DataFrame, loss: str, delta: float) -> list[float]:
    compute = compute_of(law, runs)
    values = []
    for share in CUTOFFS:
        inside = compute <= share * compute.max()
        try:
            fit = fit_law(law, runs.filter(inside), loss=loss, delta=delta, bootstrap=0)
        except InputError:
            continue
        test = runs.filter(~inside)
        values.append(float((np.log(fit.predict(test)["predicted"] / test["error"]) ** 2).mean()))
    return values
