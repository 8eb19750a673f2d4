"""The stage that computes the theory's curves, envelopes, best fractions and boundaries, and simulates some points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts_ranking import THEORY
from curation_scaling.laws.perceptron.curves import Best, best_fraction, boundary, envelope, local_exponents
from curation_scaling.laws.perceptron.simulate import simulate
from curation_scaling.laws.perceptron.solve import Solution, curve, solve
from curation_scaling.layout import Layout
from curation_scaling.progress import progress
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import theory_keys
from curation_scaling.study.theory import Ranked, Theory, TheoryCurves

Row = dict[str, Any]
_TYPES = {c.name: pl.Float64 for c in THEORY.columns} | {"kind": pl.String, "keep": pl.String, "score": pl.String}
_TYPES["against"] = pl.String


def build_theory(rerun: Rerun, layout: Layout) -> None:
    """Write `pruning/theory.parquet`."""
    assert rerun.theory is not None
    frame = compute_theory(rerun.theory, rerun.seed)
    write(layout.pruning("theory"), THEORY, frame, study=rerun.study, inputs=digest(theory_keys(rerun)))


def compute_theory(theory: Theory, seed: int) -> pl.DataFrame:
    """Rows of `pruning/theory`.

    Raises:
        InputError: where no solution is found.
    """
    rows: list[Row] = []
    for curves in theory.curves:
        for fraction in curves.fractions:
            rows += _curve(theory, curves, fraction, seed)
    for one in theory.envelopes:
        most = np.inf if one.most is None else one.most
        found = envelope(one.alpha_prune.values, one.theta, one.keep, one.score, most=most)
        slopes = -np.gradient(np.log([b.error for b in found]), np.log([b.alpha_prune for b in found]))
        rows += [
            _best("envelope", one, b) | {"most": one.most, "exponent": s} for b, s in zip(found, slopes, strict=True)
        ]
    for ranked in theory.best:
        for alpha in ranked.alpha_tot.values:
            best = best_fraction(alpha, ranked.theta, ranked.keep, ranked.score, at="alpha_tot")
            rows.append(_best("best_fraction", ranked, best))
    rows += _boundaries(theory)
    return pl.DataFrame(rows, schema=_TYPES, orient="row")


def _curve(theory: Theory, curves: TheoryCurves, fraction: float, seed: int) -> Iterator[Row]:
    options = (fraction, curves.theta, curves.keep, curves.score)
    solutions = curve(curves.alpha_tot.values, *options)
    for solution, slope in zip(solutions, local_exponents(solutions), strict=True):
        yield _solution("curve", solution) | {"exponent": slope}
    for alpha in progress(curves.simulated, "simulations"):
        purpose = derive_seed(seed, "simulate", curves.keep, curves.score, f"{alpha:g} {fraction:g} {curves.theta:g}")
        made = simulate(alpha, *options, dimension=theory.dimension, draws=theory.draws, seed=purpose)
        yield _solution("curve", solve(alpha, *options)) | {"simulated": made.error, "simulated_se": made.error_se}


def _boundaries(theory: Theory) -> Iterator[Row]:
    for fraction in theory.boundaries:
        for against in ("easy", "random"):
            alpha = boundary(fraction, second="easy" if against == "easy" else "random")
            yield _solution("boundary", solve(alpha, fraction)) | {"against": against}


def _solution(kind: str, s: Solution) -> Row:
    names = ("keep", "score", "theta", "fraction", "alpha_tot", "alpha_prune", "R", "rho", "kappa", "error", "residual")
    return {"kind": kind} | {name: getattr(s, name) for name in names}


def _best(kind: str, ranked: Ranked, best: Best) -> Row:
    row = {"kind": kind, "keep": ranked.keep, "score": ranked.score, "theta": ranked.theta}
    return row | {name: getattr(best, name) for name in ("fraction", "alpha_tot", "alpha_prune", "error")}
