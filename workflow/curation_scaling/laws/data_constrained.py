"""The data-constrained law of Muennighoff et al. 2023: repeated tokens and excess parameters are worth less."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.columns import column
from curation_scaling.laws.compute_laws import ALPHA, BETA, A, B, E
from curation_scaling.laws.law import Array, Centre, ColumnLaw, Parameter
from curation_scaling.laws.linear import nonnegative_least_squares


class DataConstrained(ColumnLaw):
    """L = E + A / N'^alpha + B / D'^beta, with effective data D' and effective parameters N'.

    D' = U + U R*_D (1 - exp(-R_D / R*_D)), U = min(unique tokens, D), R_D = max(D / U - 1, 0)
    N' = U_N + U_N R*_N (1 - exp(-R_N / R*_N)), U_N = min(N, N_opt(U)), R_N = max(N / U_N - 1, 0)
    N_opt(U) = (U G)^(beta/alpha) G, G = (alpha A / (beta B))^(1/(alpha+beta))

    Source: Muennighoff et al. 2023, "Scaling Data-Constrained Language Models" (arXiv 2305.16264), Eq. 5-7;
    they take A, B, E, alpha = beta from a Chinchilla fit as constants and fit R*_D and R*_N.
    """

    name = "data_constrained"
    source = "Muennighoff et al. 2023"
    formula = "L = E + A/N'^alpha + B/D'^beta, D' = U + U R_D* (1 - exp(-R_D/R_D*)), N' alike"
    columns = ("params", "tokens", "unique_samples")
    parameters = (
        E,
        A,
        ALPHA,
        B,
        BETA,
        Parameter("R_D", "repetitions", 1e-2, 1e6, log=True),
        Parameter("R_N", "repetitions", 1e-2, 1e6, log=True),
    )

    def design(self, frame: pl.DataFrame) -> dict[str, Array]:
        """Return N, D and U, the unique tokens that a run saw."""
        tokens = column(frame, "tokens")
        return {
            "params": column(frame, "params"),
            "tokens": tokens,
            "unique": np.minimum(column(frame, "unique_samples"), tokens),
        }

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (E, A, alpha, B, beta, R*_D, R*_N)."""
        e, a, alpha, b, beta, r_d, r_n = (theta[:, i, None] for i in range(7))
        params, unique = design["params"], design["unique"]
        data, data_by_r = _worth(unique, np.maximum(design["tokens"] / unique - 1, 0), r_d)
        log_g = np.log(alpha * a / (beta * b)) / (alpha + beta)
        log_opt = beta / alpha * (np.log(unique) + log_g) + log_g
        log_excess = np.log(params) - log_opt
        excess = log_excess > 0
        base = np.exp(np.minimum(np.log(params), log_opt))
        repeat = np.where(excess, np.expm1(np.minimum(log_excess, 700)), 0.0)
        model, model_by_r = _worth(base, repeat, r_n)
        # d ln N' / d ln U_N at fixed N, zero where N limits itself.
        left = np.exp(-repeat / r_n)
        by_opt = np.where(excess, base * (1 - r_n * np.expm1(-repeat / r_n) - left * (repeat + 1)) / model, 0.0)
        term_n = a * np.exp(-alpha * np.log(model))
        term_d = b * np.exp(-beta * np.log(data))
        through = -alpha * term_n * by_opt  # dL / d ln N_opt
        opt_by_g = beta / alpha + 1
        total = alpha + beta
        g_by_alpha = (1 / alpha - log_g) / total
        g_by_beta = (-1 / beta - log_g) / total
        reach = np.log(unique) + log_g
        jacobian = [
            np.ones_like(term_n),
            term_n / a + through * opt_by_g / (total * a),
            -np.log(model) * term_n + through * (opt_by_g * g_by_alpha - beta / alpha**2 * reach),
            term_d / b - through * opt_by_g / (total * b),
            -np.log(data) * term_d + through * (opt_by_g * g_by_beta + reach / alpha),
            -beta * term_d * data_by_r / data,
            -alpha * term_n * model_by_r / model,
        ]
        return e + term_n + term_d, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: `seeds` is written out, because A and B also act through N_opt."""
        return {}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return a grid over exponents and R*, with A, B, E solved as if N' were N."""
        values = {
            "alpha": (0.2, 0.35, 0.6),
            "beta": (0.2, 0.35, 0.6),
            "R_D": (1.0, 5.0, 15.0, 60.0),
            "R_N": (1.0, 5.0, 30.0),
        }
        axes = [(fixed[name],) if name in fixed else values[name] for name in values]
        rows = []
        for alpha, beta, r_d, r_n in product(*axes):
            data = _worth(design["unique"], np.maximum(design["tokens"] / design["unique"] - 1, 0), np.array([[r_d]]))[
                0
            ]
            basis = np.stack([np.ones_like(error), design["params"] ** -alpha, data[0] ** -beta]) / error
            constant, a, b = nonnegative_least_squares(basis[None], np.ones_like(error))[0]
            small = 1e-3 / np.abs(basis).max(axis=1)
            rows.append([constant, max(a, small[1]), alpha, max(b, small[2]), beta, r_d, r_n])
        theta = np.array(rows)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return the two power terms."""
        return (
            Centre("A", "alpha", float(np.log(design["params"]).mean())),
            Centre("B", "beta", float(np.log(design["tokens"]).mean())),
        )

    def requirements(self, design: dict[str, Array]) -> Mapping[str, tuple[int, int]]:
        """Return three scales a power term, and two repetition counts for R*_D."""
        return {
            "alpha": (3, np.unique(design["params"]).size),
            "beta": (3, np.unique(design["tokens"]).size),
            "R_D": (3, np.unique(np.round(design["tokens"] / design["unique"], 6)).size),
        }


def _worth(unique: Array, repeats: Array, r: Array) -> tuple[Array, Array]:
    """Return U + U R* (1 - exp(-R / R*)) and its derivative by R*."""
    ratio = repeats / r
    lost = -np.expm1(-ratio)
    return unique * (1 + r * lost), unique * (lost - ratio * np.exp(-ratio))
