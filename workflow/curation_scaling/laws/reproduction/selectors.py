"""Which way of choosing data is worth its compute: `laws/selectors`, `selector_budgets` and `selector_ratios`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts_rerun import SELECTOR_BUDGETS, SELECTOR_RATIOS, SELECTORS
from curation_scaling.errors import InputError, listed
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.laws.selection_cost import Curve, fit_curve, ratio_needed, scores_at
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.table import read_columns
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, file_sha256, write
from curation_scaling.study.locate import locate, path_of
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import selectors_keys
from curation_scaling.study.selectors import SelectionCostCheck, SelectorCheck, Selectors

Array = npt.NDArray[np.float64]
ALL = "all"
_LEVEL = 0.95
_PERCENT = 100.0
_PARAMETERS = 3
_PRICED = 1e-3  # of a training on everything: what costs less is free


def judge_selectors(rerun: Rerun, layout: Layout) -> None:
    """Fit every method's curve and write what it costs, where it is the best, and how large a model repays it.

    Raises:
        InputError: if the table lacks a column or a run, or a method has fewer runs than its curve has parameters.
    """
    selectors = rerun.selectors
    assert selectors is not None
    table = read_selectors(rerun, selectors)
    methods, budgets, ratios = [], [], []
    needed: dict[str, list[Array]] = {}
    for (task, model), part in table.group_by("task", "model", maintain_order=True):
        key = {"task": str(task), "model": str(model)}
        size = next(m.params for m in selectors.models if m.name == model)
        everything = _everything(part, key)
        curves = _curves(rerun, selectors, part, everything, key)
        methods += [key | {"params": size} | _method_row(curve, part, everything) for curve in curves]
        budgets += [key | row for row in _budget_rows(selectors, curves, part, everything)]
        least = part["share"].min()
        for curve in curves:
            if curve.cost >= _PRICED:
                found = ratio_needed(curves, curve.method, size / selectors.scorer, float(least))  # type: ignore[arg-type]
                needed.setdefault(curve.method, []).append(found)
                ratios.append(key | {"method": curve.method} | _interval(found))
    for method, sizes in needed.items():
        # Draws of different fits are independent: any pairing of them is one of the whole.
        ratios.append({"task": ALL, "model": ALL, "method": method} | _interval(np.median(sizes, axis=0)))
    inputs = digest(selectors_keys(rerun), file_sha256(path_of(rerun, selectors.file)))
    for schema, rows in ((SELECTORS, methods), (SELECTOR_BUDGETS, budgets), (SELECTOR_RATIOS, ratios)):
        frame = pl.DataFrame(rows, infer_schema_length=None)
        write(layout.artifact(schema.name), schema, frame, study=rerun.study, inputs=inputs)


def read_selectors(rerun: Rerun, selectors: Selectors) -> pl.DataFrame:
    """The table of runs: task, model, method, share (of 1), flops, score; in the study's order of models.

    Raises:
        InputError: if a column is missing or no number, a run stands there twice, or a model is not in the study.
    """
    path = locate(rerun, selectors.file)
    frame = read_columns(path)
    names = selectors.columns.model_dump()
    for key, name in names.items():
        if name not in frame.columns:
            raise InputError(
                f"key selectors.columns.{key}: {path} has no column {name!r}; it has {', '.join(frame.columns)}"
            )
        if key in ("share", "flops", "score") and not frame[name].dtype.is_numeric():
            raise InputError(
                f"key selectors.columns.{key}: column {name!r} of {path} holds {frame[name].dtype}, not numbers"
            )
    table = frame.select(
        *(pl.col(names[key]).cast(pl.String).alias(key) for key in ("task", "model", "method")),
        (pl.col(names["share"]).cast(pl.Float64) / _PERCENT).alias("share"),
        *(pl.col(names[key]).cast(pl.Float64).alias(key) for key in ("flops", "score")),
    )
    bad = ~(pl.col("share").is_between(0, 1, closed="right") & (pl.col("flops") > 0) & pl.col("score").is_finite())
    if (found := table.with_row_index("row").filter(bad.fill_null(True))).height:
        raise InputError(
            f"{path}, row {found['row'][0]}: a share is above 0, at most 100 percent, FLOPs above 0, a score a number"
        )
    identity = ["task", "model", "method", "share"]
    if (twice := table.filter(table.select(identity).is_duplicated())).height:
        raise InputError(f"{path} holds {', '.join(map(str, twice.select(identity).row(0)))} twice: keep one row of it")
    order = [model.name for model in selectors.models]
    if unknown := sorted(set(table["model"]) - set(order)):
        raise InputError(f"key selectors.models: {path} has the model {unknown[0]!r} too; give its params")
    place = pl.col("model").replace_strict(order, range(len(order)), return_dtype=pl.Int64)
    return table.sort("task", place, "method", "share")


def _everything(part: pl.DataFrame, key: Mapping[str, str]) -> float:
    """FLOPs of training on everything, without any choice: those of the cheapest run at a share of 1."""
    whole = part.filter(pl.col("share") == 1)
    if whole.is_empty():
        raise InputError(f"key selectors.file: {key['task']}, {key['model']} has no run on 100 percent of the data")
    return float(whole["flops"].min())  # type: ignore[arg-type]


def _curves(
    rerun: Rerun, selectors: Selectors, part: pl.DataFrame, everything: float, key: Mapping[str, str]
) -> list[Curve]:
    free = part.filter(method=selectors.free).select("share", free="flops")
    where = f"{key['task']}, {key['model']}"
    if free.is_empty():
        known = part["method"].unique().sort().to_list()
        raise InputError(
            f"key selectors.free: {where} has no run of {selectors.free!r}; {listed(selectors.free, known)}"
        )
    curves = []
    for (method,), runs in part.group_by("method", maintain_order=True):
        both = runs.join(free, on="share")
        if both.is_empty():
            raise InputError(f"key selectors.file: {where}, {method} shares no share of the data with {selectors.free}")
        if runs.height < _PARAMETERS:
            raise InputError(
                f"key selectors.file: {where}, {method} has {runs.height} runs, its curve has {_PARAMETERS} "
                "parameters; give more or leave it out"
            )
        cost = float((both["flops"] - both["free"]).median()) / everything  # type: ignore[arg-type]
        share, score = runs["share"].to_numpy(), runs["score"].to_numpy()
        seed = derive_seed(rerun.seed, "selectors", *key.values(), str(method))
        options: dict[str, Any] = {"best": selectors.best, "bootstrap": selectors.bootstrap, "seed": seed}
        curves.append(fit_curve(str(method), max(cost, 0.0), share, score, **options))
    return curves


def _method_row(curve: Curve, part: pl.DataFrame, everything: float) -> dict[str, Any]:
    measured = part.filter(method=curve.method)["score"]
    row: dict[str, Any] = {"method": curve.method, "runs": len(measured), "cost_flops": curve.cost * everything}
    row |= {"cost_share": curve.cost, "rmse": curve.rmse}
    for i, name in enumerate(("start", "plateau", "rate")):
        lower, upper = _quantiles(curve.draws[1:, i])
        row |= {name: float(curve.draws[0, i]), f"{name}_lower": lower, f"{name}_upper": upper}
    width = row["start_upper"] - row["start_lower"]
    return row | {"start_known": bool(width <= measured.max() - measured.min())}  # type: ignore[operator]


def _budget_rows(
    selectors: Selectors, curves: list[Curve], part: pl.DataFrame, everything: float
) -> list[dict[str, Any]]:
    """A row for every budget and method that can be afforded there."""
    budgets = np.geomspace(float(part["flops"].min()), everything, selectors.budgets)  # type: ignore[arg-type]
    reached = scores_at(curves, budgets / everything, float(part["share"].min()))  # type: ignore[arg-type]
    best = reached.argmax(axis=0)  # the first of equals: methods are in the order of their names
    rows = []
    for i, budget in enumerate(budgets.tolist()):
        affordable = part.filter(pl.col("flops") <= budget * (1 + 1e-9))
        measured = dict(affordable.group_by("method").agg(pl.max("score")).iter_rows())
        for k, curve in enumerate(curves):
            if np.isfinite(reached[k, 0, i]):
                score = measured.get(curve.method)
                rows.append(
                    {
                        "budget_flops": budget,
                        "method": curve.method,
                        "share": min(budget / everything - curve.cost, 1.0),
                        "predicted": float(reached[k, 0, i]),
                        "best": bool(best[0, i] == k),
                        "probability_best": float((best[1:, i] == k).mean()),
                        "measured": score,
                        "measured_best": None if score is None else score == max(measured.values()),
                    }
                )
    return rows


def _interval(needed: Array) -> dict[str, Any]:
    """The estimate and its interval; null where no size that was looked at is enough."""
    lower, upper = np.quantile(needed[1:], [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], method="closest_observation")
    values = {"ratio": needed[0], "lower": lower, "upper": upper}
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _quantiles(draws: Array) -> tuple[float, float]:
    lower, upper = np.quantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(lower), float(upper)


def selector_number(check: SelectorCheck, tables: Mapping[str, pl.DataFrame]) -> Number:
    """The number of a check; raise InputError if its method or model is not there."""
    if isinstance(check, SelectionCostCheck):
        rows = tables["selectors"].filter(method=check.method, model=check.model)
        if rows.is_empty():
            raise InputError(f"method {check.method!r} or model {check.model!r} has no runs: name one that has")
        return Number(check.quantity, check.published, rows["cost_share"].mean(), tolerance=check.tolerance)  # type: ignore[arg-type]
    rows = tables["selector_ratios"].filter(method=check.method, task=ALL, model=ALL)
    if rows.is_empty():
        raise InputError(f"method {check.method!r} has no ratio: name one that costs something")
    row = rows.row(0, named=True)
    refit, upper = (np.inf if row[name] is None else row[name] for name in ("ratio", "upper"))
    return Number(check.quantity, check.published, refit, row["lower"], upper, _LEVEL)
