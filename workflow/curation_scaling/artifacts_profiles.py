"""The schema of the profiles of the answer's law, in the manner of `artifacts`."""

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
