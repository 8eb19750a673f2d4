"""The schema of every Parquet artifact, declared once.

A schema lists its columns (name, Arrow type, unit, whether null is allowed), the columns that order its rows, and the
columns that identify a row. `store.write` and `store.read` hold every file to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl
import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column: `unit` is written to the field's metadata; a `required=False` column may be absent."""

    name: str
    type: pa.DataType
    unit: str = ""
    nullable: bool = False
    required: bool = True
    finite: bool = False

    @cached_property
    def field(self) -> pa.Field:
        """The Arrow field, with the unit in its metadata."""
        return pa.field(self.name, self.type, self.nullable, {"unit": self.unit} if self.unit else None)


@dataclass(frozen=True)
class Schema:
    """An artifact's columns; rows are sorted by `sort`, and `key` is unique where it is given."""

    name: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def empty(self) -> pl.DataFrame:
        """No rows, with the columns of the schema."""
        frame = pl.from_arrow(pa.schema([c.field for c in self.columns if c.required]).empty_table())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def column(self, name: str) -> Column | None:
        """The column of this name, or None."""
        return next((c for c in self.columns if c.name == name), None)


_STR, _F64, _I64, _I32, _U64, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.int32(), pa.uint64(), pa.bool_()
_UID = (Column("uid_hi", _U64), Column("uid_lo", _U64))
WEIGHTS = pa.list_(pa.struct([("pool", _STR), ("weight", _F64), ("size", _I64)]))
PARTS = pa.list_(
    pa.struct(
        [
            ("pool", _STR),
            ("weight", _F64),
            ("size", _I64),
            ("repetitions", _F64),
            ("utility_left", _F64),
            ("lower", _F64),
            ("upper", _F64),
        ]
    )
)

SAMPLES = Schema(
    "pools/samples",
    (
        *_UID,
        Column("group", _STR),
        Column("role", _STR, "pool | reference | test"),
        Column("size", _I64, "units of the study (samples, characters, tokens)"),
        Column("score", _F64, nullable=True),
        Column("text", _STR, required=False),
        Column("features", pa.list_(pa.uint8()), "grey levels, row by row", required=False),
        Column("label", _I32, required=False),
    ),
    sort=("uid_hi", "uid_lo"),
    key=("uid_hi", "uid_lo"),
)

POOL = Schema(
    "pools/<pool>",
    (
        *_UID,
        Column("score", _F64, finite=True),
        Column("bucket", _I32, "1 is the best"),
        Column("rank", _I64, "0 is the best of the draw"),
        Column("size", _I64, "units of the study"),
    ),
    sort=("uid_hi", "uid_lo"),
    key=("uid_hi", "uid_lo"),
)

EDGES = Schema(
    "pools/edges",
    (
        Column("draw", _I32),
        Column("bucket", _I32, "1 is the best"),
        Column("pool", _STR),
        Column("score_min", _F64),
        Column("score_max", _F64),
        Column("cut_uid_hi", _U64, "of the last row; null where each group of shards has its own", nullable=True),
        Column("cut_uid_lo", _U64, nullable=True),
        Column("cut_rank", _I64, "rank of the bucket's last row"),
        Column("ties", _I64, "rows that share the last row's rank value; null as above", nullable=True),
        Column("rows", _I64),
        Column("size", _I64, "units of the study"),
    ),
    sort=("draw", "bucket"),
    key=("draw", "bucket"),
)

SUMMARY = Schema(
    "pools/summary",
    (
        Column("draw", _I32),
        Column("kind", _STR, "input | kept | held_out | rejected; the last three add up to the first"),
        Column("outcome", _STR, "the bucket that keeps the row, or the reason that it is not kept"),
        Column("rows", _I64),
        Column("size", _I64, "units of the study"),
        Column("tokens", _I64, "of shards that name them; null where rows are not kept", nullable=True, required=False),
        Column("bytes", _I64, "as tokens", nullable=True, required=False),
    ),
    sort=("draw", "kind", "outcome"),
    key=("draw", "kind", "outcome"),
)

