"""The interface of a law: parameters, run columns, prediction and Jacobian over a batch, and where to start."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.columns import column
from curation_scaling.laws.linear import nonnegative_least_squares

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a law, with its unit and its bounds.

    `log` parameters are positive and are searched on the log scale; their `lower` bound must be above 0.
    """

    name: str
    unit: str
    lower: float
    upper: float
    log: bool = False


@dataclass(frozen=True)
class Centre:
    """Amplitude and exponent of one power term, and the mean of what multiplies the exponent.

    The kernel moves along ln(amplitude) = w + shift * exponent, so that the two are nearly uncorrelated.
    """

    amplitude: str
    exponent: str
    shift: float


class Law(ABC):
    """A formula for the error of a run, fitted by one kernel.

    `parameters` fixes the order of the parameter vectors: `theta` has shape (batch, parameters), in natural units.
    """

    name: str
    source: str
    formula: str
    columns: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    can_rise: ClassVar[bool] = False  # whether the error may rise with data or compute

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the parameter vectors."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Parameters that stay constant or tied to another unless the caller frees them (`fixed={name: None}`)."""
        return {}

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with what it must learn from the runs' design (pools, constants), never from the errors."""
        return self

    @abstractmethod
    def design(self, frame: pl.DataFrame) -> Any:
        """Return the rows of `frame` in the form that `evaluate` reads; raise InputError on a bad column."""

    @abstractmethod
    def evaluate(self, theta: Array, design: Any) -> tuple[Array, Array]:
        """Return predicted errors (batch, rows) and their derivatives by the parameters (batch, parameters, rows)."""

    def predict(self, theta: Array, design: Any) -> Array:
        """Return predicted errors, shape (batch, rows)."""
        return self.evaluate(theta, design)[0]

    @abstractmethod
    def seeds(self, design: Any, error: Array, fixed: Mapping[str, float]) -> Array:
        """Return starting points, shape (starts, parameters), from a coarse grid."""

    def centres(self, design: Any) -> tuple[Centre, ...]:
        """Return the power terms whose amplitude and exponent the kernel decorrelates."""
        return ()

    def straightened(self, here: Array, there: Array, design: Any) -> Array:
        """Return the end of a step from `here` to `there` (batch, parameters), bent along the law's curved valley.

        The two agree to first order. Only laws whose parameters trade off along a strong curve need it.
        """
        return there

    def requirements(self, design: Any) -> Mapping[str, tuple[int, int]]:
        """Return, for parameters that need several scales, the distinct scales needed and the ones at hand."""
        return {}


class ColumnLaw(Law):
    """A law of plain numeric columns: its design is a mapping from column name to values, shape (rows,).

    A subclass names its conditionally `linear` parameters and gives a `grid` for the others; the error must then be
    the sum of linear parameter times its derivative, which is what makes the seeds a least-squares solution.
    """

    linear: ClassVar[tuple[str, ...]] = ()
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {}  # parameter -> (column, distinct values needed)

    def design(self, frame: pl.DataFrame) -> dict[str, Array]:
        """Return the law's columns as positive float arrays."""
        return {name: column(frame, name) for name in self.columns}

    @abstractmethod
    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse values for every parameter that is not linear."""

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return every point of the grid with its linear parameters solved by non-negative least squares."""
        axes = {name: np.atleast_1d(np.asarray(values, float)) for name, values in self.grid(design, error).items()}
        axes |= {name: np.array([value]) for name, value in fixed.items() if name in axes}
        mesh = np.meshgrid(*axes.values(), indexing="ij")
        points = dict(zip(axes, (m.ravel() for m in mesh), strict=True))
        theta = np.ones((mesh[0].size if mesh else 1, len(self.names)))
        for name, values in points.items():
            theta[:, self.names.index(name)] = values
        if self.linear:
            at = [self.names.index(name) for name in self.linear]
            # Dividing by the error turns squared residuals into squared relative residuals.
            with np.errstate(over="ignore", invalid="ignore"):
                basis = self.evaluate(theta, design)[1][:, at, :] / error
            solved = nonnegative_least_squares(basis, np.ones_like(error))
            # A term that the least squares switched off starts at a thousandth of the error, not at nothing.
            with np.errstate(divide="ignore"):
                small = 1e-3 / np.abs(basis).max(axis=2)
            logs = np.array([self.parameters[i].log for i in at])
            theta[:, at] = np.where(logs & (solved <= 0), small, solved)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta

    def requirements(self, design: dict[str, Array]) -> Mapping[str, tuple[int, int]]:
        """Return the distinct values of its column that each parameter of `scales` needs and has."""
        return {name: (need, np.unique(design[of]).size) for name, (of, need) in self.scales.items()}
