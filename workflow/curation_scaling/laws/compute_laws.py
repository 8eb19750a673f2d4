"""Laws of model size, data and compute."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.columns import column
from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.power_sum import PowerSum, Term

FLOPS_PER_PARAM_TOKEN = 6.0
E = Parameter("E", "loss", 0.0, np.inf)
A = Parameter("A", "loss", 1e-300, 1e300, log=True)
B = Parameter("B", "loss", 1e-300, 1e300, log=True)
ALPHA = Parameter("alpha", "1", 0.0, 10.0)
BETA = Parameter("beta", "1", 0.0, 10.0)
_BY_PARAMS = ("params", "alpha", -1)
_BY_TOKENS = ("tokens", "beta", -1)
_THREE_EACH: Mapping[str, tuple[str, int]] = {"alpha": ("params", 3), "beta": ("tokens", 3)}


class Chinchilla(PowerSum):
    """L = E + A N^-alpha + B D^-beta, N parameters, D tokens.

    Source: Hoffmann et al. 2022 (arXiv 2203.15556), approach 3; fitted by log-Huber with delta 1e-3.
    """

    name = "chinchilla"
    source = "Hoffmann et al. 2022"
    formula = "L = E + A/N^alpha + B/D^beta"
    columns: tuple[str, ...] = ("params", "tokens")
    parameters: tuple[Parameter, ...] = (E, A, ALPHA, B, BETA)
    linear = ("E", "A", "B")
    floor = "E"
    terms = (Term("A", (_BY_PARAMS,)), Term("B", (_BY_TOKENS,)))
    scales = _THREE_EACH


class ChinchillaTied(Chinchilla):
    """L = E + A N^-alpha + B D^-alpha: Chinchilla with one exponent (beta is tied to alpha).

    Source: Hoffmann et al. 2022; tied by Muennighoff et al. 2023 (arXiv 2305.16264), appendix A.
    """

    name = "chinchilla_tied"
    formula = "L = E + A/N^alpha + B/D^alpha"

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Return beta tied to alpha."""
        return {"beta": "alpha"}


class QualityAware(PowerSum):
    """L = E + A N^-alpha + B / (D^beta Q^gamma), Q in (0, 1] the quality of the data (column `quality`).

    Source: Subramanyam et al. 2025 (arXiv 2510.03313).
    """

    name = "quality_aware"
    source = "Subramanyam et al. 2025"
    formula = "L = E + A/N^alpha + B/(D^beta Q^gamma)"
    columns = ("params", "tokens", "quality")
    parameters = (E, A, ALPHA, B, BETA, Parameter("gamma", "1", 0.0, 10.0))
    linear = ("E", "A", "B")
    floor = "E"
    terms = (Term("A", (_BY_PARAMS,)), Term("B", (_BY_TOKENS, ("quality", "gamma", -1))))
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {**_THREE_EACH, "gamma": ("quality", 2)}


class OverTraining(PowerSum):
    """L = E + (a M^eta + b M^-eta) C^-eta, M = D / N tokens a parameter, C = 6 N D FLOPs, eta > 0.

    Source: Gadre et al. 2024, "Language models scale reliably with over-training" (arXiv 2403.08540), Eq. 4.
    """

    name = "over_training"
    source = "Gadre et al. 2024, Eq. 4"
    formula = "L = E + (a M^eta + b M^-eta) C^-eta"
    columns = ("params", "tokens")
    parameters = (
        E,
        Parameter("a", "loss", 1e-300, 1e300, log=True),
        Parameter("b", "loss", 1e-300, 1e300, log=True),
        Parameter("eta", "1", 0.0, 10.0),
    )
    linear = ("E", "a", "b")
    floor = "E"
    terms = (
        Term("a", (("multiplier", "eta", 1), ("flops", "eta", -1))),
        Term("b", (("multiplier", "eta", -1), ("flops", "eta", -1))),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"eta": ("flops", 3), "a": ("multiplier", 2)}

    def design(self, frame: pl.DataFrame) -> dict[str, Array]:
        """Return the token multiplier M and FLOPs C of each row."""
        params, tokens = column(frame, "params"), column(frame, "tokens")
        return {"multiplier": tokens / params, "flops": FLOPS_PER_PARAM_TOKEN * params * tokens}

    def centres(self, design: dict[str, Array]) -> tuple[()]:
        """Return nothing: one exponent multiplies two columns in each term."""
        return ()


