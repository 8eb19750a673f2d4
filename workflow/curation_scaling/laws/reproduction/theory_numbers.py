"""The numbers of checks of the perceptron theory: solved again, and simulated where the check asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curation_scaling.laws.perceptron import best_fraction, boundary, simulate, solve
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.seeds import derive_seed
from curation_scaling.study.theory import Ranked
from curation_scaling.study.theory_checks import (
    TheoryBestCheck,
    TheoryBoundaryCheck,
    TheoryCheck,
    TheorySolutionCheck,
    TheoryTailCheck,
)


def theory_numbers(seed: int, check: TheoryCheck) -> Iterator[Number]:
    """Solve what the check names; raise InputError where that fails."""
    match check:
        case TheorySolutionCheck():
            yield from _solution(seed, check)
        case TheoryBestCheck():
            best = best_fraction(check.alpha_prune, check.theta, check.keep, check.score)
            for name, published in check.published.items():
                words = f"best {name}" if name == "fraction" else "least error"
                quantity = f"{words} at alpha_prune {check.alpha_prune:g}, {_ranked(check)}"
                yield Number(quantity, published, getattr(best, name), tolerance=check.tolerance[name])
        case TheoryBoundaryCheck():
            yield Number(
                check.quantity,
                check.published,
                boundary(check.fraction, second=check.against),
                tolerance=check.tolerance,
            )
        case TheoryTailCheck():
            tail = check.alpha_tot * solve(check.alpha_tot, check.fraction).error
            yield Number(check.quantity, check.published, tail, tolerance=check.tolerance)


def _solution(seed: int, check: TheorySolutionCheck) -> Iterator[Number]:
    options = (check.alpha_tot, check.fraction, check.theta, check.keep, check.score)
    solution = solve(*options)
    where = f"alpha_tot {check.alpha_tot:g}, fraction {check.fraction:g}, {_ranked(check)}"
    for name, published in check.published.items():
        yield Number(f"{name} at {where}", published, getattr(solution, name), tolerance=check.tolerance)
    if check.simulate is not None:
        purpose = derive_seed(seed, "check", *map(str, options))
        made = simulate(*options, dimension=check.simulate.dimension, draws=check.simulate.draws, seed=purpose)
        quantity = f"simulated error at {where} (N = {made.dimension}, {made.draws} draws)"
        room = check.simulate.errors * made.error_se
        yield Number(quantity, solution.error, made.error, made.error - room, made.error + room)


def _ranked(ranked: Ranked) -> str:
    angle = f"theta {np.rad2deg(ranked.theta):g} degrees"
    return f"keep {ranked.keep}, {angle}{', signed' if ranked.score == 'signed' else ''}"
