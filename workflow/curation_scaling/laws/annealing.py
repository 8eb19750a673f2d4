"""The law with learning-rate annealing, and its two areas under a schedule."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import column
from curation_scaling.laws.law import Array, Centre, ColumnLaw, Parameter
from curation_scaling.laws.power_sum import EXPONENTS


class Annealing(ColumnLaw):
    """L = L0 + A S1^-alpha - C S2, with S1 and S2 from `schedule_areas` (columns `lr_area`, `lr_annealing`).

    Source: Tissue et al. 2024, "Scaling Law with Learning Rate Annealing" (arXiv 2408.11029), Eq. 1.
    """

    name = "annealing"
    source = "Tissue et al. 2024, Eq. 1"
    formula = "L = L0 + A S1^-alpha - C S2"
    columns = ("lr_area", "lr_annealing")
    can_rise = True
    parameters = (
        Parameter("L0", "loss", 0.0, np.inf),
        Parameter("A", "loss", 1e-300, 1e300, log=True),
        Parameter("alpha", "1", 0.0, 10.0),
        Parameter("C", "loss", 0.0, np.inf),
    )
    linear = ("L0", "A", "C")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha": ("lr_area", 3), "C": ("lr_annealing", 2)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (L0, A, alpha, C)."""
        constant, a, alpha, c = (theta[:, i, None] for i in range(4))
        log_area, drop = np.log(design["lr_area"]), design["lr_annealing"]
        term = np.exp(np.log(a) - alpha * log_area)
        jacobian = [np.ones_like(term), term / a, -term * log_area, np.broadcast_to(-drop, term.shape)]
        return constant + term - c * drop, np.stack(jacobian, axis=1)

    def design(self, frame: pl.DataFrame) -> dict[str, Array]:
        """Return the areas; the annealing area may be 0."""
        return {"lr_area": column(frame, "lr_area"), "lr_annealing": column(frame, "lr_annealing", minimum=0.0)}

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents."""
        return {"alpha": EXPONENTS}

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return the power term."""
        return (Centre("A", "alpha", float(np.log(design["lr_area"]).mean())),)


def schedule_areas(rates: npt.ArrayLike, momentum: float = 0.999) -> tuple[Array, Array]:
    """Return S1 and S2 after every step of a learning-rate schedule, each of shape (steps,).

    rates: learning rate of steps 1 ... T. S1 = sum of the rates so far. S2 = sum over steps so far of the annealing
    momentum m_i = momentum m_(i-1) + (rate_(i-1) - rate_i), m_1 = 0. Source: Tissue et al. 2024, Eq. 2-3.
    Raises InputError on an empty schedule, a negative rate or a momentum outside of [0, 1).
    """
    from scipy.signal import lfilter  # loading it takes as long as a short job

    values = np.asarray(rates, dtype=float)
    if values.ndim != 1 or not values.size or not (np.isfinite(values) & (values >= 0)).all():
        raise InputError("the learning-rate schedule must be a non-empty list of rates >= 0, one a step")
    if not 0 <= momentum < 1:
        raise InputError(f"momentum of the schedule is {momentum}, but must lie in [0, 1)")
    momenta = lfilter([1.0], [1.0, -momentum], -np.diff(values, prepend=values[0]))
    return np.cumsum(values), np.cumsum(momenta)
