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

TASK = Schema(
    "ranking/task",
    (
        *_UID,
        Column("group", _STR, "class"),
        Column("role", _STR, "pool | test"),
        Column("label", _I32),
        Column("features", pa.list_(_F32)),
    ),
    sort=("uid_hi", "uid_lo"),
    key=("uid_hi", "uid_lo"),
)

DYNAMICS = Schema(
    "ranking/dynamics",
    (
        *_UID,
        Column("model", _I32, "member of the ensemble"),
        Column("epoch", _I32, "passes of training before it, from 1"),
        Column("label", _I32),
        Column("trained", _BOOL, "whether this model trained on this sample"),
        Column("logits", pa.list_(_F32), "one a class"),
        Column("feature_norm", _F32, "of the last hidden layer"),
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

_CELL = (
    Column("label", _STR, "the set: metric, selector, and what else it is made by"),
    Column("metric", _STR),
    Column("keep", _STR, "selector"),
    Column("fraction", _F64, "kept"),
    Column("initial", _I64, "samples before pruning"),
)

CURVES = Schema(
    "pruning/curves",
    (
        Column("pool", _STR),
        *_CELL,
        Column("saw", _STR, "what the scorer saw: all | sample"),
        Column("kept", _I64, "samples"),
        Column("samples_seen", _I64),
        Column("error", _F64, "metric, mean over draws"),
        Column("se", _F64, "standard error over draws"),
        Column("draws", _I32),
        Column(
            "against_random",
            _F64,
            "error - that of a random choice of the same fraction, paired by draw",
            nullable=True,
        ),
        Column("against_random_se", _F64, nullable=True),
        Column("against_all", _F64, "error - that of the whole, paired by draw", nullable=True),
        Column("against_all_se", _F64, nullable=True),
        Column(
            "theory", _F64, "against_random by the perceptron theory of the same error on everything", nullable=True
        ),
    ),
    sort=("initial", "label", "fraction"),
    key=("initial", "label", "fraction"),
)

PRUNING_FITS = Schema(
    "pruning/fits",
    (
        Column("label", _STR, "the set; joint: over sizes and fractions"),
        Column("fraction", _F64, "null: all of the set's", nullable=True),
        Column("axis", _STR, "initial | kept: the size that the law reads"),
        Column("law", _STR),
        Column("chosen", _BOOL, "the smallest rollout error among the laws"),
        Column("rollout", _F64, "root mean square of ln(predicted / error)", nullable=True),
        Column("parameter", _STR),
        Column("estimate", _F64),
        Column("lower", _F64, nullable=True),
        Column("upper", _F64, nullable=True),
        Column("unit", _STR),
        Column("note", _STR, "why it could not be fitted or judged; empty if it was"),
    ),
    sort=("label", "fraction", "axis", "law"),
)

EXPONENTS = Schema(
    "pruning/exponents",
    (
        Column("label", _STR, "the set, or envelope"),
        Column("fraction", _F64, nullable=True),
        Column("axis", _STR, "initial | kept"),
        Column("from_size", _F64),
        Column("to_size", _F64),
        Column("exponent", _F64, "-d ln(error) / d ln(size), mean over draws"),
        Column("lower", _F64, "Student's interval over draws"),
        Column("upper", _F64),
        Column("change", _F64, "from the exponent of the step before", nullable=True),
        Column("change_lower", _F64, nullable=True),
        Column("change_upper", _F64, nullable=True),
        Column("faster", _BOOL, "the fall quickens beyond doubt: faster than a power law", nullable=True),
    ),
    sort=("label", "fraction", "axis", "from_size"),
)

ENVELOPE = Schema(
    "pruning/envelope",
    (
        *_CELL,
        Column("kept", _I64),
        Column("error", _F64),
        Column("lower", _F64, "bootstrap over draws"),
        Column("upper", _F64),
        Column("probability_best", _F64, "at this initial size"),
        Column("best", _BOOL, "lowest mean error at this initial size"),
        Column("pareto", _BOOL, "no set that keeps as few or fewer samples, of any initial size, has as low an error"),
    ),
    sort=("initial", "label", "fraction"),
    key=("initial", "label", "fraction"),
)
