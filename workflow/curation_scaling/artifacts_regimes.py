"""The schemas of regimes: intrinsic dimensions, exponents and verdicts, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _I32 = pa.string(), pa.float64(), pa.int64(), pa.int32()

DIMENSION = Schema(
    "regimes/dimension",
    (
        Column("pool", _STR),
        Column("estimator", _STR, "mle | two_nn"),
        Column("rows", _I64, "distinct rows that were used"),
        Column("repeated", _I64, "rows left out because they repeat another"),
        Column("features", _I32, "features that vary"),
        Column("constant", _I32, "features left out because they do not"),
        Column("neighbours", _I32),
        Column("estimate", _F64, "intrinsic dimension", finite=True),
        Column("lower", _F64, "95 %, as if neighbourhoods were independent", finite=True),
        Column("upper", _F64, finite=True),
        Column("cube", _F64, "dimension of a uniform cube whose estimate from so many rows is the same; null beyond "
               "those tried", nullable=True),
    ),
    sort=("pool", "estimator"),
    key=("pool", "estimator"),
)  # fmt: skip

VERDICTS = Schema(
    "regimes/verdicts",
    (
        Column("family", _STR, "pool, or simulated curve"),
        Column("exponent", _F64, "-d ln(error - floor) / d ln n of fresh samples", finite=True),
        Column("lower", _F64),
        Column("upper", _F64),
        Column("variance_limited", _F64, "predicted exponent"),
        Column("resolution_low", _F64, "predicted exponent, 4 / the largest dimension", nullable=True),
        Column("resolution_high", _F64, "4 / the smallest dimension", nullable=True),
        Column("lipschitz_low", _F64, "predicted exponent, 1 / the largest dimension", nullable=True),
        Column("lipschitz_high", _F64, nullable=True),
        Column("sharpness", _F64, "largest label difference over distance of two samples", nullable=True),
        Column("excess", _F64, "share of the last error above the fitted floor"),
        Column("excess_lower", _F64),
        Column("excess_upper", _F64),
        Column("untrained", _F64, "last error / error of a model that has seen nothing", nullable=True),
        Column("untrained_lower", _F64, nullable=True),
        Column("untrained_upper", _F64, nullable=True),
        Column("regime", _STR, "small_data | resolution_limited | variance_limited | irreducible | undecided"),
        Column("reason", _STR),
        Column("known", _STR, "the regime of a simulated curve", nullable=True),
    ),
    sort=("family",),
    key=("family",),
)

LIMITS = Schema(
    "regimes/limits",
    (
        Column("limit", _STR),
        Column("of", _F64, "spectrum, or dimension"),
        Column("draw", _I32),
        Column("size", _I64, "samples or features that grow"),
        Column("excess", _F64, "loss above that at an unlimited size"),
        Column("predicted", _F64, "exponent"),
    ),
    sort=("limit", "of", "draw", "size"),
    key=("limit", "of", "draw", "size"),
)
