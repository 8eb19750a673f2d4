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
CUTOFF = 0.5  # of the largest compute: the last doubling judges
LEAST_SCORE = 1e-6  # relative error below which all laws are equally right


@dataclass(frozen=True)
class Extrapolation:
    """Laws with their weights: `table` has law, rollout, weight; `fits` one fit to all runs for each of its rows.

    rollout: root mean square of ln(predicted / error) beyond the cutoff.
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

    A law is fitted below half of the largest compute and scored on what lies above; its weight is 1 / its root mean
    square log error there. Laws that cannot be fitted to the lower half do not count, unless none can. Nothing beyond
    `runs` is used. That the last doubling alone judges, and the exponent of the weight, were chosen among 40 rules on
    the training parts of the curves of Alabdulmohsin et al. 2022 (their lower half predicting their upper half).
    Raises InputError when no law can be fitted.
    """
    named = [law_named(law) if isinstance(law, str) else law for law in laws]
    if not named:
        raise InputError("no law was given to extrapolate with: name at least one")
    fits: list[Fit] = []
    scores: list[float] = []
    reason = ""
    for law in named:
        try:
            fits.append(fit_law(law, runs, loss=loss, delta=delta, bootstrap=0))
        except InputError as error:
            reason = str(error)
            continue
        scores.append(_rollout(law, runs, loss, delta))
    if not fits:
        raise InputError(f"none of the laws can be fitted: {reason}")
    judged = [i for i, score in enumerate(scores) if np.isfinite(score)]
    kept = judged or list(range(len(fits)))
    score = np.maximum([scores[i] for i in kept], LEAST_SCORE) if judged else np.ones(len(kept))
    weight = (1 / score) / (1 / score).sum()
    table = pl.DataFrame(
        {"law": [fits[i].law.name for i in kept], "rollout": [scores[i] for i in kept], "weight": weight}
    )
    return Extrapolation(table, tuple(fits[i] for i in kept))


def _rollout(law: Law, runs: pl.DataFrame, loss: str, delta: float) -> float:
    """Return the root mean square log error above the cutoff, infinite when the law cannot be fitted below it."""
    compute = compute_of(law, runs)
    inside = compute <= CUTOFF * compute.max()
    try:
        fit = fit_law(law, runs.filter(inside), loss=loss, delta=delta, bootstrap=0)
    except InputError:
        return float("inf")
    test = runs.filter(~inside)
    return float(np.sqrt((np.log(fit.predict(test)["predicted"] / test["error"]) ** 2).mean()))