RUNS = Schema(
    "runs",
    (
        Column("study", _STR),
        Column("run_id", _STR),
        Column("pool", _STR),
        Column("weights", WEIGHTS, "sampling weight and unique samples of each component pool"),
        Column("unique_samples", _I64, "unit"),
        Column("samples_seen", _I64, "unit"),
        Column("unit", _STR, "samples | tokens | characters"),
        Column("repetitions", _F64, "passes over the pool", finite=True),
        Column("params", _I64, "parameters", nullable=True),
        Column("flops", _F64, "floating-point operations", nullable=True),
        Column("metric", _STR),
        Column("error", _F64, "metric", finite=True),
        Column("trials", _I64, "behind an error that is a share", nullable=True, required=False),
        Column("draw", _I32),
        Column("seed", _I32),
        Column("schedule", _STR),
        Column("source", _STR),
    ),
    sort=("pool", "draw", "seed", "run_id", "metric", "samples_seen"),
    key=("run_id", "metric", "samples_seen"),
)

FITS = Schema(
    "laws/fits",
    (
        Column("law", _STR),
        Column("parameter", _STR),
        Column("pool", _STR, nullable=True),
        Column("estimate", _F64),
        Column("lower", _F64, nullable=True),
        Column("upper", _F64, nullable=True),
        Column("level", _F64),
        Column("unit", _STR),
        Column("at_bound", _BOOL),
        Column("fixed", _BOOL),
        Column("method", _STR),
        Column("flags", _STR, "why not to trust it; empty if nothing was found"),
    ),
    sort=("law",),
    key=("law", "parameter"),
)

DRAWS = Schema(
    "laws/draws",
    (Column("law", _STR), Column("replicate", _I32), Column("parameter", _STR), Column("value", _F64)),
    sort=("law", "replicate"),
    key=("law", "replicate", "parameter"),
)

PREDICTIONS = Schema(
    "laws/predictions",
    (
        Column("law", _STR),
        Column("gamma", _F64, "exponent of the half-life's growth with the sampling weight"),
        Column("pool", _STR),
        Column("samples_seen", _I64, "unit"),
        Column("repetitions", _F64, "passes over the pool"),
        Column("error", _F64, "metric, mean over draws and seeds"),
        Column("runs", _I32),
        Column("role", _STR, "fitted | left_out | mixture"),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric, interval of the mean"),
        Column("upper", _F64, "metric, interval of the mean"),
        Column("run_lower", _F64, "metric, interval of a new run"),
        Column("run_upper", _F64, "metric, interval of a new run"),
        Column("residual", _F64, "ln(error / predicted)"),
    ),
    sort=("law", "gamma", "pool", "samples_seen"),
    key=("law", "gamma", "pool", "samples_seen"),
)

MIXTURES = Schema(
    "laws/mixtures",
    (
        Column("law", _STR),
        Column("gamma", _F64),
        Column("main", _BOOL, "the law and the rule of the answer"),
        Column("fitted", _BOOL, "whether the mixtures took part in the fit"),
        Column("points", _I32, "(mixture, budget) pairs"),
        Column("log_rmse", _F64, "root mean square of ln(error / predicted)", nullable=True),
        Column("bias", _F64, "mean of ln(error / predicted)", nullable=True),
        Column("covered", _F64, "share of measured means inside the new-run interval", nullable=True),
        Column("budgets", _I32, "budgets at which every pool was trained"),
        Column("winners_matched", _I32, "budgets at which the predicted best pool was the measured best"),
        Column("mean_regret", _F64, "metric", nullable=True),
        Column("worst_regret", _F64, "metric", nullable=True),
    ),
    sort=("law", "gamma"),
    key=("law", "gamma"),
)

HOLDOUT = Schema(
    "laws/holdout",
    (
        Column("law", _STR),
        Column("method", _STR, "law, or a naive baseline on the same split"),
        Column("split", _STR, "largest | rollout | declared"),
        Column("run_id", _STR),
        Column("pool", _STR),
        Column("samples_seen", _I64, "unit, of the held-out evaluation"),
        Column("distance", _F64, "held-out samples seen / largest fitted"),
        Column("error", _F64, "metric"),
        Column("predicted", _F64, "metric"),
        Column("relative_error", _F64, "predicted / error - 1"),
    ),
    sort=("law", "method", "split", "run_id", "samples_seen", "distance"),
    key=("law", "method", "split", "run_id", "samples_seen", "distance"),
)

COMPARISON = Schema(
    "laws/comparison",
    (
        Column("law", _STR),
        Column("chosen", _BOOL, "the smallest rollout error"),
        Column("rollout", _F64, "root mean square of ln(predicted / error), mean over cutoffs", nullable=True),
        Column("largest", _F64, "the same, largest compute held out", nullable=True),
        Column("bias", _F64, "mean of predicted / error - 1, largest compute held out", nullable=True),
        Column("best_baseline", _STR),
        Column("baseline_rollout", _F64, "rollout error of the best naive baseline", nullable=True),
        Column("aicc", _F64, nullable=True),
        Column("bic", _F64, nullable=True),
        Column("objective", _F64, nullable=True),
        Column("fitted_gamma", _F64, "rule for mixtures, where they took part in the fit", nullable=True),
        Column("note", _STR, "why it could not be judged; empty if it was"),
    ),
    sort=("law",),
    key=("law",),
)

