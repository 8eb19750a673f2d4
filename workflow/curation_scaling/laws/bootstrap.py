"""Bootstrap replicates of a fit: what is resampled, and the refits of all replicates in one batch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import column
from curation_scaling.laws.losses import Loss
from curation_scaling.laws.solver import Problem, minimise
from curation_scaling.progress import counting

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

TOLERANCE = 1e-7  # relative, of a replicate's objective: far below its sampling error
RESEEDED = 8  # one replicate in so many also starts from the other basins
RARE = 0.02  # share of them that may move there before all replicates start from there too
SMOOTHING = 0.5  # of the residuals' standard deviation
UNITS_A_PARAMETER = 5  # independent runs a free parameter that the resampling of whole runs needs
NORMAL_975 = 1.959963984540054
_KINDS = ("sd", "noise", "count")  # of weights


@dataclass(frozen=True)
class Plan:
    """What the replicates fit: errors and weights, (rows,) or (replicates, rows), and how they were made.

    `stretch` widens the replicates' fitted values around the fit for the few units that they come from.
    """

    error: Array
    weight: Array
    stretch: float
    method: str


def labels(frame: pl.DataFrame, name: str) -> Labels:
    """Return the values of a column as numbers 0, 1, ... in their sorted order; raise InputError on a null."""
    if frame[name].null_count():
        row = int(frame[name].is_null().arg_max() or 0)
        raise InputError(f"column {name!r}, row {row} is empty, so that the row belongs to no unit: fill it in")
    return frame[name].rank("dense").to_numpy().astype(np.intp) - 1


def plan(
    frame: pl.DataFrame,
    problem: Problem,
    predicted: Array,
    leverage: Array,
    cluster: str,
    count: int,
    rng: np.random.Generator,
    precision: Array | float = 1.0,
) -> Plan:
    """Choose and draw the replicates; precision: `precision_of` the rows.

    Units are data draws where there are at least two, joint across pools; else whole runs, within each pool, where
    every parameter has UNITS_A_PARAMETER of them; else blocks of residuals. A `cluster` other than "draw" names the
    column of the units. Raises InputError when the units cannot be told or are fewer than two.
    """
    strata = labels(frame, "pool") if "pool" in frame.columns else np.zeros(frame.height, dtype=np.intp)
    if cluster != "draw" and cluster in frame.columns and frame[cluster].n_unique() < 2:
        raise InputError(
            f"cluster column {cluster!r} has one value, but the bootstrap needs at least 2: name a finer column"
        )
    name = "run_id" if cluster == "draw" else cluster
    if cluster == "draw" and "draw" in frame.columns and frame["draw"].drop_nulls().n_unique() > 1:
        name = "draw"
    if name not in frame.columns:
        raise InputError(
            f"column {name!r} is missing, so the bootstrap cannot tell independent runs apart: add it, name another"
            " column as cluster, or set bootstrap=0"
        )
    units = labels(frame, name)
    if name != "run_id":
        return _whole_units(problem, units, strata, f"{name}s" if name == "draw" else name, count, rng)
    per_stratum = min(np.unique(units[strata == s]).size for s in range(int(strata.max()) + 1))
    free = len(problem.chart.free)
    if per_stratum > 1 and int(units.max()) + 1 >= UNITS_A_PARAMETER * free:
        return _resampled_runs(problem, units, strata, count, rng)
    if frame.height <= free:
        raise InputError(
            f"{frame.height} rows leave no residual for {free} free parameters:"
            " add runs, fix a parameter, or set bootstrap=0"
        )
    seen = next((name for name in ("samples_seen", "tokens") if name in frame.columns), None)
    place = np.arange(frame.height) if seen is None else labels(frame, seen)
    return _residual_blocks(problem, predicted, leverage, units, place, count, rng, precision)


def _whole_units(
    problem: Problem, units: Labels, strata: Labels, noun: str, count: int, rng: np.random.Generator
) -> Plan:
    """Weigh whole units by Dirichlet(1, ..., 1) shares, the same in every stratum.

    Exchangeable weights keep every pool in every replicate, where resampling three draws would often keep one. Their
    variance is (G - 1) / (G + 1) of that of a mean over G units, and G units leave G - 1 degrees of freedom: both
    are put right by the stretch, so that intervals are Student's at 95 %.
    """
    total = int(units.max()) + 1
    share = rng.dirichlet(np.ones(total), size=count)
    weight = share[:, units]
    for stratum in range(int(strata.max()) + 1):
        rows = strata == stratum
        present = np.unique(units[rows])
        weight[:, rows] /= share[:, present].mean(axis=1)[:, None]
    stretch = np.sqrt((total + 1) / (total - 1)) * float(stdtrit(total - 1, 0.975)) / NORMAL_975
    return Plan(problem.error, weight * problem.weight, stretch, f"weighted {noun}, joint across pools, t({total - 1})")


def _resampled_runs(problem: Problem, units: Labels, strata: Labels, count: int, rng: np.random.Generator) -> Plan:
    """Resample whole runs with replacement inside each pool (a run belongs to its first row's pool).

    With robust losses and this many runs the resampling is not too narrow, so that nothing is stretched.
    """
    total = int(units.max()) + 1
    first = np.unique(units, return_index=True)[1]
    of_unit = strata[first]
    counts = np.zeros((count, total))
    for stratum in np.unique(of_unit):
        members = np.flatnonzero(of_unit == stratum)
        counts[:, members] = rng.multinomial(members.size, np.full(members.size, 1 / members.size), size=count)
    return Plan(problem.error, counts[:, units] * problem.weight, 1.0, "resampled runs, within pools")


def _residual_blocks(
    problem: Problem,
    predicted: Array,
    leverage: Array,
    units: Labels,
    place: Labels,
    count: int,
    rng: np.random.Generator,
    precision: Array | float,
) -> Plan:
    """Add to the fit blocks of residuals, drawn from all runs with random signs.

    Residuals are multiplied by `precision` (rows,), divided by sqrt(1 - leverage), rescaled to the residual variance on
    n - p degrees of freedom, widened from normal to Student, smoothed by normal noise at unchanged variance, and
    divided by the precision of the row that they come to. A block is consecutive in `place`, the order of a run's rows.
    """
    residual = -problem.loss.residual(predicted, problem.error)
    pool = standardised(residual * precision, leverage, len(problem.chart.free))
    freedom = residual.size - len(problem.chart.free)
    pool = pool * float(stdtrit(freedom, 0.975)) / NORMAL_975
    order = np.argsort(place, kind="stable")
    runs = [order[units[order] == unit] for unit in range(int(units.max()) + 1)]
    length = max(1, round(float(np.mean([run.size for run in runs])) ** (1 / 3)))
    blocks = np.array([run[i : i + length] for run in runs for i in range(run.size - length + 1)])
    if not len(blocks):
        length, blocks = 1, np.arange(residual.size)[:, None]
    noise = np.empty((count, residual.size))
    for run in runs:
        pieces = -(-run.size // length)
        chosen = rng.integers(len(blocks), size=(count, pieces))
        sign = rng.choice([-1.0, 1.0], size=(count, pieces, 1))
        noise[:, run] = (pool[blocks[chosen]] * sign).reshape(count, -1)[:, : run.size]
    # A robust loss passes exactly through some rows, whose residuals of 0 would pile up in the middle of the noise.
    blur = SMOOTHING * float(np.sqrt((pool**2).mean())) * rng.standard_normal(noise.shape)
    noise = (noise + blur) / np.sqrt(1 + SMOOTHING**2) / precision
    return Plan(
        problem.loss.perturbed(predicted, noise), problem.weight, 1.0, f"residual blocks of {length}, t({freedom})"
    )


def standardised(residual: Array, leverage: Array, free: int) -> Array:
    """Return centred residuals divided by sqrt(1 - leverage), with mean square sum(r^2) / (n - free)."""
    scaled = residual / np.sqrt(np.maximum(1 - leverage, 0.05))
    scaled = scaled - scaled.mean()
    size = float(np.sqrt((scaled**2).mean()))
    target = float(np.sqrt((residual**2).sum() / max(residual.size - free, 1)))
    return np.asarray(scaled * (target / size) if size > 0 else scaled)


def refit(problem: Problem, made: Plan, estimate: Array, others: Array) -> tuple[Array, float]:
    """Return the replicates' fits (replicates, free) and the share of them that moved to another basin.

    All start at the estimate; one in RESEEDED also starts from the `others` (basins, free), and when more than RARE of
    these win, all do.
    """
    replicates = replace(problem, error=made.error, weight=made.weight)
    count = max(
        made.error.shape[0] if made.error.ndim == 2 else 0, made.weight.shape[0] if made.weight.ndim == 2 else 0
    )
    with counting(f"bootstrap of {problem.law.name}", count) as done:
        solution, best = minimise(replicates, np.tile(estimate, (count, 1)), tolerance=TOLERANCE, done=done)
    switched = np.zeros(count, dtype=bool)

    def reseed(last: int) -> float:
        for other in others:
            part = replicates.part(slice(0, last))
            found, value = minimise(part, np.tile(other, (last, 1)), tolerance=TOLERANCE)
            better = value < best[:last] * (1 - 1e-6)
            solution[:last][better], best[:last][better] = found[better], value[better]
            switched[:last] |= better
        return float(switched[:last].mean())

    share = reseed(-(-count // RESEEDED))
    if share > RARE:
        share = reseed(count)
    if made.stretch > 1.0:
        solution = _stretched(problem, solution, estimate, made.stretch)
    return solution, share


def _stretched(problem: Problem, solution: Array, estimate: Array, factor: float) -> Array:
    """Widen the replicates' fitted values around the fit by `factor` and fit these exactly.

    Widening fitted values, not parameters, follows the curved valleys in which amplitude, exponent and floor trade off.
    """
    loss = Loss("log_mse" if problem.loss.logarithmic else "mse", problem.loss.delta)
    centre = problem.law.predict(problem.chart.theta(estimate[None]), problem.design)
    fitted = problem.law.predict(problem.chart.theta(solution), problem.design)
    target = loss.perturbed(centre, factor * loss.residual(fitted, centre))
    if not loss.logarithmic:
        target = np.maximum(target, 1e-12)
    exact = replace(problem, loss=loss, error=target, weight=problem.weight)
    return minimise(exact, solution, tolerance=1e-6, steps=50)[0]


def weights_of(given: Mapping[str, str] | None, frame: pl.DataFrame, error: Array, loss: Loss) -> Array:
    """Return row weights of the summed loss from {"sd": column}, {"noise": column} or {"count": column}.

    sd: standard deviations of the errors; the weight is 1 / variance (of the log for a log loss), scaled to mean 1.
    noise: standard deviations s of the errors' logs; the weight is 1 / s^2 for squared losses and 1 / s for log_huber
    and lad, which are linear but for tiny residuals (the efficient weights of least absolute deviations), mean 1.
    count: how many runs a row stands for, or trials of a binomial loss. Raises InputError on another key or a column
    that is not positive.
    """
    if given is None:
        return np.ones(error.size)
    if len(given) != 1 or next(iter(given)) not in _KINDS:
        known = " or ".join(f"{{'{kind}': column}}" for kind in _KINDS)
        raise InputError(f"weights is {dict(given)}, but must be {known}")
    kind, name = next(iter(given.items()))
    values = column(frame, name)
    if kind == "count":
        return values
    if kind == "noise":
        spread = values if loss.logarithmic else values * error
        weight = spread**-2.0 if loss.squared else 1 / spread
        return weight / float(weight.mean())
    weight = (error / values) ** 2 if loss.logarithmic else values**-2.0
    return weight / float(weight.mean())


def precision_of(given: Mapping[str, str] | None, weight: Array, loss: Loss) -> Array | float:
    """Return what makes residuals equally wide, (rows,), with root mean square or mean 1; 1 without weights."""
    if given is None:
        return 1.0
    if "noise" in given and not loss.squared:
        return weight / float(weight.mean())
    return np.asarray(np.sqrt(weight / float(weight.mean())))
