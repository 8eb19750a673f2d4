"""The chart between a law's parameters and the free coordinates in which the kernel moves."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.law import Centre, Parameter

Array = npt.NDArray[np.float64]


class Chart:
    """Free coordinates of a law: log scale where a parameter is positive; fixed and tied parameters leave the vector.

    fixed: parameter -> constant, or the name of the parameter it is tied to. Raises InputError on an unknown name, a
    constant out of bounds, or a tie between a log and a linear parameter.
    """

    def __init__(
        self, parameters: Sequence[Parameter], fixed: Mapping[str, float | str], centres: Sequence[Centre] = ()
    ):
        """Build the chart of `parameters` with `fixed` ones taken out."""
        self.parameters = tuple(parameters)
        names = [parameter.name for parameter in parameters]
        self.log = np.array([parameter.log for parameter in parameters])
        self.constant = np.full(len(names), np.nan)
        tie: dict[str, str] = {}
        for name, value in fixed.items():
            if name not in names:
                raise InputError(f"fixed parameter {name!r} is unknown: the law has {listed(name, names)}")
            if isinstance(value, str):
                tie[name] = _tied_to(name, value, names, fixed, self.log)
                continue
            bound = parameters[names.index(name)]
            if not bound.lower <= value <= bound.upper:
                raise InputError(
                    f"{name} is fixed at {value}, outside of its bounds {bound.lower:g} to {bound.upper:g}"
                )
            self.constant[names.index(name)] = value
        self.free = [name for name in names if name not in fixed]
        self.owner = np.array([self.free.index(tie.get(n, n)) if tie.get(n, n) in self.free else -1 for n in names])
        self.select = np.zeros((len(names), len(self.free)))  # d(scaled parameter) / d(free coordinate)
        self.select[self.owner >= 0, self.owner[self.owner >= 0]] = 1
        lower = np.array([parameter.lower for parameter in parameters])
        upper = np.array([parameter.upper for parameter in parameters])
        with np.errstate(divide="ignore"):
            lower[self.log], upper[self.log] = np.log(lower[self.log]), np.log(upper[self.log])
        self.lower = np.array([lower[self.owner == i].max() for i in range(len(self.free))])
        self.upper = np.array([upper[self.owner == i].min() for i in range(len(self.free))])
        self.mix = np.eye(len(self.free))
        for centre in centres:
            if centre.amplitude in self.free and centre.exponent in self.free:
                self.mix[self.free.index(centre.amplitude), self.free.index(centre.exponent)] = centre.shift

    def theta(self, free: Array) -> Array:
        """Return parameter vectors (batch, parameters) in natural units from free coordinates (batch, free)."""
        theta = np.broadcast_to(self.constant, (free.shape[0], self.constant.size)).copy()
        moving = self.owner >= 0
        theta[:, moving] = free[:, self.owner[moving]]
        logs = moving & self.log
        theta[:, logs] = np.exp(theta[:, logs])
        return theta

    def coordinates(self, theta: Array) -> Array:
        """Return free coordinates (batch, free), inside the bounds, of parameter vectors (batch, parameters)."""
        at = [int(np.flatnonzero(self.owner == i)[0]) for i in range(len(self.free))]
        scaled = theta[:, at].copy()
        logs = self.log[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled[:, logs] = np.log(scaled[:, logs])
        return np.clip(scaled, self.lower, self.upper)

    def slope(self, theta: Array) -> Array:
        """Return d theta / d(scaled parameter), shape (batch, parameters): theta itself on the log scale, else 1."""
        return np.where(self.owner >= 0, np.where(self.log, theta, 1.0), 0.0)

    def at_bound(self, free: Array, tolerance: float = 1e-6) -> npt.NDArray[np.bool_]:
        """Return which parameters sit on a bound, shape (batch, parameters); fixed ones never do."""
        span = np.where(np.isfinite(self.upper - self.lower), self.upper - self.lower, 1.0)
        on = (free - self.lower <= tolerance * span) | (self.upper - free <= tolerance * span)
        result = np.zeros((free.shape[0], self.owner.size), dtype=bool)
        moving = self.owner >= 0
        result[:, moving] = on[:, self.owner[moving]]
        return result


def _tied_to(
    name: str, target: str, names: list[str], fixed: Mapping[str, float | str], log: npt.NDArray[np.bool_]
) -> str:
    if target not in names:
        raise InputError(f"{name} is tied to {target!r}, which is unknown: the law has {listed(target, names)}")
    if target in fixed:
        raise InputError(f"{name} is tied to {target}, which is fixed itself: fix or tie both to the same thing")
    if log[names.index(name)] != log[names.index(target)]:
        raise InputError(f"{name} cannot be tied to {target}: one is positive by definition and the other is not")
    return target