DIAGNOSTICS = Schema(
    "laws/diagnostics",
    (
        Column("law", _STR),
        Column("name", _STR),
        Column("subject", _STR, "the parameter, pool or run that it speaks of; empty for the whole fit"),
        Column("value", _F64, nullable=True),
        Column("flag", _BOOL, "true: a reason not to trust the fit"),
        Column("message", _STR),
    ),
    sort=("law", "name", "subject"),
    key=("law", "name", "subject"),
)

REPRODUCTION = Schema(
    "laws/reproduction",
    (
        Column("order", _I32),
        Column("quantity", _STR),
        Column("published", _F64, nullable=True),
        Column("refit", _F64),
        Column("lower", _F64, nullable=True),
        Column("upper", _F64, nullable=True),
        Column("level", _F64, "of the interval from lower to upper", nullable=True),
        Column("tolerance", _F64, "largest absolute difference that agrees; null: the interval decides", nullable=True),
        Column("agrees", _BOOL, nullable=True),
        Column("source", _STR, "of the published number"),
        Column("note", _STR),
    ),
    sort=("order",),
    key=("order",),
)

PRINTED = Schema(
    "laws/printed",
    (
        Column("row", _STR, "a paper's printed parameters, evaluated as they stand"),
        Column("pool", _STR),
        Column("samples_seen", _F64, "unit"),
        Column("predicted", _F64, "metric"),
    ),
    sort=("row", "pool", "samples_seen"),
    key=("row", "pool", "samples_seen"),
)

UTILITY = Schema(
    "utility",
    (
        Column("law", _STR),
        Column("pool", _STR),
        Column("repetition", _I32, "0 is the first pass"),
        Column("utility", _F64, "-b (1/2)^(k/tau), d ln(error - floor) / d ln n with its sign turned"),
        Column("lower", _F64),
        Column("upper", _F64),
    ),
    sort=("law", "pool", "repetition"),
    key=("law", "pool", "repetition"),
)

FRONTIER = Schema(
    "frontier",
    (
        Column("law", _STR),
        Column("gamma", _F64),
        Column("main", _BOOL, "the law and the rule of the answer"),
        Column("budget", _F64, "samples seen, in the study's unit"),
        Column("unit", _STR),
        Column("flops", _F64, "floating-point operations", nullable=True),
        Column("pool", _STR),
        Column("unique_samples", _I64, "unit"),
        Column("repetitions", _F64, "passes over all its samples, in the mean"),
        Column("parts", PARTS, "each pool's weight, unique samples, passes, and utility -b (1/2)^(k/tau') left"),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        Column("probability_best", _F64),
        Column("expected_regret", _F64, "metric"),
        Column("best", _BOOL, "lowest predicted error at this budget"),
        Column("pareto", _BOOL, "no pool at this or a smaller budget is predicted as good"),
        Column("pareto_unique", _BOOL, "none costs as little, needs as few unique samples, and is predicted better"),
        Column("reach", _F64, "compute as a multiple of the largest observed"),
        Column("far", _BOOL, "beyond 4 times the largest observed compute"),
        Column("extrapolated", _BOOL, "beyond the samples seen or the repetitions of the fitted runs"),
        Column("measured", _F64, "metric, mean of the runs at this budget", nullable=True),
        Column("measured_best", _BOOL, "lowest measured error at this budget", nullable=True),
    ),
    sort=("law", "gamma", "budget", "pool"),
    key=("law", "gamma", "budget", "pool"),
)

SWITCHES = Schema(
    "switches",
    (
        Column("law", _STR),
        Column("gamma", _F64),
        Column("main", _BOOL, "the law and the rule of the answer"),
        Column("order", _I32),
        Column("from_pool", _STR),
        Column("to_pool", _STR),
        Column("budget", _F64, "samples seen, in the study's unit"),
        Column("flops", _F64, "floating-point operations", nullable=True),
        Column("lower", _F64, "unit", nullable=True),
        Column("upper", _F64, "unit", nullable=True),
        Column("share", _F64, "share of bootstrap draws in which this switch happens"),
    ),
    sort=("law", "gamma", "order"),
    key=("law", "gamma", "order"),
)
