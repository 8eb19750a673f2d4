"""The schemas of trainings by size, batch and groups, and of what laws say of them, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _I32, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.int32(), pa.bool_()

TRAININGS = Schema(
    "trainings",
    (
        Column("set", _STR),
        Column("cell", _STR, "model, batch and groups"),
        Column("draw", _I32),
        Column("domain", _STR, "that the error is measured on; null where there are none", nullable=True),
        Column("share", _F64, "of this domain among the characters seen", nullable=True),
        Column("params", _I64, "parameters"),
        Column("batch_size", _I64, "unit a step"),
        Column("learning_rate", _F64),
        Column("groups", _I64),
        Column("per_group", _I64, "samples; null where all of each group are taken", nullable=True),
        Column("unique_samples", _I64, "samples"),
        Column("unique_units", _I64, "unit"),
        Column("samples_seen", _I64, "unit"),
        Column("steps", _I64),
        Column("flops", _F64, "floating-point operations"),
        Column("error", _F64, "metric", finite=True),
    ),
    sort=("set", "cell", "draw", "samples_seen", "domain"),
    key=("set", "cell", "draw", "samples_seen", "domain"),
)

RECIPE = Schema(
    "laws/recipe",
    (
        Column("step", _STR, "steps: one after the other | joint: L(N, S) at once"),
        Column("constant", _STR),
        Column("estimate", _F64, finite=True),
        Column("lower", _F64, nullable=True),
        Column("upper", _F64, nullable=True),
        Column("level", _F64),
        Column("unit", _STR),
        Column("known", _F64, "of a simulation", nullable=True),
    ),
    sort=("step", "constant"),
    key=("step", "constant"),
)

LEVELS = Schema(
    "laws/recipe_levels",
    (
        Column("params", _F64, "parameters"),
        Column("loss", _F64, "metric"),
        Column("batch_size", _F64, "unit a step"),
        Column("steps", _F64, "measured, interpolated"),
        Column("predicted", _F64, "steps on the hyperbola"),
        Column("s_min", _F64, "steps"),
        Column("e_min", _F64, "unit"),
        Column("b_crit", _F64, "unit a step"),
        Column("b_law", _F64, "B_star / L^(1/alpha_B), unit a step"),
    ),
    sort=("loss", "batch_size"),
    key=("loss", "batch_size"),
)

TRAJECTORIES = Schema(
    "laws/recipe_trajectories",
    (
        Column("run", _STR),
        Column("role", _STR, "fitted | held_out"),
        Column("params", _F64, "parameters"),
        Column("batch_size", _F64, "unit a step"),
        Column("steps", _F64),
        Column("error", _F64, "metric, mean over draws"),
        Column("draws", _I64),
        Column("judged", _BOOL, "after the burn-in"),
        Column("predicted", _F64, "metric, by the recipe's steps", finite=True),
        Column("lower", _F64, "metric", nullable=True),
        Column("upper", _F64, "metric", nullable=True),
        Column("joint", _F64, "metric, by the joint fit", finite=True),
        Column("last", _F64, "metric, of the largest fitted run after as many examples", nullable=True),
    ),
    sort=("run", "steps"),
    key=("run", "steps"),
)

DIVERSITY = Schema(
    "laws/diversity",
    (
        Column("law", _STR),
        Column("axis", _STR, "samples | groups | per_group: what is extrapolated"),
        Column("cutoffs", _I64),
        Column("points", _I64, "held-out evaluations, over all cutoffs"),
        Column("rmse", _F64, "of ln(predicted / error), each cutoff counting the same", nullable=True),
        Column("bias", _F64, "mean of ln(predicted / error)", nullable=True),
        Column("note", _STR, "why it could not be judged; empty if it was"),
    ),
    sort=("law", "axis"),
    key=("law", "axis"),
)

CELLS = Schema(
    "laws/diversity_cells",
    (
        Column("budget", _I64, "samples: groups times samples of each"),
        Column("groups", _I64),
        Column("per_group", _I64, "samples"),
        Column("role", _STR, "fitted | held_out"),
        Column("measured", _F64, "metric, mean over draws"),
        Column("se", _F64, "metric, of the mean over draws", nullable=True),
        Column("predicted", _F64, "metric, by the joint law"),
        Column("lower", _F64, "metric", nullable=True),
        Column("upper", _F64, "metric", nullable=True),
        Column("measured_best", _BOOL, "of its budget; null where the study asks for no verdict", nullable=True),
        Column("predicted_best", _BOOL, "as measured_best", nullable=True),
        Column("probability_best", _F64, "share of replicates in which it is the best", nullable=True),
    ),
    sort=("budget", "groups"),
    key=("budget", "groups"),
)

BALANCE = Schema(
    "laws/diversity_balance",
    (
        Column("per_group", _F64, "samples a group from which on another group is worth more; 0: always"),
        Column("lower", _F64, "samples", nullable=True),
        Column("upper", _F64, "samples", nullable=True),
        Column("level", _F64),
        Column("always", _F64, "share of replicates in which another group is always worth more", nullable=True),
    ),
)
