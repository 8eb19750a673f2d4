"""The schemas of reruns: published runs, and ranked mixtures, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64 = pa.string(), pa.float64(), pa.int64()

POINTS = Schema(
    "points",
    (
        Column("table", _STR),
        Column("row", _I64, "row of the table's files, before any was dropped"),
        Column("run_id", _STR),
        Column("group", _STR, nullable=True),
        Column("role", _STR, "fitted | held_out"),
        Column("params", _F64, "parameters", nullable=True),
        Column("samples_seen", _F64, "unit", finite=True),
        Column("unique_samples", _F64, "unit", nullable=True),
        Column("flops", _F64, "floating-point operations", nullable=True),
        Column("lr_area", _F64, "sum of learning rates", nullable=True),
        Column("lr_annealing", _F64, "sum of annealing momenta", nullable=True),
        Column("error", _F64, "metric", finite=True),
    ),
    sort=("table", "row"),
    key=("table", "row"),
)

MIXING = Schema(
    "laws/mixing",
    (
        Column("test", _STR),
        Column("target", _STR, "what the loss is averaged over"),
        Column("method", _STR, "mixing_law | linear | boosted_trees"),
        Column("runs", _I64, "runs that were ranked"),
        Column("fitted_runs", _I64, "runs that the method was fitted to"),
        Column("spearman", _F64, "of predicted and measured losses"),
        Column("lower", _F64),
        Column("upper", _F64),
        Column("chosen", _I64, "row of the run predicted best"),
        Column("place", _I64, "its place among the measured losses, 1 is the best"),
        Column("regret", _F64, "its loss above the best measured one", finite=True),
        Column("random_regret", _F64, "the same of a random run, in the mean", finite=True),
    ),
    sort=("test", "target", "method"),
    key=("test", "target", "method"),
)
