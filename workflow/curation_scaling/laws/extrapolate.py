"""One prediction of each learning curve from several laws, weighted by how they extrapolate inside the runs at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import column
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.law import Law
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.rollout import compute_of

Array = npt.NDArray[np.float64]
Candidate = tuple[str, bool]  # a law, and whether it is moved through the last point

CURVE_LAWS = ("m1", "m2", "m3", "m4", "three_regions", "shifted_power")
CUTOFF = 0.5**0.5  # of the largest compute: the second half of the last doubling judges
POWER = 3  # weights are 1 / rollout^POWER
LEAST_ROWS = 4  # below the cutoff, for a curve to judge
LEAST_ERROR = 1e-6  # of a rollout in log units: below it all candidates are equally right
MOST_LEFT_OUT = 0.5  # share of the curves that a candidate may leave unjudged


@dataclass(frozen=True)
class Curve:
    """The laws fitted to one curve (or to its first part), and what is known of its end.

    last: mean ln error at the largest compute. falling: the error never rose, as where it is the best one so far; then
    no prediction exceeds the last error.
    """

    fits: Mapping[str, Fit]
    last: float
    falling: bool
    at_last: Mapping[str, float]

    @property
    def laws(self) -> list[Law]:
        """The laws that could be fitted."""
        return [fit.law for fit in self.fits.values()]

    def log_predictions(self, frame: pl.DataFrame) -> dict[Candidate, Array]:
        """Return ln of each candidate's prediction for each row of `frame`."""
        found: dict[Candidate, Array] = {}
        for name, fit in self.fits.items():
            values = np.log(fit.predict(frame)["predicted"].to_numpy())
            for moved in (False, True):
                shifted = values + (self.last - self.at_last[name]) if moved else values
                found[name, moved] = np.minimum(shifted, self.last) if self.falling else shifted
        return found


@dataclass(frozen=True)
class Extrapolation:
    """Candidates with their weights, and each curve's fits.

    table: law, moved (through the curve's last point), rollout (root mean square of ln(predicted / error) beyond the
    cutoff, over all curves; null where nothing could be judged), weight. curves: the fits by the curve's name.
    """

    table: pl.DataFrame
    curves: Mapping[str, Curve]
    curve: str | None

    def predict(self, frame: pl.DataFrame) -> Array:
        """Return the weighted geometric mean of the candidates' predictions, shape (rows,), in units of the error.

        Raises InputError on a curve that was not fitted.
        """
        names = _names(frame, self.curve)
        result = np.empty(frame.height)
        for name in dict.fromkeys(names):
            if name not in self.curves:
                raise InputError(
                    f"curve {name!r} was not fitted: predict one of {', '.join(list(self.curves)[:5])}, or fit it too"
                )
            rows = np.array([other == name for other in names])
            logs = self.curves[name].log_predictions(frame.filter(pl.Series(rows)))
            weight = {(law, moved): w for law, moved, _, w in self.table.iter_rows() if (law, moved) in logs}
            # A curve that none of the judged candidates fits is predicted by the mean of those that do.
            weight = weight if sum(weight.values()) > 0 else dict.fromkeys(logs, 1.0)
            result[rows] = np.exp(sum(w * logs[key] for key, w in weight.items()) / sum(weight.values()))
        return result


