"""Laws that are a floor plus power terms: declared, not coded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, Centre, ColumnLaw

EXPONENTS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0])
FEW_EXPONENTS = np.array([0.05, 0.15, 0.3, 0.45, 0.7, 1.1])


@dataclass(frozen=True)
class Term:
    """amplitude * product over columns of column^(sign * exponent)."""

    amplitude: str
    powers: tuple[tuple[str, str, int], ...]  # column, exponent, sign


class PowerSum(ColumnLaw):
    """y = floor + sum of power terms. A subclass names its parameters, its terms and, if it has one, its floor.

    The design holds the logs of its columns.
    """

    terms: ClassVar[tuple[Term, ...]]
    floor: ClassVar[str | None] = None

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors (batch, rows) and their derivatives (batch, parameters, rows)."""
        rows = next(iter(design.values())).size
        jacobian = np.zeros((theta.shape[0], theta.shape[1], rows))
        predicted = np.zeros((theta.shape[0], rows))
        if self.floor:
            at = self.names.index(self.floor)
            predicted += theta[:, at, None]
            jacobian[:, at] = 1
        for term in self.terms:
            amplitude = self.names.index(term.amplitude)
            value = np.log(theta[:, amplitude, None]) + self._exponent(theta, term, design)
            np.exp(value, out=value)
            predicted += value
            np.divide(value, theta[:, amplitude, None], out=jacobian[:, amplitude])
            for column, exponent, sign in term.powers:
                jacobian[:, self.names.index(exponent)] += value * (sign * np.log(design[column]))
        return predicted, jacobian

    def predict(self, theta: Array, design: dict[str, Array]) -> Array:
        """Return predicted errors, shape (batch, rows)."""
        predicted = np.zeros((theta.shape[0], next(iter(design.values())).size))
        if self.floor:
            predicted += theta[:, self.names.index(self.floor), None]
        for term in self.terms:
            amplitude = theta[:, self.names.index(term.amplitude), None]
            predicted += np.exp(np.log(amplitude) + self._exponent(theta, term, design))
        return predicted

    def _exponent(self, theta: Array, term: Term, design: dict[str, Array]) -> Array:
        parts = [
            sign * theta[:, self.names.index(exponent), None] * np.log(design[column])
            for column, exponent, sign in term.powers
        ]
        return np.asarray(sum(parts))

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents, inside their bounds, fewer values where there are more exponents."""
        names = dict.fromkeys(exponent for term in self.terms for _, exponent, _ in term.powers)
        values = EXPONENTS if len(names) == 1 else FEW_EXPONENTS
        bounds = {parameter.name: parameter for parameter in self.parameters}
        both = np.concatenate([-values, values])
        return {name: both[(both > bounds[name].lower) & (both < bounds[name].upper)] for name in names}

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return amplitude and exponents of every term."""
        return tuple(
            Centre(term.amplitude, exponent, -sign * float(np.log(design[column]).mean()))
            for term in self.terms
            for column, exponent, sign in term.powers
        )
