"""The schemas of reruns: published runs, and ranked mixtures, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.bool_()

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
        # Only where a table has them.
        Column("batch_size", _F64, "unit a step", nullable=True, required=False),
        Column("steps", _F64, nullable=True, required=False),
        Column("groups", _F64, nullable=True, required=False),
        Column("per_group", _F64, "samples", nullable=True, required=False),
        Column("share", _F64, "of the group among the samples seen", nullable=True, required=False),
        Column("draw", _I64, nullable=True, required=False),
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

SELECTORS = Schema(
    "laws/selectors",
    (
        Column("task", _STR),
        Column("model", _STR),
        Column("method", _STR, "how the data were chosen"),
        Column("params", _F64, "parameters of the trained model"),
        Column("runs", _I64),
        Column("cost_flops", _F64, "floating-point operations of choosing"),
        Column("cost_share", _F64, "the same in trainings on everything"),
        Column("rmse", _F64, "score"),
        Column("start", _F64, "score without training, P0 of the curve"),
        Column("start_lower", _F64),
        Column("start_upper", _F64),
        Column("start_known", _BOOL, "the interval is no wider than the measured scores are spread"),
        Column("plateau", _F64, "score that more data approach"),
        Column("plateau_lower", _F64),
        Column("plateau_upper", _F64),
        Column("rate", _F64, "per share of all data"),
        Column("rate_lower", _F64),
        Column("rate_upper", _F64),
    ),
    sort=("task", "params", "method"),
    key=("task", "model", "method"),
)

SELECTOR_BUDGETS = Schema(
    "laws/selector_budgets",
    (
        Column("task", _STR),
        Column("model", _STR),
        Column("budget_flops", _F64, "floating-point operations of choosing and training", finite=True),
        Column("method", _STR),
        Column("share", _F64, "of all data, trained on after the choice is paid"),
        Column("predicted", _F64, "score", finite=True),
        Column("best", _BOOL),
        Column("probability_best", _F64),
        Column("measured", _F64, "best score of the runs that the budget affords", nullable=True),
        Column("measured_best", _BOOL, nullable=True),
    ),
    sort=("task", "model", "budget_flops", "method"),
    key=("task", "model", "budget_flops", "method"),
)

SELECTOR_RATIOS = Schema(
    "laws/selector_ratios",
    (
        Column("task", _STR, "all: the median over tasks and models"),
        Column("model", _STR),
        Column("method", _STR),
        Column("ratio", _F64, "model size in scorers from which the method is best somewhere", nullable=True),
        Column("lower", _F64, nullable=True),
        Column("upper", _F64, "null: none of the sizes that were looked at", nullable=True),
    ),
    sort=("task", "model", "method"),
    key=("task", "model", "method"),
)
