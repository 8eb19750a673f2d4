"""The kernel: one batched Levenberg-Marquardt with reweighting, for every law, loss and bootstrap replicate."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.chart import Chart
from curation_scaling.laws.law import Law
from curation_scaling.laws.losses import Loss

Array = npt.NDArray[np.float64]

CHUNK_BYTES = 1 << 22  # of Jacobian worked on at once: what stays in a core's cache
FIRST_DAMPING = 1e-3
LAST_DAMPING = 1e12
PATIENCE = 2  # consecutive steps without progress before a fit counts as converged
CAUTIOUS_STEPS = 5  # with the full reweighted curvature, which never overshoots, before TAIL_CURVATURE takes over
TAIL_CURVATURE = 0.1  # share of the reweighted curvature kept beyond delta, where Huber's own curvature is 0


@dataclass(frozen=True)
class Problem:
    """What is minimised: sum over rows of weight * loss(residual), over the free coordinates of `chart`.

    error and weight: shape (rows,) when the whole batch shares them, else (batch, rows). penalty: rows (k, free); half
    the squares of their products with the coordinates are added to the sum.
    """

    law: Law
    design: Any
    chart: Chart
    loss: Loss
    error: Array
    weight: Array
    penalty: Array | None = None

    def part(self, at: slice | npt.NDArray[np.intp]) -> "Problem":
        """Return the problem of a part of the batch."""
        error = self.error if self.error.ndim == 1 else self.error[at]
        weight = self.weight if self.weight.ndim == 1 else self.weight[at]
        return replace(self, error=error, weight=weight)

    def bent(self, free: Array, straight: Array) -> Array:
        """Return the end of a step (batch, free) after the law has bent it along its valley, inside the bounds."""
        if type(self.law).straightened is Law.straightened:
            return straight
        with np.errstate(all="ignore"):
            end = self.law.straightened(self.chart.theta(free), self.chart.theta(straight), self.design)
        return self.chart.coordinates(end)

    def objective(self, free: Array) -> Array:
        """Return the summed loss, shape (batch,); infinite where the law is not finite."""
        with np.errstate(all="ignore"):
            predicted = self.law.predict(self.chart.theta(free), self.design)
            total = (self.weight * self.loss.cost(self.loss.residual(predicted, self.error))).sum(axis=1)
        if self.penalty is not None:
            total = total + 0.5 * ((free @ self.penalty.T) ** 2).sum(axis=1)
        return np.where(np.isfinite(total), total, np.inf)

    def normal(self, free: Array, tail: float) -> tuple[Array, Array, Array]:
        """Return objective (batch,), gradient (batch, free) and reweighted Gauss-Newton matrix (batch, free, free).

        tail: share of the curvature that rows in the linear part of the loss keep.
        """
        chart = self.chart
        theta = chart.theta(free)
        with np.errstate(all="ignore"):
            predicted, jacobian = self.law.evaluate(theta, self.design)
            residual = self.loss.residual(predicted, self.error)
            total = (self.weight * self.loss.cost(residual)).sum(axis=1)
            softening = np.where(self.loss.linear(residual), tail, 1.0)
            root = np.sqrt(self.weight * self.loss.weight(residual) * softening)
            scaled = jacobian * self.loss.through(root, predicted, self.error)[:, None, :]
            pull = chart.slope(theta)[:, :, None] * chart.select
            natural_gradient = scaled @ (root * residual / softening)[:, :, None]
            natural_matrix = scaled @ scaled.transpose(0, 2, 1)
            back = pull.transpose(0, 2, 1)
            gradient = (back @ natural_gradient)[:, :, 0]
            matrix = back @ natural_matrix @ pull
        if self.penalty is not None:
            prior = free @ self.penalty.T
            total = total + 0.5 * (prior**2).sum(axis=1)
            gradient = gradient + prior @ self.penalty
            matrix = matrix + self.penalty.T @ self.penalty
        broken = ~(np.isfinite(total) & np.isfinite(gradient).all(axis=1) & np.isfinite(matrix).all(axis=(1, 2)))
        total[broken], gradient[broken], matrix[broken] = np.inf, 0.0, np.eye(len(chart.free))
        return total, gradient, matrix


def minimise(
    problem: Problem,
    start: Array,
    *,
    tolerance: float = 1e-13,
    steps: int = 400,
    done: Callable[[int], Any] | None = None,
) -> tuple[Array, Array]:
    """Return the local minima reached from `start` (batch, free) and their objectives (batch,).

    Levenberg-Marquardt on the reweighted least-squares model, projected onto the bounds; a fit has converged when
    PATIENCE steps in a row lower its objective by less than `tolerance` of it. The result does not depend on the
    batch in which a fit is solved. `done` is told how many fits have been solved since it was last called.
    """
    rows = max(1, problem.error.shape[-1])
    size = max(1, CHUNK_BYTES // (8 * rows * len(problem.chart.parameters)))
    pieces = []
    for i in range(0, start.shape[0], size):
        pieces.append(_minimise_chunk(problem.part(slice(i, i + size)), start[i : i + size], tolerance, steps))
        if done is not None:
            done(pieces[-1][1].size)
    return np.concatenate([piece[0] for piece in pieces]), np.concatenate([piece[1] for piece in pieces])


def _minimise_chunk(problem: Problem, start: Array, tolerance: float, steps: int) -> tuple[Array, Array]:
    free = np.clip(start, problem.chart.lower, problem.chart.upper)
    best, gradient, matrix = problem.normal(free, 1.0)
    result, result_best = free.copy(), best.copy()
    index = np.arange(free.shape[0])
    damping = np.full(free.shape[0], FIRST_DAMPING)
    growth = np.full(free.shape[0], 2.0)
    stalled = np.zeros(free.shape[0], dtype=int)
    for count in range(steps):
        if index.size == 0 or free.shape[1] == 0:
            break
        step = _step(problem.chart, free, gradient, matrix, damping)
        straight = np.clip(free + step, problem.chart.lower, problem.chart.upper)
        step = straight - free
        trial = problem.bent(free, straight)
        tail = 1.0 if count < CAUTIOUS_STEPS else TAIL_CURVATURE
        total, new_gradient, new_matrix = problem.normal(trial, tail)
        drop = best - total
        promised = -(gradient * step).sum(axis=1) - 0.5 * (step[:, None, :] @ matrix @ step[:, :, None])[:, 0, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(promised > 0, drop / promised, -1.0)
        accept = drop > 0
        stalled = np.where(~accept | (drop > tolerance * best), np.where(accept, 0, stalled), stalled + 1)
        # A refused step whose promise is below the tolerance has nothing left to win.
        stalled = np.where(~accept & (promised <= tolerance * best), stalled + 1, stalled)
        # Nielsen's update of the damping.
        damping = np.where(accept, damping * np.maximum(0.1, 1 - (2 * np.clip(gain, 0, 1) - 1) ** 3), damping * growth)
        damping = np.maximum(damping, 1e-14)
        growth = np.where(accept, 2.0, growth * 2)
        free = np.where(accept[:, None], trial, free)
        best = np.where(accept, total, best)
        gradient = np.where(accept[:, None], new_gradient, gradient)
        matrix = np.where(accept[:, None, None], new_matrix, matrix)
        done = (stalled >= PATIENCE) | (damping > LAST_DAMPING) | (best <= 0)
        if done.any():
            result[index[done]], result_best[index[done]] = free[done], best[done]
            keep = np.flatnonzero(~done)
            problem, index = problem.part(keep), index[keep]
            free, best, gradient, matrix = free[keep], best[keep], gradient[keep], matrix[keep]
            damping, growth, stalled = damping[keep], growth[keep], stalled[keep]
    result[index], result_best[index] = free, best
    return result, result_best


def _step(chart: Chart, free: Array, gradient: Array, matrix: Array, damping: Array) -> Array:
    """Return the damped step (batch, free) in decorrelated coordinates.

    Coordinates pushed onto a bound stay there; where the step would cross a bound it stops at it, and the others move
    to the best place given that.
    """
    held = ((free <= chart.lower) & (gradient > 0)) | ((free >= chart.upper) & (gradient < 0))
    loose = (~held).astype(float)
    mix = loose[:, :, None] * chart.mix * loose[:, None, :]
    centred = mix.transpose(0, 2, 1) @ matrix @ mix
    diagonal = np.einsum("bii->bi", centred)
    floor = 1e-14 * diagonal.max(axis=1, keepdims=True) + 1e-300
    at = np.arange(free.shape[1])
    centred[:, at, at] = (
        diagonal + damping[:, None] * np.maximum(diagonal, floor) + (diagonal <= floor) * (floor + held)
    )
    right = -(mix.transpose(0, 2, 1) @ gradient[:, :, None])
    step = np.asarray((mix @ np.linalg.solve(centred, right))[:, :, 0])
    stopped = np.clip(free + step, chart.lower, chart.upper) - free
    crossing = (np.abs(stopped - step) > 1e-12 * np.abs(step)) & ~held
    again = np.flatnonzero(crossing.any(axis=1))
    if again.size:
        step[again] = _stopped_step(
            gradient[again],
            matrix[again],
            damping[again],
            stopped[again],
            crossing[again],
            crossing[again] | held[again],
        )
    return step


def _stopped_step(
    gradient: Array,
    matrix: Array,
    damping: Array,
    stopped: Array,
    crossing: npt.NDArray[np.bool_],
    still: npt.NDArray[np.bool_],
) -> Array:
    """Return the step whose `crossing` coordinates go as far as `stopped` and whose `still` ones are not solved for."""
    at = np.arange(matrix.shape[1])
    damped = matrix.copy()
    damped[:, at, at] *= 1 + damping[:, None]
    given = np.where(crossing, stopped, 0.0)
    right = -gradient - (damped @ given[:, :, None])[:, :, 0]
    damped[still[:, :, None] | still[:, None, :]] = 0
    scale = np.einsum("bii->bi", matrix).max(axis=1, keepdims=True) + 1e-300
    damped[:, at, at] += np.where(still | (damped[:, at, at] <= 0), scale, 0)
    moved = np.linalg.solve(damped, np.where(still, 0.0, right)[:, :, None])[:, :, 0]
    return np.asarray(moved + given)
