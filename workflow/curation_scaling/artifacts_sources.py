"""The schemas of sources that are seen only in part, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _I32, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.int32(), pa.bool_()
_UID = (Column("uid_hi", pa.uint64()), Column("uid_lo", pa.uint64()))

REVEALED = Schema(
    "sources/samples",
    (
        *_UID,
        Column("role", _STR, "source | validation | test"),
        Column("source", _STR, "empty for validation and test"),
        Column("place", _I64, "order in which a source reveals its samples, from 0"),
        Column("label", _I32, nullable=True),
        Column("features", pa.list_(pa.float32())),
    ),
    sort=("role", "source", "place"),
    key=("role", "source", "place"),
)

SOURCE_COUNTS = Schema(
    "sources/counts",
    (
        Column("place", _STR, "a source, validation, test, unused or duplicate"),
        Column("label", _I32, nullable=True),
        Column("samples", _I64),
    ),
    sort=("place", "label"),
    key=("place", "label"),
)

DISTANCES = Schema(
    "sources/distances",
    (
        Column("mixture", _STR),
        Column("size", _I64, "samples"),
        Column("source", _STR),
        Column("weight", _F64, "share of the mixture", finite=True),
        Column("distance", _F64, "transport cost of the mixture to the validation set, squared units", finite=True),
        Column("gradient", _F64, "its derivative by the weight, less the mean of all", finite=True),
    ),
    sort=("size", "mixture", "source"),
    key=("mixture", "source"),
)

COEFFICIENTS = Schema(
    "sources/coefficients",
    (
        Column("form", _STR),
        Column("fitted_to", _STR, "not_held_out | all"),
        Column("size", _I64, "samples"),
        Column("coefficient", _STR),
        Column("estimate", _F64, finite=True),
        Column("standard_error", _F64, finite=True),
    ),
    sort=("form", "fitted_to", "size"),
    key=("form", "fitted_to", "size", "coefficient"),
)

SOURCE_PREDICTIONS = Schema(
    "sources/predictions",
    (
        Column("model", _STR),
        Column("mixture", _STR),
        Column("size", _I64, "samples"),
        Column("weights", pa.list_(pa.struct([("source", _STR), ("weight", _F64)]))),
        Column("role", _STR, "fitted | held_out | interpolated (left out in its turn) | projected"),
        Column("predicted", _F64, "metric", finite=True),
        Column("lower", _F64, "of one new training; null where the model has no interval", nullable=True),
        Column("upper", _F64, nullable=True),
        Column("measured", _F64, "mean over trainings", finite=True),
        Column("trainings", _I64),
        Column("held_out", _BOOL, "whether the mixture was held out at the disclosed sizes"),
    ),
    sort=("model", "role", "size", "mixture"),
    key=("model", "mixture", "role"),
)

SOURCE_ERRORS = Schema(
    "sources/errors",
    (
        Column("model", _STR),
        Column("size", _I64, "samples"),
        Column("role", _STR, "fitted | held_out | interpolated | projected"),
        Column("mixtures", _I64),
        Column("mean_absolute_error", _F64, "points: hundredths of the metric", finite=True),
        Column("lower", _F64, finite=True),
        Column("upper", _F64, finite=True),
        Column("bias", _F64, "points: mean of predicted - measured", finite=True),
        Column("covered", _F64, "share of trainings' means inside the interval", nullable=True),
        Column("amplification", _F64, "of the noise by the projection: standard deviations; 1 at disclosed sizes"),
    ),
    sort=("role", "size", "model"),
    key=("model", "size", "role"),
)

SOURCE_WEIGHTS = Schema(
    "sources/weights",
    (
        Column("choice", _STR, "chosen | uniform | proportional"),
        Column("source", _STR),
        Column("weight", _F64, finite=True),
        Column("largest", _F64, "what the source can deliver of the size, at most 1", finite=True),
        Column("gradient", _F64, "of the projected error, less the mean of all", finite=True),
        Column("predicted", _F64, "projected error of the choice", finite=True),
        Column("lower", _F64, "of one new training", finite=True),
        Column("upper", _F64, finite=True),
        Column("steps", _I64, "accepted gradient steps; 0 for the plain choices"),
    ),
    sort=("choice", "source"),
    key=("choice", "source"),
)

SOURCE_CHOICES = Schema(
    "sources/choices",
    (
        Column("choice", _STR, "chosen | uniform | proportional"),
        Column("size", _I64, "samples"),
        Column("predicted", _F64, finite=True),
        Column("lower", _F64, "of one new training", finite=True),
        Column("upper", _F64, finite=True),
        Column("trainings", _I64),
        Column("measured", _F64, "mean over trainings", nullable=True),
        Column("measured_se", _F64, nullable=True),
        Column("against_chosen", _F64, "measured less that of the chosen weights, paired by seed", nullable=True),
        Column("against_lower", _F64, nullable=True),
        Column("against_upper", _F64, nullable=True),
    ),
    sort=("choice",),
    key=("choice",),
)