def extrapolate(
    runs: pl.DataFrame,
    laws: Sequence[str | Law] = CURVE_LAWS,
    *,
    curve: str | None = None,
    loss: str = "log_mse",
    delta: float = 1e-3,
) -> Extrapolation:
    """Fit every law to every curve, and weigh the laws by their errors when fitted to the smaller compute alone.

    curve: the column that tells the curves of one family apart (one task, one kind of model); None: a single curve.
    Each law is a candidate twice: as fitted, and moved in ln error through the curve's last point, since residuals that
    persist are worth more than a fit's average. A candidate's weight is 1 / rollout^3, its root mean square log
    error beyond the cutoff over all curves: a single curve's rollout is too noisy to choose by. Nothing beyond
    `runs` is used. How the rule was chosen: docs/extrapolation.md.
    Raises InputError when a curve can be fitted by no law.
    """
    named = [law_named(law) if isinstance(law, str) else law for law in laws]
    if not named:
        raise InputError("no law was given to extrapolate with: name at least one")
    names = _names(runs, curve)
    parts = {name: runs.filter(pl.Series([other == name for other in names])) for name in dict.fromkeys(names)}
    curves = {name: _fitted(named, part, name if curve else "", loss, delta) for name, part in parts.items()}
    scores = [_rollout(curves[name].laws, part, loss, delta) for name, part in parts.items()]
    return Extrapolation(_weighted(curves, scores), curves, curve)


def _names(frame: pl.DataFrame, curve: str | None) -> list[str]:
    if curve is None:
        return [""] * frame.height
    if curve not in frame.columns:
        raise InputError(f"column {curve!r} is missing; the frame has {', '.join(frame.columns)}: name the curves")
    return [str(value) for value in frame[curve].to_list()]


def _fitted(laws: Sequence[Law], part: pl.DataFrame, name: str, loss: str, delta: float) -> Curve:
    """Return the laws that can be fitted; raise InputError when there is none."""
    fits: dict[str, Fit] = {}
    reason = ""
    for law in laws:
        try:
            fits[law.name] = fit_law(law, part, loss=loss, delta=delta, bootstrap=0)
        except InputError as error:
            reason = str(error)
    if not fits:
        raise InputError(f"none of the laws can be fitted{f' to curve {name!r}' if name else ''}: {reason}")
    compute = compute_of(fits[next(iter(fits))].law, part)
    log_error = np.log(column(part, "error"))
    end = compute == compute.max()
    falling = bool((np.diff(log_error[np.argsort(compute, kind="stable")]) <= 0).all())
    at_last = {name: float(np.log(fit.predict(part.filter(end))["predicted"][0])) for name, fit in fits.items()}
    return Curve(fits, float(log_error[end].mean()), falling, at_last)


def _rollout(laws: Sequence[Law], part: pl.DataFrame, loss: str, delta: float) -> dict[Candidate, float]:
    """Return each candidate's mean square log error beyond the cutoff of one curve; empty if too little lies below."""
    compute = compute_of(laws[0], part)
    inside = compute <= CUTOFF * compute.max()
    if inside.sum() < LEAST_ROWS:
        return {}
    try:
        first = _fitted(laws, part.filter(inside), "", loss, delta)
    except InputError:
        return {}
    test = part.filter(~inside)
    log_error = np.log(test["error"].to_numpy())
    return {key: float(((values - log_error) ** 2).mean()) for key, values in first.log_predictions(test).items()}


def _weighted(curves: Mapping[str, Curve], scores: Sequence[Mapping[Candidate, float]]) -> pl.DataFrame:
    """Return the table of candidates: those judged on enough curves, all alike when there is none."""
    candidates = dict.fromkeys((name, moved) for curve in curves.values() for name in curve.fits for moved in (0, 1))
    keys: list[Candidate] = [(name, bool(moved)) for name, moved in candidates]
    told = {key: [score[key] for score in scores if key in score] for key in keys}
    enough = MOST_LEFT_OUT * sum(bool(score) for score in scores)
    kept = [key for key in keys if told[key] and len(told[key]) >= enough]
    rollout = {key: max(float(np.sqrt(np.mean(told[key]))), LEAST_ERROR) for key in kept}
    weight = {key: rollout[key] ** -POWER for key in kept} if kept else dict.fromkeys(keys, 1.0)
    total = sum(weight.values())
    return pl.DataFrame(
        [(*key, rollout.get(key), w / total) for key, w in weight.items()],
        schema={"law": pl.String, "moved": pl.Boolean, "rollout": pl.Float64, "weight": pl.Float64},
        orient="row",
    )
