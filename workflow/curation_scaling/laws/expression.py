"""A study's own law, written as a formula in its YAML and fitted like a built-in one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.laws import symbolic
from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.linear import nonnegative_least_squares

STARTS = 4096  # points of the search for starts
_KEYS = {"unit", "lower", "upper", "log"}


class ExpressionLaw(ColumnLaw):
    """A law given by a formula; names that are not parameters are columns of the runs.

    Parameters that are linear and cannot be negative are solved by least squares in the seeds; the others need
    finite bounds, over which an even sequence of points is laid.
    """

    source = "the study"
    can_rise = True

    def __init__(self, name: str, formula: str, parameters: tuple[Parameter, ...]):
        """Parse the formula; raise InputError when it cannot be read or a parameter is unused or unbounded."""
        self.name, self.formula, self.parameters = name, formula, parameters
        self._tree = symbolic.parse(formula)
        found = symbolic.symbols(self._tree)
        for parameter in self.names:
            if parameter not in found:
                raise InputError(
                    f"parameter {parameter!r} of law {name!r} is not in its formula {formula!r}: use or drop it"
                )
        self.columns = tuple(symbol for symbol in found if symbol not in self.names)
        if not self.columns:
            raise InputError(f"formula {formula!r} of law {name!r} reads no column: name one, such as samples_seen")
        self._slopes = tuple(symbolic.derivative(self._tree, parameter) for parameter in self.names)
        self._linear = self._linear_parameters()
        for parameter, spec in zip(self.names, parameters, strict=True):
            if parameter not in self._linear and not np.isfinite([spec.lower, spec.upper]).all():
                raise InputError(
                    f"parameter {parameter!r} of law {name!r} needs finite bounds: set its lower and upper"
                )

    @classmethod
    def from_config(cls, name: str, config: Mapping[str, Any]) -> "ExpressionLaw":
        """Build the law from {formula: text, parameters: {name: {lower, upper, log, unit}}}.

        Without bounds a parameter is at least 0; log: true searches it on the log scale.
        Raises InputError on a missing or unknown key or wrong bounds.
        """
        for key in ("formula", "parameters"):
            if key not in config:
                raise InputError(f"law {name!r} has no {key!r}: give its formula and its parameters")
        parameters = []
        for parameter, given in config["parameters"].items():
            spec = dict(given or {})
            unknown = sorted(set(spec) - _KEYS)
            if unknown:
                raise InputError(
                    f"parameter {parameter!r} of law {name!r} has unknown key {unknown[0]!r}: use {sorted(_KEYS)}"
                )
            log = bool(spec.get("log", False))
            lower = float(spec.get("lower", 1e-300 if log else 0.0))
            upper = float(spec.get("upper", 1e300 if log else np.inf))
            if not lower < upper or (log and lower <= 0):
                raise InputError(
                    f"bounds of parameter {parameter!r} of law {name!r} are {lower:g} to {upper:g}: lower must be below"
                    " upper and, on the log scale, above 0"
                )
            parameters.append(Parameter(parameter, str(spec.get("unit", "1")), lower, upper, log))
        return cls(name, str(config["formula"]), tuple(parameters))

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        values = self._values(theta, design)
        shape = (theta.shape[0], next(iter(design.values())).size)
        jacobian = np.empty((theta.shape[0], theta.shape[1], shape[1]))
        with np.errstate(all="ignore"):
            predicted = np.broadcast_to(symbolic.evaluate(self._tree, values), shape).copy()
            for i, slope in enumerate(self._slopes):
                jacobian[:, i] = symbolic.evaluate(slope, values)
        return predicted, jacobian

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: `seeds` lays an even sequence, as a formula may have many parameters."""
        return {}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return an even sequence over the bounds of the other parameters, with the linear ones solved."""
        moving = [i for i, name in enumerate(self.names) if name not in self._linear and name not in fixed]
        theta = np.ones((STARTS if moving else 1, len(self.names)))
        for i, share in zip(moving, even_sequence(theta.shape[0], len(moving)).T, strict=True):
            spec = self.parameters[i]
            if spec.log:
                theta[:, i] = np.exp(np.log(spec.lower) + share * (np.log(spec.upper) - np.log(spec.lower)))
            else:
                theta[:, i] = spec.lower + share * (spec.upper - spec.lower)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        linear = [self.names.index(name) for name in self._linear if name not in fixed]
        if not linear:
            return theta
        theta[:, linear] = 0
        with np.errstate(all="ignore"):
            offset, jacobian = self.evaluate(theta, design)
            basis = jacobian[:, linear] / error
            target = np.nan_to_num(1 - offset / error, nan=0.0, posinf=0.0, neginf=0.0)
        solved = nonnegative_least_squares(basis, target)
        logs = np.array([self.parameters[i].log for i in linear])
        with np.errstate(all="ignore"):
            theta[:, linear] = np.where(logs & (solved <= 0), 1e-3 / np.abs(basis).max(axis=2), solved)
        return theta

    def _linear_parameters(self) -> tuple[str, ...]:
        chosen: list[str] = []
        for i, name in enumerate(self.names):
            used = symbolic.symbols(self._slopes[i])
            free = name not in used and not any(other in used for other in chosen)
            if free and self.parameters[i].lower >= 0 and len(chosen) < 4:
                chosen.append(name)
        return tuple(chosen)

    def _values(self, theta: Array, design: dict[str, Array]) -> dict[str, Array]:
        return design | {name: theta[:, i, None] for i, name in enumerate(self.names)}


def even_sequence(count: int, dimensions: int) -> Array:
    """Return `count` points that fill the unit cube evenly, shape (count, dimensions).

    An additive recurrence with the powers of the generalised golden ratio (Roberts 2018).
    """
    ratio = 2.0
    for _ in range(64):  # the root of x^(d + 1) = x + 1
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    step = ratio ** -np.arange(1.0, dimensions + 1)
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * step) % 1)
