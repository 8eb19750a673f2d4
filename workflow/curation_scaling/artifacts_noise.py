"""The schemas of evaluation noise, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _I32 = pa.string(), pa.float64(), pa.int64(), pa.int32()

NOISE = Schema(
    "laws/noise",
    (
        Column("metric", _STR),
        Column("pool", _STR),
        Column("samples_seen", _I64, "unit"),
        Column("runs", _I32),
        Column("error", _F64, "metric, mean over runs", finite=True),
        Column("sd", _F64, "of ln(error) between runs; null of a single run", nullable=True),
        Column("noise", _F64, "standard deviation of ln(error) of one run, shrunk to its trend in samples seen"),
    ),
    sort=("metric", "pool", "samples_seen"),
    key=("metric", "pool", "samples_seen"),
)

SIGNAL = Schema(
    "laws/signal",
    (
        Column("metric", _STR),
        Column("pool", _STR, "null: all pools of the metric", nullable=True),
        Column("runs", _I32),
        Column("noise", _F64, "standard deviation of ln(error) between runs of one evaluation", nullable=True),
        Column("lower", _F64, "of noise; as if all evaluations of a run were one", nullable=True),
        Column("upper", _F64, nullable=True),
        Column("seed_noise", _F64, "the part between trainings on one draw of the data", nullable=True),
        Column("draw_noise", _F64, "the part between draws of the data", nullable=True),
        Column("sampling", _F64, "what the number of trials alone would give", nullable=True),
        Column("signal", _F64, "spread of ln(mean error), without the noise in it: of a pool along its curve, of all "
               "pools between pools at equal samples seen", nullable=True),
        Column("signal_to_noise", _F64, "signal / noise of one run", nullable=True),
        Column("resolves", _F64, "smallest ln ratio of two mean errors that so many runs tell apart", nullable=True),
        Column("shape", _STR, "falling | flat | rising | u_shaped | hump", nullable=True),
        Column("rise", _F64, "largest rise of the mean error along the curve, relative", nullable=True),
        Column("rise_from", _I64, "unit", nullable=True),
        Column("rise_to", _I64, "unit", nullable=True),
    ),
    sort=("metric", "pool"),
    key=("metric", "pool"),
)  # fmt: skip
