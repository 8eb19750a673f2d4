"""The stage that chooses the weights for a larger size: projected gradient descent on the projected error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts_sources import REVEALED, SOURCE_WEIGHTS
from curation_scaling.errors import InputError
from curation_scaling.laws.sources.forms import Projection, log_map
from curation_scaling.laws.sources.models import fit_linear
from curation_scaling.laws.sources.simplex import project
from curation_scaling.laws.sources.trainings import read_distances, read_trainings, run_paths
from curation_scaling.layout import Layout
from curation_scaling.pools.revealed import SOURCE
from curation_scaling.ranking.distances import read_transport
from curation_scaling.ranking.transport import Transport
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import weights_keys
from curation_scaling.study.sources import TableSources

Array = npt.NDArray[np.float64]
CHOSEN, UNIFORM, PROPORTIONAL = "chosen", "uniform", "proportional"
_STEPS = 25  # from each start: trials, each of them two transports
_FIRST = 0.2  # largest change of a weight in the first trial
_STILL = 0.002  # largest change of a weight that ends the descent


@dataclass(frozen=True)
class Objective:
    """The projected error of a mixture at a size, and its derivative by the weights."""

    projection: Projection
    transport: Transport
    size: int
    seen: dict[bytes, tuple[float, float, Array]] = field(default_factory=dict)

    def __call__(self, weights: Array) -> tuple[float, float, Array]:
        """The error, the variance of a new training around it, and the gradient (m,) less its mean."""
        key = weights.tobytes()
        if key not in self.seen:
            solved = [self.transport.solve(weights, n) for n in self.projection.sizes]
            distances = np.array([solved[0].distance]), np.array([solved[1].distance])
            mean, variance = self.projection.predict(weights[None], distances, self.size)
            fits = self.projection.small, self.projection.large
            factors = log_map(self.size, *self.projection.sizes)
            slopes = [
                f * fit.gradient(weights, s.distance, s.gradient)
                for f, fit, s in zip(factors, fits, solved, strict=True)
            ]
            gradient = np.sum(slopes, axis=0)
            self.seen[key] = float(mean[0]), float(variance[0]), gradient - gradient.mean()
        return self.seen[key]


def descend(objective: Objective, start: Array, largest: Array) -> tuple[Array, int]:
    """Weights at which no gradient step within the bounds lowers the objective, and the number of steps taken.

    A step is p - h g, projected; h is halved until the error falls, and grows by half after each success.
    """
    weights, taken = project(start, largest), 0
    value, _, gradient = objective(weights)
    step = _FIRST / max(float(np.abs(gradient).max()), 1e-300)
    for _ in range(_STEPS):
        trial = project(weights - step * gradient, largest)
        if np.abs(trial - weights).max() < _STILL:
            break
        found, _, slope = objective(trial)
        if found < value:
            weights, value, gradient, taken, step = trial, found, slope, taken + 1, 1.5 * step
        else:
            step /= 2
    return weights, taken


def choose(objective: Objective, starts: Sequence[Array], largest: Array) -> tuple[Array, int]:
    """The best end of the descents from several starts, and its number of steps."""
    ends = [descend(objective, start, largest) for start in starts]
    return min(ends, key=lambda end: objective(end[0])[0])


def choose_weights(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/weights`: the chosen, the uniform and the size-proportional weights, each with its projection.

    The form is fitted to all trainings at the disclosed sizes, those held out among them. The descent starts from the
    plain weights and from the trained mixture whose projected error is the least.

    Raises:
        InputError: if the sources together cannot deliver the size.
    """
    spec = rerun.sources
    assert spec is not None
    first, second, *_ = read_trainings(rerun, layout)
    projection = fit_linear(spec, spec.choose.form, (first, second)).projection
    objective = Objective(projection, read_transport(rerun, layout), spec.choose.size)
    held = deliverable(rerun, layout)
    largest = np.minimum(held / spec.choose.size, 1.0)
    if largest.sum() < 1:
        raise InputError(f"key sources.choose.size: the sources hold {held.sum():.0f} samples in all; lower the size")
    plain = {
        UNIFORM: project(np.full(len(held), 1 / len(held)), largest),
        PROPORTIONAL: project(held / held.sum(), largest),
    }
    best, steps = choose(objective, [*plain.values(), _best_trained(rerun, layout, projection, largest)], largest)
    rows = []
    for choice, weights in {CHOSEN: best, **plain}.items():
        mean, variance, gradient = objective(weights)
        ends = projection.interval(np.array([mean]), np.array([variance]), spec.level)
        rows += [
            (choice, name, float(w), float(most), float(slope), mean, float(ends[0][0]), float(ends[1][0]),
             steps if choice == CHOSEN else 0)
            for name, w, most, slope in zip(spec.names, weights, largest, gradient, strict=True)
        ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=[c.name for c in SOURCE_WEIGHTS.columns], orient="row")
    inputs = inputs_digest(
        weights_keys(rerun), layout.source("samples"), layout.source("distances"), *run_paths(rerun, layout)
    )
    write(layout.source("weights"), SOURCE_WEIGHTS, frame, study=rerun.study, inputs=inputs)


def deliverable(rerun: Rerun, layout: Layout) -> Array:
    """Samples (m,) that each source can deliver: what it holds, or what the study says of it."""
    spec = rerun.sources
    assert spec is not None
    rows = read(layout.source("samples"), REVEALED, study=rerun.study).filter(pl.col("role") == SOURCE)
    held = dict(rows.group_by("source").len().iter_rows())
    said = spec.samples.sizes if isinstance(spec.samples, TableSources) else {}
    return np.array([said.get(name, held[name]) for name in spec.names], float)


def _best_trained(rerun: Rerun, layout: Layout, projection: Projection, largest: Array) -> Array:
    """The trained mixture within the bounds whose projected error is the least."""
    spec = rerun.sources
    assert spec is not None
    table = read_distances(rerun, layout)
    ends = [name.rpartition("-n")[0] for name in table if name.endswith(f"-n{spec.sizes[0]}")]
    weights = np.array([table[f"{end}-n{spec.sizes[0]}"][0] for end in ends])
    small, large = (np.array([table[f"{end}-n{size}"][1] for end in ends]) for size in spec.sizes)
    mean, _ = projection.predict(weights, (small, large), spec.choose.size)
    inside = (weights <= largest + 1e-9).all(axis=1)
    return np.asarray(weights[np.argmin(np.where(inside, mean, np.inf))])
