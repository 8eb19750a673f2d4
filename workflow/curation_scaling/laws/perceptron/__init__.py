"""Teacher and student perceptrons with data pruning: the theory of Sorscher et al. 2022, and its simulation."""

from curation_scaling.laws.perceptron.curves import Best, best_fraction, boundary, envelope, local_exponents
from curation_scaling.laws.perceptron.kept import Keep, Score
from curation_scaling.laws.perceptron.simulate import Simulation, simulate
from curation_scaling.laws.perceptron.solve import Solution, curve, solve

__all__ = [
    "Best",
    "Keep",
    "Score",
    "Simulation",
    "Solution",
    "best_fraction",
    "boundary",
    "curve",
    "envelope",
    "local_exponents",
    "simulate",
    "solve",
]
