"""The schemas of the effective fraction of two domains, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _I64, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_INTERVAL = (Column("lower", _F64, nullable=True), Column("upper", _F64, nullable=True))

DOMAINS = Schema(
    "laws/domains",
    (
        Column("domain", _STR),
        Column("fit", _STR, "all: every share | without: without those that are held apart"),
        Column("constant", _STR, "alpha, L_inf and beta[p] of the law; c1, c2 and c3 of f_hat"),
        Column("estimate", _F64, finite=True),
        *_INTERVAL,
        Column("level", _F64),
        Column("unit", _STR),
        Column("method", _STR, "of the interval"),
        Column("flags", _STR, "why the value alone is not to be trusted; empty if nothing speaks against it"),
    ),
    sort=("domain", "fit", "constant"),
    key=("domain", "fit", "constant"),
)

FRACTIONS = Schema(
    "laws/domain_fractions",
    (
        Column("domain", _STR),
        Column("share", _F64, "of this domain in training"),
        Column("fraction", _F64, "f(p) = (beta_1 / beta_p)^(1/alpha)", finite=True),
        *_INTERVAL,
        Column("f_hat", _F64, "p + c1 p^c2 (1-p)^c3, fitted to every share", finite=True),
        Column("f_hat_lower", _F64, nullable=True),
        Column("f_hat_upper", _F64, nullable=True),
        Column("lowest_here", _F64, "least of the fractions read at single sizes, without a law", nullable=True),
        Column("highest_here", _F64, "largest of them", nullable=True),
    ),
    sort=("domain", "share"),
    key=("domain", "share"),
)

LOSSES = Schema(
    "laws/domain_losses",
    (
        Column("domain", _STR),
        Column("share", _F64, "of this domain in training"),
        Column("params", _F64, "parameters"),
        Column("role", _STR, "fitted | held_out"),
        Column("apart", _BOOL, "the share is held apart in the test of f_hat"),
        Column("draws", _I64),
        Column("measured", _F64, "metric, mean over draws", finite=True),
        Column("se", _F64, "metric, of the mean over draws", nullable=True),
        Column("predicted", _F64, "metric, by the share's own beta", finite=True),
        *_INTERVAL,
        Column("approximated", _F64, "metric, by f_hat that saw neither apart shares nor held-out sizes", finite=True),
        Column("approximated_lower", _F64, nullable=True),
        Column("approximated_upper", _F64, nullable=True),
        Column("last", _F64, "metric, of the widest fitted size at this share; of held-out sizes", nullable=True),
        Column("line", _F64, "metric, by the logs of the two widest fitted sizes; of held-out sizes", nullable=True),
        Column("between", _F64, "metric, by the neighbouring shares at this size; of shares apart", nullable=True),
        Column("fraction_here", _F64, "of this size, read from the losses at share 1; null beyond them", nullable=True),
    ),
    sort=("domain", "share", "params"),
    key=("domain", "share", "params", "role"),
)

CHOICE = Schema(
    "laws/domain_choice",
    (
        Column("importance", _F64, "weight w of the first domain's loss"),
        Column("params", _F64, "parameters"),
        Column("role", _STR, "fitted | held_out | asked: not trained"),
        Column("share", _F64, "of the first domain that minimises w L_1 + (1-w) L_2 by f_hat"),
        *_INTERVAL,
        Column("edge", _BOOL, "the share lies at an end of what was trained"),
        Column("predicted", _F64, "metric, at that share", finite=True),
        Column("trained", _F64, "the trained share that f_hat calls best"),
        Column("best", _F64, "the trained share that was measured best", nullable=True),
        Column("regret", _F64, "metric, measured, of `trained` above `best`", nullable=True),
        Column("regret_lower", _F64, "by the pairs of draws, Student's", nullable=True),
        Column("regret_upper", _F64, nullable=True),
        Column("plain", _F64, "the trained share nearest to the importance", nullable=True),
        Column("plain_regret", _F64, "metric, measured, of `plain` above `best`", nullable=True),
        Column("level", _F64),
    ),
    sort=("importance", "params"),
    key=("importance", "params", "role"),
)
