"""Scaling laws: fitted fast, with intervals, and judged by extrapolation."""

from curation_scaling.laws.annealing import schedule_areas
from curation_scaling.laws.compare import compare
from curation_scaling.laws.expression import ExpressionLaw
from curation_scaling.laws.extrapolate import Extrapolation, extrapolate
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.goyal import GoyalEq3, ReleasedUtility
from curation_scaling.laws.goyal_anchored import GoyalAnchored
from curation_scaling.laws.goyal_data import ReleasedData
from curation_scaling.laws.holdout import holdout
from curation_scaling.laws.law import ColumnLaw, Law, Parameter
from curation_scaling.laws.power import Power, SaturatingPower
from curation_scaling.laws.regions import BrokenPower
from curation_scaling.laws.registry import LAWS, law_named
from curation_scaling.laws.summary import summary
from curation_scaling.laws.utility import pool_utility, pool_utility_draws

__all__ = [
    "LAWS",
    "BrokenPower",
    "ColumnLaw",
    "ExpressionLaw",
    "Extrapolation",
    "Fit",
    "GoyalAnchored",
    "GoyalEq3",
    "Law",
    "Parameter",
    "Power",
    "ReleasedData",
    "ReleasedUtility",
    "SaturatingPower",
    "compare",
    "extrapolate",
    "fit_law",
    "holdout",
    "law_named",
    "pool_utility",
    "pool_utility_draws",
    "schedule_areas",
    "summary",
]
