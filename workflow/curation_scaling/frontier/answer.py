"""The answer in words: at each budget which pool to keep, how often to repeat it, how sure that is, and what next."""

from __future__ import annotations

from typing import Any

import polars as pl

from curation_scaling.frontier.budgets import FAR
from curation_scaling.study import Study

Row = dict[str, Any]


def main_rule(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the law and the rule that the answer uses; `study` names its main law."""
    return frame.filter(law=study.laws.main, gamma=study.laws.gamma)


def answer(study: Study, frontier: pl.DataFrame, switches: pl.DataFrame, mixtures: pl.DataFrame, metric: str) -> str:
    """Plain text, a few lines a budget."""
    rows = main_rule(study, frontier)
    lines = [f"{study.title} ({study.study}): what to keep, by budget", ""]
    for _, at in rows.group_by("budget", maintain_order=True):
        lines.append(describe_budget(study, at, frontier, metric))
    lines += ["", *describe_switches(study, main_rule(study, switches))]
    lines += ["", *describe_trust(study, main_rule(study, mixtures), rows, metric)]
    return "\n".join(lines) + "\n"


def describe_budget(study: Study, at: pl.DataFrame, frontier: pl.DataFrame, metric: str) -> str:
    """One budget: the pool, its repetitions, the error, the second choice, and what really was best."""
    ranked = at.sort("predicted", "pool")
    best = ranked.row(0, named=True)
    text = (
        f"- {quantity(best['budget'])} {study.unit}{_flops(best)}: keep {name_pool(study, best['pool'])}, "
        f"{how(best)}; expect {metric} {best['predicted']:.4g} "
        f"({study.laws.level:.0%} interval {best['lower']:.4g} to {best['upper']:.4g}); "
        f"best with probability {best['probability_best']:.2f}."
    )
    if ranked.height > 1:
        second = ranked.row(1, named=True)
        text += f" Second: {second['pool']}, expected regret {second['expected_regret']:.2g}."
    if best["far"]:
        text += f" {far(best)}"
    elif best["extrapolated"]:
        text += " This extrapolates beyond the fitted runs."
    others = _other_choices(study, frontier, best)
    if others:
        text += f" Other laws or rules say {others}."
    if best["measured"] is not None and best["measured_best"] is not None:
        text += _measured(ranked, best)
    return text


def far(best: Row) -> str:
    """A warning for a budget far beyond every run."""
    return (
        f"EXTRAPOLATION: this is {best['reach']:.3g} times the largest observed compute, more than {FAR:g} times; "
        "run something larger before you rely on it."
    )


def _measured(ranked: pl.DataFrame, best: Row) -> str:
    if best["measured_best"]:
        return f" Measured: {best['pool']} was best indeed, {best['measured']:.4g}."
    really = ranked.filter(pl.col("measured_best")).row(0, named=True)
    return f" Measured: {really['pool']} was best, {really['measured']:.4g} against {best['measured']:.4g}."


def _other_choices(study: Study, frontier: pl.DataFrame, best: Row) -> str:
    other = frontier.filter((pl.col("budget") == best["budget"]) & pl.col("best") & (pl.col("pool") != best["pool"]))
    return ", ".join(f"{r['pool']} ({r['law']}, gamma {r['gamma']:g})" for r in other.iter_rows(named=True))


def describe_switches(study: Study, switches: pl.DataFrame) -> list[str]:
    """What would change the answer: the budgets at which another pool becomes best."""
    if switches.is_empty():
        return ["The best pool does not change between the smallest and the largest budget."]
    lines = []
    for row in switches.sort("order").iter_rows(named=True):
        low = "the smallest budget" if row["lower"] is None else quantity(row["lower"])
        high = "beyond the largest budget" if row["upper"] is None else quantity(row["upper"])
        lines.append(
            f"Above {quantity(row['budget'])} {study.unit} ({study.laws.level:.0%} interval {low} to {high}) "
            f"{row['to_pool']} overtakes {row['from_pool']}."
        )
    return lines


def describe_trust(study: Study, mixtures: pl.DataFrame, rows: pl.DataFrame, metric: str) -> list[str]:
    """The law and the rule behind the answer, and how they did on mixtures that were really trained."""
    lines = [f"Law {study.laws.main}, rule gamma = {study.laws.gamma:g}, fitted to {fitted_to(study)}."]
    for row in mixtures.iter_rows(named=True):
        if row["points"]:
            lines.append(
                f"Trained mixtures were {'fitted' if study.laws.joint else 'predicted'} with a log-rmse of "
                f"{row['log_rmse']:.3g} over {row['points']} points."
            )
        if row["budgets"]:
            lines.append(
                f"The pool predicted best was the measured best at {row['winners_matched']} of {row['budgets']} "
                f"budgets; worst regret {row['worst_regret']:.3g} {metric}."
            )
    return lines


def fitted_to(study: Study) -> str:
    """Which runs the laws were fitted to, in words."""
    if study.laws.joint:
        return "single buckets and mixtures together"
    return "the single buckets and the pruned pools alone" if study.pools.pruned else "the single buckets alone"


def quantity(value: float) -> str:
    """A count of samples or FLOPs that a person reads: 12.8M, 400k, 1.2e+15."""
    if value >= 1e13:
        return f"{value:.3g}"
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g}{letter}"
    return f"{value:.3g}"


def repeat(repetitions: float) -> str:
    """How often each sample is seen."""
    if repetitions < 0.995:
        return f"see {repetitions:.0%} of it once"
    if repetitions < 1.005:
        return "see each sample once"
    return f"repeat it {repetitions:.3g} times"


def how(row: Row) -> str:
    """How often to repeat a candidate; a mixture of its own weights says them, and each pool's repetitions."""
    parts = row["parts"]
    size = sum(part["size"] for part in parts)
    if all(abs(part["weight"] * size / part["size"] - 1) < 1e-6 for part in parts):
        return repeat(row["repetitions"])
    listed = ", ".join(f"{p['weight']:.3g} of the time {p['pool']} ({p['repetitions']:.3g} times)" for p in parts)
    return f"sample {listed}"


def name_pool(study: Study, pool: str) -> str:
    """A pool with its members, where it is a union."""
    members = study.pools.members.get(pool, [pool])
    return pool if members == [pool] else f"{pool} ({' + '.join(members)})"


def _flops(row: Row) -> str:
    return "" if row["flops"] is None else f" ({row['flops']:.2g} FLOPs)"
