"""The schemas of what lies past the plain frontier, in the manner of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _BOOL = pa.string(), pa.float64(), pa.bool_()
_LAW = (Column("law", _STR), Column("gamma", _F64), Column("main", _BOOL, "the law and the rule of the answer"))
_BUDGET = Column("budget", _F64, "samples seen, in the study's unit")
_PLAIN = (
    Column("plain_pool", _STR, "the best candidate of the frontier"),
    Column("plain", _F64, "metric, its predicted error"),
    Column("gain", _F64, "metric, its error minus this one's"),
    Column("gain_lower", _F64, "metric"),
    Column("gain_upper", _F64, "metric"),
)

OPTIMAL = Schema(
    "beyond/optimal",
    (
        *_LAW,
        _BUDGET,
        Column("method", _STR, "dual: exact; search: global search"),
        Column(
            "weights",
            pa.list_(
                pa.struct([("pool", _STR), ("weight", _F64), ("lower", _F64), ("upper", _F64), ("repetitions", _F64)])
            ),
            "sampling weights of least error; interval from each draw's own optimum, null where it was not sought",
        ),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        *_PLAIN,
    ),
    sort=("law", "gamma", "budget"),
    key=("law", "gamma", "budget"),
)

GREEDY = Schema(
    "beyond/greedy",
    (
        *_LAW,
        _BUDGET,
        Column("bound", _F64, "metric; no schedule of these pools is better under the law: a bound, not advice"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        Column("repetitions", pa.list_(pa.struct([("pool", _STR), ("repetitions", _F64)])), "passes over each pool"),
        *_PLAIN,
    ),
    sort=("law", "gamma", "budget"),
    key=("law", "gamma", "budget"),
)

SCORING = Schema(
    "beyond/scoring",
    (
        *_LAW,
        Column("scorer", _STR),
        _BUDGET,
        Column("pool", _STR),
        Column("scored", _BOOL, "whether the candidate needs scores"),
        Column("cost", _F64, "samples of training that its scores cost"),
        Column("samples_seen", _F64, "what is left to train on"),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        Column("best", _BOOL, "lowest predicted error at this budget"),
    ),
    sort=("law", "gamma", "scorer", "budget", "pool"),
    key=("law", "gamma", "scorer", "budget", "pool"),
)

BREAK_EVEN = Schema(
    "beyond/break_even",
    (
        *_LAW,
        Column("scorer", _STR),
        Column("cost", _F64, "samples of training that the scores cost"),
        Column("starts", _F64, "samples; choosing pays from here on; null: at no budget of the study", nullable=True),
        Column("ends", _F64, "samples; and up to here; null: up to the largest budget", nullable=True),
        Column("lower", _F64, "samples, interval of starts", nullable=True),
        Column("upper", _F64, "samples, interval of starts", nullable=True),
        Column("share", _F64, "share of draws in which choosing pays at some budget", nullable=True),
        Column("note", _STR, "why there is none; empty otherwise"),
    ),
    sort=("law", "gamma", "scorer"),
    key=("law", "gamma", "scorer"),
)

NEXT_RUN = Schema(
    "beyond/next_run",
    (
        *_LAW,
        Column("choice_budget", _F64, "samples seen; the budget of the choice"),
        Column("pool", _STR, "of the run that would be made"),
        Column("run_budget", _F64, "samples that it would see"),
        Column("regret", _F64, "metric, expected regret of the choice as it is"),
        Column("reduction", _F64, "metric, by how much the run is expected to lower it"),
        Column("rank", pa.int32(), "1: the run of most value for this choice"),
    ),
    sort=("law", "gamma", "choice_budget", "pool", "run_budget"),
    key=("law", "gamma", "choice_budget", "pool", "run_budget"),
)

ALLOCATION = Schema(
    "beyond/allocation",
    (
        Column("flops", _F64, "floating-point operations"),
        Column("pool", _STR),
        Column("params", _F64, "parameters, the best model size for this pool at this budget"),
        Column("samples_seen", _F64, "study's unit"),
        Column("repetitions", _F64, "passes over the pool"),
        Column("predicted", _F64, "metric"),
        Column("lower", _F64, "metric"),
        Column("upper", _F64, "metric"),
        Column("params_lower", _F64, "parameters, interval"),
        Column("params_upper", _F64, "parameters, interval"),
        Column("probability_best", _F64),
        Column("best", _BOOL, "lowest predicted error at this budget"),
        Column("far", _BOOL, "beyond 4 times the largest observed compute"),
    ),
    sort=("flops", "pool"),
    key=("flops", "pool"),
)

BEYOND = (OPTIMAL, GREEDY, SCORING, BREAK_EVEN, NEXT_RUN, ALLOCATION)
