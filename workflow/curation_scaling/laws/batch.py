"""Laws of model size, steps and batch size: the Kaplan forms that a recipe finds the constants of."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.linear import nonnegative_least_squares
from curation_scaling.laws.power_sum import EXPONENTS

N_C = Parameter("N_c", "parameters", 1e-30, 1e200, log=True)
ALPHA_N = Parameter("alpha_N", "1", 1e-3, 10.0, log=True)
S_C = Parameter("S_c", "steps", 1e-30, 1e200, log=True)
ALPHA_S = Parameter("alpha_S", "1", 1e-3, 10.0, log=True)


class ModelSize(ColumnLaw):
    """L = (N_c / N)^alpha_N, N the parameters of a model that was trained until it hardly improves.

    Source: Kaplan et al. 2020 (arXiv 2001.08361), Eq. 1.1; the first step of Su et al. 2024 (arXiv 2403.06563).
    """

    name = "model_size"
    source = "Kaplan et al. 2020, Eq. 1.1"
    formula = "L = (N_c/N)^alpha_N"
    columns = ("params",)
    parameters = (N_C, ALPHA_N)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha_N": ("params", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (N_c, alpha_N)."""
        n_c, alpha = (theta[:, i, None] for i in range(2))
        ratio = np.log(n_c) - np.log(design["params"])
        loss = np.exp(alpha * ratio)
        return loss, np.stack([loss * alpha / n_c, loss * ratio], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents; N_c follows from each."""
        return {"alpha_N": EXPONENTS}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return every exponent with the N_c that meets the mean loss."""
        alpha = np.array([fixed["alpha_N"]]) if "alpha_N" in fixed else EXPONENTS
        n_c = np.exp(np.log(design["params"]).mean() + np.log(error).mean() / alpha)
        return np.stack([np.full(alpha.size, fixed.get("N_c", 1.0)) if "N_c" in fixed else n_c, alpha], axis=1)


class BatchSteps(ColumnLaw):
    """S = S_min + E_min / B: the steps S that reach a loss at batch size B.

    The same as (S/S_min - 1)(E/E_min - 1) = 1 with E = B S examples; E_min / S_min is the critical batch size.

    Source: McCandlish et al. 2018, "An Empirical Model of Large-Batch Training" (arXiv 1812.06162), Eq. 2.11.
    """

    name = "batch_steps"
    source = "McCandlish et al. 2018"
    formula = "S = S_min + E_min/B"
    columns = ("batch_size",)
    parameters = (
        Parameter("S_min", "steps", 1e-30, 1e30, log=True),
        Parameter("E_min", "examples", 1e-30, 1e30, log=True),
    )
    linear = ("S_min", "E_min")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"S_min": ("batch_size", 3), "E_min": ("batch_size", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted steps and their derivatives by (S_min, E_min)."""
        s_min, e_min = (theta[:, i, None] for i in range(2))
        inverse = np.broadcast_to(1 / design["batch_size"], (theta.shape[0], design["batch_size"].size))
        return s_min + e_min * inverse, np.stack([np.ones_like(inverse), inverse], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: both parameters are linear."""
        return {}


class CriticalBatch(ColumnLaw):
    """B_crit = B_star / L^(1/alpha_B), the batch size that trades steps for examples evenly, as the loss L falls.

    Source: Kaplan et al. 2020 (arXiv 2001.08361), Eq. 1.4.
    """

    name = "critical_batch"
    source = "Kaplan et al. 2020, Eq. 1.4"
    formula = "B_crit = B_star / L^(1/alpha_B)"
    columns = ("loss",)
    parameters = (
        Parameter("B_star", "examples", 1e-30, 1e200, log=True),
        Parameter("alpha_B", "1", 1e-3, 1e3, log=True),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha_B": ("loss", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted batch sizes and their derivatives by (B_star, alpha_B)."""
        b_star, alpha = (theta[:, i, None] for i in range(2))
        log_loss = np.log(design["loss"])
        size = np.exp(np.log(b_star) - log_loss / alpha)
        return size, np.stack([size / b_star, size * log_loss / alpha**2], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents; B_star follows from each."""
        return {"alpha_B": EXPONENTS}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return every exponent with the B_star that meets the mean."""
        alpha = np.array([fixed["alpha_B"]]) if "alpha_B" in fixed else EXPONENTS
        b_star = np.exp(np.log(error).mean() + np.log(design["loss"]).mean() / alpha)
        return np.stack([np.full(alpha.size, fixed["B_star"]) if "B_star" in fixed else b_star, alpha], axis=1)


class KaplanSteps(ColumnLaw):
    """L = (N_c / N)^alpha_N + (S_c / S)^alpha_S, S the steps that a batch of endless size would have needed (S_min).

    Source: Kaplan et al. 2020 (arXiv 2001.08361), Eq. 1.6.
    """

    name = "kaplan_steps"
    source = "Kaplan et al. 2020, Eq. 1.6"
    formula = "L = (N_c/N)^alpha_N + (S_c/S)^alpha_S"
    columns = ("params", "steps")
    parameters = (N_C, ALPHA_N, S_C, ALPHA_S)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha_N": ("params", 3), "alpha_S": ("steps", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (N_c, alpha_N, S_c, alpha_S)."""
        n_c, alpha_n, s_c, alpha_s = (theta[:, i, None] for i in range(4))
        by_size, by_steps = np.log(n_c) - np.log(design["params"]), np.log(s_c) - np.log(design["steps"])
        size, steps = np.exp(alpha_n * by_size), np.exp(alpha_s * by_steps)
        jacobian = [size * alpha_n / n_c, size * by_size, steps * alpha_s / s_c, steps * by_steps]
        return size + steps, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents; both scales follow from each pair."""
        return {"alpha_N": EXPONENTS, "alpha_S": EXPONENTS}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return every pair of exponents with both scales solved by least squares of the relative residual."""
        axes = [
            np.array([fixed[name]]) if name in fixed else np.asarray(values)
            for name, values in self.grid(design, error).items()
        ]
        alpha_n, alpha_s = (m.ravel() for m in np.meshgrid(*axes, indexing="ij"))
        # Around the mean, so that no power overflows.
        logs = [np.log(design[name]) for name in self.columns]
        basis = np.exp(
            np.stack([-a[:, None] * (log - log.mean()) for a, log in zip((alpha_n, alpha_s), logs, strict=True)], 1)
        )
        solved = nonnegative_least_squares(basis / error, np.ones_like(error))
        solved = np.maximum(solved, 1e-3 / (basis / error).max(axis=2))
        scale_n, scale_s = (np.exp(np.log(solved[:, i]) / a + logs[i].mean()) for i, a in enumerate((alpha_n, alpha_s)))
        theta = np.stack([scale_n, alpha_n, scale_s, alpha_s], axis=1)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta
