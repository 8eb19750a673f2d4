"""The schemas of a comparison of studies, in the manner of `artifacts`.

A side is a study, one candidate of a study (`study:pool`), or one fit of a rerun (`study:fit`).
"""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I32, _BOOL = pa.string(), pa.float64(), pa.int32(), pa.bool_()
_PAIR = (
    Column("first", _STR),
    Column("second", _STR),
    Column("rule", _STR, "answer: each side's own law; else the one law that both sides fitted"),
)
_BUDGET = Column("budget", _F64, "the axis: FLOPs, or samples seen in the studies' unit")

PARAMETERS = Schema(
    "compare/parameters",
    (
        Column("first", _STR),
        Column("second", _STR),
        Column("law", _STR),
        Column("parameter", _STR),
        Column("unit", _STR),
        Column("first_estimate", _F64),
        Column("second_estimate", _F64),
        Column("difference", _F64, "second minus first"),
        Column("lower", _F64, "interval of the difference"),
        Column("upper", _F64, "interval of the difference"),
        Column("level", _F64),
        Column("probability_lower", _F64, "share of draws in which the second's is below the first's"),
        Column("flags", _STR, "why not to trust it, of either side; empty if nothing was found"),
    ),
    sort=("first", "second", "law", "parameter"),
    key=("first", "second", "law", "parameter"),
)

FRONTIERS = Schema(
    "compare/frontiers",
    (
        Column("side", _STR),
        Column("law", _STR),
        Column("axis", _STR, "flops | samples_seen"),
        _BUDGET,
        Column("asked", _BOOL, "a budget to decide for, not only a point of the curve"),
        Column("choice", _STR, "the candidate that the side would take; of a rerun its fit"),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        Column("probability_best", _F64, "share of draws in which this side has the least error of all sides"),
        Column("reach", _F64, "budget as a multiple of the side's largest observed"),
    ),
    sort=("side", "budget"),
    key=("side", "budget"),
)

DIFFERENCES = Schema(
    "compare/differences",
    (
        *_PAIR,
        _BUDGET,
        Column("asked", _BOOL, "a budget to decide for, not only a point of the curve"),
        Column("difference", _F64, "metric, second minus first"),
        Column("lower", _F64, "metric, interval of the difference"),
        Column("upper", _F64, "metric, interval of the difference"),
        Column("probability_second", _F64, "dominance: share of draws in which the second has the lower error"),
    ),
    sort=("first", "second", "rule", "budget"),
    key=("first", "second", "rule", "budget"),
)

CROSSINGS = Schema(
    "compare/crossings",
    (
        *_PAIR,
        Column("ahead_low", _STR, "the side with the lower predicted error at the smallest budget"),
        Column("ahead_high", _STR, "and at the largest"),
        Column("crossings", _I32, "of the predicted errors inside the range"),
        Column(
            "budget", _F64, "where the side ahead at the end takes the lead for good; null: no crossing", nullable=True
        ),
        Column("lower", _F64, "interval; null: below the range of budgets", nullable=True),
        Column("upper", _F64, "interval; null: above the range of budgets", nullable=True),
        Column("share_crossing", _F64, "share of draws that cross inside the range"),
        Column("share_first", _F64, "share of draws in which the first is at least as good at every budget"),
        Column("share_second", _F64, "share of draws in which the second is better at every budget"),
    ),
    sort=("first", "second", "rule"),
    key=("first", "second", "rule"),
)

COMPARED = (PARAMETERS, FRONTIERS, DIFFERENCES, CROSSINGS)
