"""What lies past the plain frontier, each compared with it: the tables below `beyond/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts import Schema
from curation_scaling.artifacts_beyond import BREAK_EVEN, GREEDY, NEXT_RUN, OPTIMAL, SCORING
from curation_scaling.frontier.budgets import BudgetAxis
from curation_scaling.frontier.candidates import Candidate
from curation_scaling.frontier.curves import forecast_each, predict_mixtures
from curation_scaling.frontier.forecaster import Forecaster, separable, without_draws
from curation_scaling.frontier.greedy import bounded, greedy
from curation_scaling.frontier.next_run import outcome_chances, regret_reduction, run_noise
from curation_scaling.frontier.optimal import optimal_weights
from curation_scaling.frontier.scoring import break_even, needs_scores, scoring_cost
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array
from curation_scaling.laws.saved import SavedFit
from curation_scaling.store import empty
from curation_scaling.study import Study

MOST_CHOICES = 24  # budgets at which the value of one more run is asked
Rule = tuple[Forecaster, dict[str, pl.Expr]]
Row = dict[str, Any]
Plain = tuple[Array, Array, list[str]]


@dataclass(frozen=True)
class Setting:
    """What all tables speak of: the budgets, the whole candidates, and the disjoint buckets with their sizes."""

    study: Study
    axis: BudgetAxis
    candidates: list[Candidate]
    sizes: dict[str, int]

    @property
    def tails(self) -> list[float]:
        """The shares of draws below the ends of an interval."""
        tail = (1 - self.study.laws.level) / 2
        return [tail, 1 - tail]


def beyond(
    study: Study,
    axis: BudgetAxis,
    candidates: Sequence[Candidate],
    sizes: dict[str, int],
    rules: Sequence[Rule],
    predictions: pl.DataFrame,
) -> Iterator[tuple[Schema, pl.DataFrame]]:
    """All tables: of the law and the rule of the answer, and where they have closed forms of every other law.

    Args:
        study: with its main law by name.
        sizes: unique samples of each bucket that has runs, best first.
        rules: every fit under every rule, with the columns law, gamma and main.
        predictions: `laws/predictions`, for the noise of a run.
    """
    disjoint = {name: sizes[name] for name in study.pools.candidates if name in sizes}
    setting = Setting(study, axis, [c for c in candidates if c.epochs is None], disjoint)
    main = [(fit, rule) for fit, rule in rules if _value(rule["main"])]
    closed = [(fit, rule) for fit, rule in rules if bounded(fit)]
    convex = [(fit, rule) for fit, rule in rules if separable(fit) or _value(rule["main"])]
    yield _table(OPTIMAL, convex, lambda fit, _: _optimal(setting, fit))
    yield _table(GREEDY, closed, lambda fit, _: _greedy(setting, fit))
    yield _table(SCORING, main, lambda fit, _: _scoring(setting, fit))
    yield _table(BREAK_EVEN, main, lambda fit, _: _break_even(setting, fit))
    yield _table(NEXT_RUN, main, lambda fit, rule: _next_run(setting, fit, _noise(fit, rule, predictions)))


def _table(schema: Schema, rules: Sequence[Rule], rows: Any) -> tuple[Schema, pl.DataFrame]:
    types = empty(schema).schema
    frames = []
    for fit, rule in rules:
        found = rows(fit, rule)
        if found:
            own = {name: types[name] for name in found[0]}
            frames.append(pl.DataFrame(found, schema=own).with_columns(**rule))
    return schema, pl.concat(frames) if frames else empty(schema)


def _value(literal: pl.Expr) -> Any:
    return pl.select(literal).item()


def _plain(setting: Setting, fit: Forecaster) -> Plain:
    """The best candidate at each budget: its errors (budgets,), its draws (draws, budgets), its name."""
    mixtures = [c.mixture for c in setting.candidates]
    estimates = np.stack([e for e, _ in forecast_each(without_draws(fit), mixtures, setting.axis.samples)])
    chosen = np.argmin(estimates, axis=0)
    which = np.arange(len(chosen))
    estimate, draws = fit.forecast([mixtures[i] for i in chosen], which, setting.axis.samples)
    return estimate, draws, [setting.candidates[i].name for i in chosen]


def _against(plain: Plain, b: int, mine: float, draws: Array, tails: list[float]) -> Row:
    """The gain over the best plain candidate at budget `b`."""
    lower, upper = np.quantile(plain[1][:, b] - draws, tails)
    return {
        "plain_pool": plain[2][b],
        "plain": float(plain[0][b]),
        "gain": float(plain[0][b] - mine),
        "gain_lower": float(lower),
        "gain_upper": float(upper),
    }


def _optimal(setting: Setting, fit: Forecaster) -> list[Row]:
    pools, sizes = list(setting.sizes), np.array(list(setting.sizes.values()), float)
    if not pools:
        return []
    plain = _plain(setting, fit)
    starts = [_weights(pools, c.mixture) for c in setting.candidates if set(c.mixture.pools) <= set(pools)]
    rows = []
    for b, samples in enumerate(setting.axis.samples):
        found = optimal_weights(fit, pools, sizes, float(samples), starts)
        mixture = Mixture(tuple(pools), found.weights, sizes).sampled()
        estimate, draws = predict_mixtures(fit, [mixture], np.array([samples]))
        mine, spread = float(estimate[0, 0]), draws[:, 0, 0]
        lower, upper = np.quantile(spread, setting.tails)
        bounds = None if found.draws is None else np.quantile(found.draws, setting.tails, axis=0)
        rows.append(
            {
                "budget": float(samples),
                "method": "search" if found.draws is None else "dual",
                "weights": [
                    {
                        "pool": pool,
                        "weight": float(found.weights[p]),
                        "lower": None if bounds is None else float(bounds[0, p]),
                        "upper": None if bounds is None else float(bounds[1, p]),
                        "repetitions": float(samples * found.weights[p] / sizes[p]),
                    }
                    for p, pool in enumerate(pools)
                ],
                "predicted": mine,
                "lower": float(lower),
                "upper": float(upper),
                **_against(plain, b, mine, spread, setting.tails),
            }
        )
    return rows


def _weights(pools: list[str], mixture: Mixture) -> Array:
    given = dict(zip(mixture.pools, mixture.weights.tolist(), strict=True))
    return np.array([given.get(pool, 0.0) for pool in pools])


def _greedy(setting: Setting, fit: Forecaster) -> list[Row]:
    assert isinstance(fit, SavedFit)
    pools, sizes = list(setting.sizes), np.array(list(setting.sizes.values()), float)
    if not pools:
        return []
    plain = _plain(setting, fit)
    found = greedy(fit, pools, sizes, setting.axis.samples)
    rows = []
    for b, samples in enumerate(setting.axis.samples):
        lower, upper = np.quantile(found.draws[:, b], setting.tails)
        rows.append(
            {
                "budget": float(samples),
                "bound": float(found.estimate[b]),
                "lower": float(lower),
                "upper": float(upper),
                "repetitions": [
                    {"pool": p, "repetitions": float(found.repetitions[b, i])} for i, p in enumerate(pools)
                ],
                **_against(plain, b, float(found.estimate[b]), found.draws[:, b], setting.tails),
            }
        )
    return rows


def _scoring(setting: Setting, fit: Forecaster) -> list[Row]:
    rows = []
    asked = setting.study.frontier
    for scorer in asked.scorers:
        cost = scoring_cost(scorer, setting.axis, sum(setting.sizes.values()))
        for samples in setting.axis.samples:
            at: list[Row] = []
            for candidate in setting.candidates:
                scored = needs_scores(candidate, setting.sizes, setting.study.unscored)
                left = float(samples) - (cost if scored else 0.0)
                if left < 0.9 * min(setting.sizes.values()):
                    continue  # not even one pass over a bucket is left
                estimate, draws = predict_mixtures(fit, [candidate.mixture], np.array([left]))
                lower, upper = np.quantile(draws[:, 0, 0], setting.tails)
                at.append(
                    {
                        "scorer": scorer.name,
                        "budget": float(samples),
                        "pool": candidate.name,
                        "scored": scored,
                        "cost": cost if scored else 0.0,
                        "samples_seen": left,
                        "predicted": float(estimate[0, 0]),
                        "lower": float(lower),
                        "upper": float(upper),
                    }
                )
            least = min((row["predicted"] for row in at), default=None)
            rows += [row | {"best": row["predicted"] == least} for row in at]
    return rows


def _break_even(setting: Setting, fit: Forecaster) -> list[Row]:
    rows = []
    asked = setting.study.frontier
    scored = [c for c in setting.candidates if needs_scores(c, setting.sizes, setting.study.unscored)]
    free = [c for c in setting.candidates if c not in scored]
    for scorer in asked.scorers:
        cost = scoring_cost(scorer, setting.axis, sum(setting.sizes.values()))
        found = break_even(fit, scored, free, cost, setting.axis, setting.study.laws.level)
        row: Row = {"scorer": scorer.name, "cost": cost, "note": ""}
        if found is None:
            missing = "needs no score" if scored else "needs scores"
            row |= dict.fromkeys(("starts", "ends", "lower", "upper", "share"))
            row["note"] = f"no candidate {missing}: add one, or name it in frontier.unscored"
        else:
            row |= found._asdict()
        rows.append(row)
    return rows


def _noise(fit: Forecaster, rule: dict[str, pl.Expr], predictions: pl.DataFrame) -> float:
    mine = predictions.filter(law=_value(rule["law"]), gamma=_value(rule["gamma"]))
    return run_noise(mine, fit.theta.shape[1] - 1 if isinstance(fit, SavedFit) else 0)


def _next_run(setting: Setting, fit: Forecaster, noise: float) -> list[Row]:
    """Runs on the study's named pools, seeing as much as one of its budgets; of many budgets, some far apart."""
    budgets = setting.axis.samples
    if len(budgets) > MOST_CHOICES:  # every choice meets every run
        budgets = budgets[np.linspace(0, len(budgets) - 1, MOST_CHOICES).round().astype(int)]
    draws = [draws for _, draws in forecast_each(fit, [c.mixture for c in setting.candidates], budgets)]
    errors = np.stack(draws).transpose(2, 0, 1)  # (choices, candidates, draws)
    regret = np.maximum(errors.mean(axis=2).min(axis=1) - errors.min(axis=1).mean(axis=1), 0.0)
    rows: list[Row] = []
    for i, candidate in enumerate(setting.candidates):
        if candidate.name not in setting.study.pools.members:
            continue
        for r, seen in enumerate(budgets):
            measured = errors[r, i]
            reduction = regret_reduction(errors, outcome_chances(measured, noise * float(measured.mean())))
            rows += [
                {
                    "choice_budget": float(choice),
                    "pool": candidate.name,
                    "run_budget": float(seen),
                    "regret": float(regret[b]),
                    "reduction": float(reduction[b]),
                }
                for b, choice in enumerate(budgets)
            ]
    rows.sort(key=lambda row: (row["choice_budget"], -row["reduction"], row["run_budget"], row["pool"]))
    runs = len(rows) // len(budgets)
    return [row | {"rank": i % runs + 1} for i, row in enumerate(rows)]
