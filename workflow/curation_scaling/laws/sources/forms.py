"""Forms that are linear in their coefficients: the error at one size from the weights and the transport distance.

With p the weights, D the transport cost of the mixture to the validation set:

    pq                L = sum_i (b2_i p_i^2 + b1_i p_i) D + sum_i (c2_i p_i^2 + c1_i p_i)
    cs                L = b D + sum_i c1_i p_i
    linear            L = sum_i c1_i p_i
    pseudo_quadratic  L = sum_i (c2_i p_i^2 + c1_i p_i)

Kang et al. 2023 (arXiv 2307.02460) write b0 and c0, too; because the weights sum to 1 these are contained in b1 and c1
and would only make the least squares singular; of two sources the second has no square, for the same reason. A second
form of theirs is named CS; what stands under that name here is ours: one slope for all mixtures, and m + 1 coefficients
where pq has 4 m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.study.sources import squares

Array = npt.NDArray[np.float64]
LinearForm = Literal["pq", "cs", "linear", "pseudo_quadratic"]
LINEAR_FORMS: tuple[LinearForm, ...] = ("pq", "cs", "linear", "pseudo_quadratic")
_DEPENDENT = 1e-10  # singular value over the largest, of columns of unit norm


def design(form: LinearForm, weights: Array, distance: Array) -> Array:
    """The columns (rows, coefficients) that multiply the coefficients, of weights (rows, m) and distances (rows,)."""
    p, d = weights, distance[:, None]
    squared = p[:, : squares(p.shape[1])] ** 2
    match form:
        case "pq":
            return np.hstack([squared * d, p * d, squared, p])
        case "cs":
            return np.hstack([d, p])
        case "linear":
            return np.asarray(p)
        case "pseudo_quadratic":
            return np.hstack([squared, p])


def coefficient_names(form: LinearForm, sources: Sequence[str]) -> list[str]:
    """Names of the coefficients, in the order of the columns."""
    parts = {"pq": ("b2", "b1", "c2", "c1"), "cs": ("c1",), "linear": ("c1",), "pseudo_quadratic": ("c2", "c1")}[form]
    some = {"b2": sources[: squares(len(sources))], "c2": sources[: squares(len(sources))]}
    named = [f"{part}[{name}]" for part in parts for name in some.get(part, sources)]
    return [*(["b"] if form == "cs" else []), *named]


@dataclass(frozen=True)
class FormFit:
    """A fitted form: coefficients (k,), their covariance (k, k), the variance of a training, degrees of freedom."""

    form: LinearForm
    coefficients: Array
    covariance: Array
    variance: float
    freedom: int

    def predict(self, weights: Array, distance: Array) -> tuple[Array, Array]:
        """Predicted errors (rows,) and the variances of the predictions, without that of a training."""
        x = design(self.form, weights, distance)
        return x @ self.coefficients, np.einsum("ij,jk,ik->i", x, self.covariance, x)

    def gradient(self, weights: Array, distance: float, slope: Array) -> Array:
        """Derivative by the weights (m,) at one mixture, where the distance has the derivative `slope` (m,)."""
        m = len(weights)
        if self.form == "cs":
            return np.asarray(self.coefficients[0] * slope + self.coefficients[1:])
        if self.form == "linear":
            return self.coefficients.copy()
        s = squares(m)
        c2, c1 = _padded(self.coefficients[-s - m : -m], m), self.coefficients[-m:]
        own = 2 * c2 * weights + c1
        if self.form == "pseudo_quadratic":
            return np.asarray(own)
        b2, b1 = _padded(self.coefficients[:s], m), self.coefficients[s : s + m]
        factor = float((b2 * weights**2 + b1 * weights).sum())
        return np.asarray((2 * b2 * weights + b1) * distance + factor * slope + own)


def _padded(values: Array, length: int) -> Array:
    return np.concatenate([values, np.zeros(length - len(values))])


def fit_form(form: LinearForm, weights: Array, distance: Array, error: Array) -> FormFit:
    """Ordinary least squares of the errors (rows,) on the form's columns; a row a training.

    Raises:
        InputError: if there are no more trainings than coefficients, or the mixtures do not tell these apart.
    """
    x = design(form, weights, distance)
    rows, k = x.shape
    distinct = len(np.unique(np.column_stack([weights, distance]), axis=0))
    if distinct < k or rows < k + 1:
        raise InputError(
            f"form {form} has {k} coefficients for {weights.shape[1]} sources, but {rows} trainings on {distinct} "
            f"mixtures are fitted: train on at least {k + 1} mixtures, or choose a form with fewer coefficients"
        )
    scale = np.sqrt((x**2).sum(axis=0))
    if not scale.all():
        raise InputError(
            f"form {form}: a source has weight 0 in all {rows} fitted trainings: train on mixtures with it"
        )
    u, s, vt = np.linalg.svd(x / scale, full_matrices=False)
    if s[-1] < _DEPENDENT * s[0]:
        raise InputError(
            f"form {form}: the {distinct} fitted mixtures do not tell its {k} coefficients apart: train on more of them"
        )
    coefficients = (vt.T @ ((u.T @ error) / s)) / scale
    variance = float(((error - x @ coefficients) ** 2).sum() / (rows - k))
    inverse = (vt.T / s**2) @ vt / np.outer(scale, scale)
    return FormFit(form, coefficients, variance * inverse, variance, rows - k)


def log_map(size: float, small: float, large: float) -> tuple[float, float]:
    """Factors of the errors at the sizes small < large whose sum is the error at another size, on a line in ln N.

    L(N) = [ln(N / small) L(large) - ln(N / large) L(small)] / ln(large / small): no parameter, and noise that grows by
    the root of the factors' squares. Returns (factor of small, factor of large); they sum to 1.
    """
    span = np.log(large / small)
    return float(-np.log(size / large) / span), float(np.log(size / small) / span)


def amplification(size: float, small: float, large: float) -> float:
    """Standard deviation of a projected error over that of the two errors it comes from, which are independent."""
    return float(np.hypot(*log_map(size, small, large)))


@dataclass(frozen=True)
class Projection:
    """A form fitted at two sizes, and its line in ln N between and beyond them."""

    small: FormFit
    large: FormFit
    sizes: tuple[int, int]

    def predict(self, weights: Array, distances: tuple[Array, Array], size: float) -> tuple[Array, Array]:
        """Errors (rows,) at a size and the variances of a new training's deviation from them.

        weights: (rows, m). distances: (rows,) at the small and at the large size. A new training varies by itself, by
        the mean of the variances at the two sizes; the fits are taken as independent.
        """
        factors = log_map(size, *self.sizes)
        parts = [fit.predict(weights, d) for fit, d in zip((self.small, self.large), distances, strict=True)]
        mean = sum(f * part[0] for f, part in zip(factors, parts, strict=True))
        variance = sum(f**2 * part[1] for f, part in zip(factors, parts, strict=True))
        return np.asarray(mean), np.asarray(variance) + 0.5 * (self.small.variance + self.large.variance)

    def interval(self, mean: Array, variance: Array, level: float) -> tuple[Array, Array]:
        """Ends of the interval of one new training (Student, with the fewer degrees of freedom of the two fits)."""
        from scipy.stats import t

        half = t.ppf((1 + level) / 2, min(self.small.freedom, self.large.freedom)) * np.sqrt(variance)
        return mean - half, mean + half
