"""The schemas of rankings and of pruning, in the form of `artifacts`."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

_STR, _F64, _F32, _I64, _I32, _U64, _BOOL = (
    pa.string(),
    pa.float64(),
    pa.float32(),
    pa.int64(),
    pa.int32(),
    pa.uint64(),
    pa.bool_(),
)
_UID = (Column("uid_hi", _U64), Column("uid_lo", _U64))
_SCORER = Column("scorer", _STR, "which data the scorer saw: all, or draw-<d>.size-<n>")

DYNAMICS = Schema(
    "ranking/dynamics",
    (
        *_UID,
        Column("model", _I32, "member of the ensemble"),
        Column("epoch", _I32, "passes of training before it, from 1"),
        Column("label", _I32),
        Column("trained", _BOOL, "whether this model trained on this sample"),
        Column("logits", pa.list_(_F32), "one a class"),
    ),
    sort=("model", "epoch", "uid_hi", "uid_lo"),
)

SCORES = Schema(
    "ranking/scores",
    (
        *_UID,
        Column("metric", _STR),
        _SCORER,
        Column("score", _F64, "high: hard or rare, to keep first when data is abundant", finite=True),
        Column("rank", _I64, "0 is the highest score; ties by uid"),
    ),
    sort=("scorer", "metric", "uid_hi", "uid_lo"),
)

CORRELATION = Schema(
    "ranking/correlation",
    (
        _SCORER,
        Column("first", _STR),
        Column("second", _STR),
        Column("method", _STR, "spearman | kendall (tau-b)"),
        Column("estimate", _F64, "all samples"),
        Column("lower", _F64, "bootstrap over a seeded sample of the rows", nullable=True),
        Column("upper", _F64, "bootstrap over a seeded sample of the rows", nullable=True),
        Column("level", _F64),
        Column("samples", _I64),
        Column("interval_samples", _I64),
    ),
    sort=("scorer", "method", "first", "second"),
    key=("scorer", "method", "first", "second"),
)

RELIABILITY = Schema(
    "ranking/reliability",
    (
        _SCORER,
        Column("metric", _STR),
        Column("models", _I32, "scorers with other seeds"),
        Column("single", _F64, "Spearman of two single seeds, mean over pairs", nullable=True),
        Column("lowest", _F64, "the lowest pair", nullable=True),
        Column("mean_of_all", _F64, "of the mean over all seeds, by Spearman-Brown", nullable=True),
    ),
    sort=("scorer", "metric"),
    key=("scorer", "metric"),
)

OVERLAP = Schema(
    "ranking/overlap",
    (
        _SCORER,
        Column("keep", _STR),
        Column("fraction", _F64),
        Column("first", _STR),
        Column("second", _STR),
        Column("shared", _F64, "samples that both keep / samples that one keeps"),
        Column("by_chance", _F64, "the same for two random sets"),
    ),
    sort=("scorer", "keep", "fraction", "first", "second"),
    key=("scorer", "keep", "fraction", "first", "second"),
)

SKEW = Schema(
    "ranking/skew",
    (
        _SCORER,
        Column("metric", _STR),
        Column("keep", _STR),
        Column("fraction", _F64),
        Column("group", _STR, "class"),
        Column("share_before", _F64),
        Column("share_kept", _F64),
        Column("kept_of_class", _F64, "share of the class that is kept"),
        Column("total_variation", _F64, "distance between the class shares before and after, 0 to 1"),
    ),
    sort=("scorer", "metric", "keep", "fraction", "group"),
    key=("scorer", "metric", "keep", "fraction", "group"),
)

THEORY = Schema(
    "pruning/theory",
    (
        Column("kind", _STR, "curve | envelope | best_fraction | boundary"),
        Column("keep", _STR),
        Column("score", _STR, "abs | signed"),
        Column("theta", _F64, "radians"),
        Column("fraction", _F64),
        Column("alpha_tot", _F64, "examples a dimension before pruning"),
        Column("alpha_prune", _F64, "examples a dimension kept"),
        Column("against", _STR, "boundary: the rule that is overtaken", nullable=True),
        Column("most", _F64, "envelope: cap on alpha_tot", nullable=True),
        Column("R", _F64, nullable=True),
        Column("rho", _F64, nullable=True),
        Column("kappa", _F64, "margin", nullable=True),
        Column("error", _F64, "arccos(R) / pi"),
        Column("residual", _F64, nullable=True),
        Column("exponent", _F64, "-d ln(error) / d ln(alpha) along the curve", nullable=True),
        Column("simulated", _F64, "error, mean over students", nullable=True),
        Column("simulated_se", _F64, "standard error", nullable=True),
    ),
    sort=("kind", "keep", "score", "theta", "fraction", "against", "alpha_tot", "alpha_prune"),
)
