"""Losses of a fit: what a residual is, what it costs, and its weight in iteratively reweighted least squares."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError, listed
from curation_scaling.laws import binomial

Array = npt.NDArray[np.float64]

LOSSES = ("log_huber", "log_mse", "mse", "lad")
BINOMIAL = "binomial"  # apart: it is for shares of failures alone, and not tried on other errors
LAD_SMOOTHING = 1e-6  # |r| is rounded off below this share of the mean error, so that it has a derivative


@dataclass(frozen=True)
class Loss:
    """A loss, always summed over rows, never averaged.

    log_huber: h(r) = r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2), with r = ln predicted - ln error
    log_mse:   r^2 with the same r;   mse: r^2 with r = predicted - error;   lad: |r| with the same r
    binomial:  r^2 with r the signed root of the unit deviance of a share of failures (`laws.binomial`)
    """

    name: str
    delta: float

    @property
    def logarithmic(self) -> bool:
        """Whether residuals are differences of logs."""
        return self.name.startswith("log_")

    @property
    def squared(self) -> bool:
        """Whether the cost is the square of the residual."""
        return self.name.endswith("mse") or self.name == BINOMIAL

    def residual(self, predicted: Array, error: Array) -> Array:
        """Return residuals, in log units or in units of the error."""
        if self.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(predicted) - np.log(error)
        if self.name == BINOMIAL:
            return binomial.deviance_residual(predicted, error)
        return predicted - error

    def through(self, factor: Array, predicted: Array, error: Array) -> Array:
        """Return `factor` times the derivative of the residual by the prediction."""
        if self.logarithmic:
            return factor / predicted
        return factor * binomial.slope(predicted, error) if self.name == BINOMIAL else factor

    def perturbed(self, predicted: Array, residual: Array) -> Array:
        """Return the errors that would leave `residual` at `predicted`, with the sign of observed minus predicted."""
        if self.name == BINOMIAL:
            return binomial.observed(predicted, residual)
        return predicted * np.exp(residual) if self.logarithmic else predicted + residual

    def cost(self, residual: Array) -> Array:
        """Return the cost of each residual."""
        if self.squared:
            return residual**2
        size = np.abs(residual)
        huber = np.where(size <= self.delta, 0.5 * residual**2, self.delta * (size - 0.5 * self.delta))
        return huber / self.delta if self.name == "lad" else huber

    def linear(self, residual: Array) -> npt.NDArray[np.bool_]:
        """Return where the cost grows linearly, so that it has no curvature of its own."""
        return np.asarray(np.abs(residual) > (np.inf if self.squared else self.delta))

    def weight(self, residual: Array) -> Array:
        """Return cost'(r) / r: the least-squares weight of each residual."""
        if self.squared:
            return np.full_like(residual, 2.0)
        weight = self.delta / np.maximum(np.abs(residual), self.delta)
        return weight / self.delta if self.name == "lad" else weight


def loss_named(name: str, delta: float, error: Array) -> Loss:
    """Return the loss `name` (`delta` is for log_huber alone); raise InputError on an unknown name or delta <= 0."""
    if name not in (*LOSSES, BINOMIAL):
        raise InputError(f"loss {name!r} is unknown: choose one of {listed(name, (*LOSSES, BINOMIAL))}")
    if name == BINOMIAL and (error > 1).any():
        row = int(np.argmax(error > 1))
        raise InputError(
            f"column 'error', row {row} is {error[row]:g}, but a binomial loss needs shares of failures, at most 1:"
            " give 1 - pass rate, or choose another loss"
        )
    if not delta > 0:
        raise InputError(f"delta is {delta}, but the width of the Huber loss must be above 0")
    return Loss(name, LAD_SMOOTHING * float(error.mean()) if name == "lad" else delta)
