"""The schemas of profiles, and of corrected checkpoints, in the manner of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _BOOL = pa.string(), pa.float64(), pa.bool_()

PROFILES = Schema(
    "laws/profiles",
    (
        Column("law", _STR, "the law of the answer"),
        Column("parameter", _STR),
        Column("value", _F64, "the parameter's unit; it is held there"),
        Column("statistic", _F64, "likelihood ratio against the best fit, 0 there", finite=True),
        Column("threshold", _F64, "of the statistic: the interval is where it is lower"),
        Column("inside", _BOOL),
    ),
    sort=("law", "parameter", "value", "statistic"),
)

CHECKPOINTS = Schema(
    "laws/checkpoints",
    (
        Column("law", _STR),
        Column("effect", _F64, "fall of ln(error) by the whole of the annealing", finite=True),
        Column("lower", _F64, "null: the study declares the effect", nullable=True),
        Column("upper", _F64, nullable=True),
        Column("level", _F64),
        Column("objective", _F64, "of the fit to corrected checkpoints"),
        Column("objective_as_is", _F64, "of the fit to checkpoints as they are"),
    ),
    sort=("law",),
    key=("law",),
)
