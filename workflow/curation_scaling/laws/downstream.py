"""From loss to task error, and from pretraining data to a downstream score."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, ColumnLaw, Parameter


class LossToError(ColumnLaw):
    """Err = eps - k exp(-gamma L), L the validation loss (column `loss`) and eps the error of guessing.

    Source: Gadre et al. 2024 (arXiv 2403.08540), Eq. 5.
    """

    name = "loss_to_error"
    source = "Gadre et al. 2024, Eq. 5"
    formula = "Err = eps - k exp(-gamma L)"
    columns = ("loss",)
    parameters = (
        Parameter("eps", "error", 0.0, np.inf),
        Parameter("k", "error", 1e-300, 1e300, log=True),
        Parameter("gamma", "1/loss", 1e-6, 1e3, log=True),
    )
    linear = ("eps", "k")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"gamma": ("loss", 3), "eps": ("loss", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (eps, k, gamma)."""
        eps, k, gamma = (theta[:, i, None] for i in range(3))
        fall = np.exp(-gamma * design["loss"])
        return eps - k * fall, np.stack([np.ones_like(fall), -fall, k * fall * design["loss"]], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return rates around one over the range of the losses."""
        return {"gamma": np.geomspace(0.02, 20, 24) / max(float(np.ptp(design["loss"])), 1e-9)}


class DownstreamLog(ColumnLaw):
    """score = (ln A + alpha ln D)^beta, D the pretraining tokens; `error` holds the score, such as BLEU.

    Source: Isik et al. 2024, "Scaling Laws for Downstream Task Performance" (arXiv 2402.04177), Eq. 1.
    """

    name = "downstream_log"
    source = "Isik et al. 2024, Eq. 1"
    formula = "score = (ln(A D^alpha))^beta"
    columns = ("tokens",)
    parameters = (
        Parameter("ln_A", "1", -500.0, 500.0),
        Parameter("alpha", "1", -100.0, 100.0),
        Parameter("beta", "1", 0.05, 20.0, log=True),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha": ("tokens", 3), "beta": ("tokens", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted scores and their derivatives by (ln A, alpha, beta); NaN where ln(A D^alpha) <= 0."""
        log_a, alpha, beta = (theta[:, i, None] for i in range(3))
        log_d = np.log(design["tokens"])
        with np.errstate(invalid="ignore", divide="ignore"):
            inner = np.log(log_a + alpha * log_d)
        value = np.exp(beta * inner)
        slope = beta * np.exp((beta - 1) * inner)
        return value, np.stack([slope, slope * log_d, value * inner], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: given beta, score^(1/beta) is a straight line in ln D."""
        return {}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return straight lines of score^(1/beta) in ln D for coarse beta."""
        log_d = np.log(design["tokens"])
        line = np.stack([np.ones_like(log_d), log_d], axis=1)
        rows = []
        for beta in [fixed["beta"]] if "beta" in fixed else np.geomspace(0.2, 8, 16):
            offset, slope = np.linalg.lstsq(line, error ** (1 / beta), rcond=None)[0]
            rows.append([fixed.get("ln_A", offset), fixed.get("alpha", slope), beta])
        return np.array(rows)