class Kaplan(ColumnLaw):
    """L = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D.

    Source: Kaplan et al. 2020 (arXiv 2001.08361), Eq. 1.5.
    """

    name = "kaplan"
    source = "Kaplan et al. 2020, Eq. 1.5"
    formula = "L = ((N_c/N)^(alpha_N/alpha_D) + D_c/D)^alpha_D"
    columns = ("params", "tokens")
    parameters = (
        Parameter("N_c", "parameters", 1e-10, 1e100, log=True),
        Parameter("D_c", "tokens", 1e-10, 1e100, log=True),
        Parameter("alpha_N", "1", 1e-3, 5.0, log=True),
        Parameter("alpha_D", "1", 1e-3, 5.0, log=True),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha_N": ("params", 3), "alpha_D": ("tokens", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (N_c, D_c, alpha_N, alpha_D)."""
        n_c, d_c, alpha_n, alpha_d = (theta[:, i, None] for i in range(4))
        log_n, log_d = np.log(n_c / design["params"]), np.log(d_c / design["tokens"])
        by_n = np.exp(alpha_n / alpha_d * log_n)
        total = by_n + np.exp(log_d)
        predicted = total**alpha_d
        share = by_n / total
        jacobian = [
            predicted * share * alpha_n / n_c,
            predicted * (1 - share) * alpha_d / d_c,
            predicted * share * log_n,
            predicted * (np.log(total) - share * alpha_n / alpha_d * log_n),
        ]
        return predicted, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents, and constants at which each half alone would give the mean loss."""
        mean = float(np.log(error).mean())
        spread = np.array([-6.0, -2.0, 0.0, 2.0])
        alphas = np.array([0.05, 0.1, 0.2, 0.4])
        centre_n, centre_d = np.log(design["params"]).mean(), np.log(design["tokens"]).mean()
        scale = mean / np.median(alphas)
        return {
            "N_c": np.exp(np.clip(centre_n + scale + 2 * spread, -20, 200)),
            "D_c": np.exp(np.clip(centre_d + scale + 2 * spread, -20, 200)),
            "alpha_N": alphas,
            "alpha_D": alphas,
        }


class ShiftedCompute(ColumnLaw):
    """y = A (C + B)^-alpha + E, C the training FLOPs.

    Source: Cherti et al. 2023 (arXiv 2212.07143), power law comparison A of the LAION scaling study.
    """

    name = "shifted_compute"
    source = "Cherti et al. 2023"
    formula = "y = A (C + B)^-alpha + E"
    columns = ("flops",)
    parameters = (A, Parameter("B", "FLOPs", 1e-30, 1e40, log=True), ALPHA, E)
    linear = ("A", "E")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha": ("flops", 4), "B": ("flops", 4)}
    at = "flops"

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (A, B, alpha, E)."""
        a, b, alpha, e = (theta[:, i, None] for i in range(4))
        moved = design[self.at] + b
        log_moved = np.log(moved)
        term = np.exp(np.log(a) - alpha * log_moved)
        return term + e, np.stack([term / a, -alpha * term / moved, -log_moved * term, np.ones_like(term)], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return shifts around the runs' scale and coarse exponents."""
        x = design[self.at]
        return {"B": np.geomspace(x.min() * 1e-3, x.max(), 10), "alpha": np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2])}


class ShiftedPower(ShiftedCompute):
    """y = A (n + B)^-alpha + E, n the samples seen and B those that an earlier training was worth.

    Source: Hernandez et al. 2021, "Scaling Laws for Transfer" (arXiv 2102.01293): effective data of a pretrained start.
    """

    name = "shifted_power"
    source = "Hernandez et al. 2021"
    formula = "y = A (n + B)^-alpha + E"
    columns = ("samples_seen",)
    parameters = (A, Parameter("B", "samples", 1e-30, 1e40, log=True), ALPHA, E)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"alpha": ("samples_seen", 4), "B": ("samples_seen", 4)}
    at = "samples_seen"
