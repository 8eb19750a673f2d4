"""The schema of ranked mixtures, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64 = pa.string(), pa.float64(), pa.int64()

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
