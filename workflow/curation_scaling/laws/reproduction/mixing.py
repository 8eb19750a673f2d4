"""How well losses fitted on small mixtures rank other mixtures, and what the chosen one costs: `laws/mixing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts_rerun import MIXING
from curation_scaling.errors import InputError
from curation_scaling.laws.fit import fit_law
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.table import read_columns
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, file_sha256, write
from curation_scaling.study.locate import locate, path_of
from curation_scaling.study.mixing import METHODS, Method, MixtureRankingCheck, MixtureRuns
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import mixing_keys

Array = npt.NDArray[np.float64]
_LEVEL = 0.95
_ROUNDING = 0.02  # published weights are rounded: their sums differ from 1


def rank_mixtures(rerun: Rerun, layout: Layout) -> None:
    """Fit every method to the small runs, rank every test's runs for every target, and write `laws/mixing`.

    Raises:
        InputError: if a table lacks a column, weights are none, or there are fewer runs than a law has parameters.
    """
    assert rerun.mixing is not None
    frame = pl.DataFrame(list(ranking_rows(rerun)), infer_schema_length=None)
    inputs = digest(mixing_keys(rerun), [file_sha256(path_of(rerun, file)) for file in rerun.mixing.files])
    write(layout.law("mixing"), MIXING, frame, study=rerun.study, inputs=inputs)


def ranking_rows(rerun: Rerun) -> Iterator[dict[str, Any]]:
    """A row for every test, target and method."""
    mixing = rerun.mixing
    assert mixing is not None
    weights, losses = read_runs(rerun, mixing.fitted)
    predictions: dict[tuple[str, str], dict[str, Array]] = {}
    measured = {}
    for test in mixing.tests:
        others, measured[test.name] = read_runs(rerun, test)
        if others.columns != weights.columns:
            odd = sorted(set(others.columns) ^ set(weights.columns))[0]
            raise InputError(f"key mixing.tests: {test.name!r} and {mixing.fitted.name!r} do not share domain {odd!r}")
        for method in METHODS:
            wanted = {name for t in mixing.targets for name in (t.losses or losses.columns)}
            predictions[test.name, method] = {
                name: predict(method, weights, _loss(losses, name, mixing.fitted.name), others)
                for name in sorted(wanted)
            }
    for test in mixing.tests:
        for target in mixing.targets:
            names = target.losses or losses.columns
            truth = np.mean([_loss(measured[test.name], name, test.name) for name in names], axis=0)
            for method in METHODS:
                predicted = np.mean([predictions[test.name, method][name] for name in names], axis=0)
                seed = derive_seed(rerun.seed, "mixing", test.name, target.name)
                yield {
                    "test": test.name,
                    "target": target.name,
                    "method": method,
                    "runs": len(truth),
                    "fitted_runs": weights.height,
                    **_judged(predicted, truth, mixing.bootstrap, seed),
                }


def predict(method: Method, weights: pl.DataFrame, loss: Array, others: pl.DataFrame) -> Array:
    """Losses on other mixtures, (runs,), from the weights (a column a domain) and losses of the fitted ones.

    mixing_law: L = c + exp(sum_j t_j r_j) (Ye et al. 2024), least squares of the log loss. linear: least squares.
    boosted_trees: scikit-learn's histogram gradient boosting with its defaults, as RegMix uses LightGBM (Liu 2024).
    """
    if method == "mixing_law":
        fit = fit_law(
            "mixture_exponential", _runs(weights).with_columns(error=pl.Series(loss)), loss="log_mse", bootstrap=0
        )
        return fit.predict(_runs(others))["predicted"].to_numpy()
    x, z = weights.to_numpy(), others.to_numpy()
    if method == "linear":
        design, wanted = (np.column_stack([np.ones(len(a)), a]) for a in (x, z))
        return np.asarray(wanted @ np.linalg.lstsq(design, loss, rcond=None)[0])
    from sklearn.ensemble import HistGradientBoostingRegressor

    return np.asarray(HistGradientBoostingRegressor(random_state=0).fit(x, loss).predict(z))


def read_runs(rerun: Rerun, runs: MixtureRuns) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Weights and losses of the same runs, in the order of the weights' file; weights are made to sum to 1.

    Raises:
        InputError: if a table has no index, a run stands in one of them only, or a row is no mixture.
    """
    assert rerun.mixing is not None
    index = rerun.mixing.index
    tables = []
    for file in (runs.weights, runs.losses):
        path = locate(rerun, file)
        frame = read_columns(path)
        if index not in frame.columns:
            raise InputError(f"{path} has no column {index!r}: it has {', '.join(frame.columns)}")
        if bad := [n for n in frame.columns if n != index and not frame[n].dtype.is_numeric()]:
            raise InputError(f"{path}: column {bad[0]!r} holds {frame[bad[0]].dtype}, numbers are needed")
        if frame[index].is_duplicated().any():
            raise InputError(f"{path}: column {index!r} names a run twice: give each its own")
        tables.append((path, frame))
    (path, weights), (other, losses) = tables
    joined = weights.select(index).join(losses, on=index, how="left", maintain_order="left")
    if joined.height != losses.height or joined.null_count().sum_horizontal().item():
        raise InputError(
            f"{path} and {other} do not hold the same runs (column {index!r}), or a loss is missing: mend them"
        )
    table = weights.drop(index).cast(pl.Float64)
    sums = table.sum_horizontal()
    bad_rows = ~((sums - 1).abs() <= _ROUNDING) | (table.min_horizontal() < 0)
    if bad_rows.any():
        row = int(bad_rows.arg_max() or 0)
        raise InputError(
            f"{path}: the weights in row {row} sum to {sums[row]:.4g}: give shares of 0 or more that sum to 1"
        )
    return table.with_columns(pl.all() / sums), joined.drop(index).cast(pl.Float64)


def mixing_number(check: MixtureRankingCheck, table: pl.DataFrame) -> Number:
    """The number of a check; raise InputError if its test or target is not there."""
    rows = table.filter(test=check.test, target=check.target, method=check.method)
    if rows.is_empty():
        raise InputError(f"test {check.test!r} or target {check.target!r} is not in mixing: name one that is")
    row = rows.row(0, named=True)
    return Number(
        check.quantity, check.published, row["spearman"], row["lower"], row["upper"], _LEVEL, tolerance=check.tolerance
    )


def _loss(losses: pl.DataFrame, name: str, runs: str) -> Array:
    if name not in losses.columns:
        raise InputError(f"the losses of {runs!r} have no column {name!r}: they have {', '.join(losses.columns)}")
    return losses[name].to_numpy()


def _runs(weights: pl.DataFrame) -> pl.DataFrame:
    rows = [
        [{"pool": name, "weight": weight, "size": 1.0} for name, weight in row.items()]
        for row in weights.iter_rows(named=True)
    ]
    return pl.DataFrame({"run_id": [f"run {i}" for i in range(len(rows))], "weights": rows})


def _judged(predicted: Array, truth: Array, replicates: int, seed: int) -> dict[str, float | int]:
    """Spearman with a bootstrap interval over runs; the regret of the run predicted best, and of a random one."""
    from scipy.stats import spearmanr

    rng = np.random.default_rng(seed)
    draws = [spearmanr(predicted[at], truth[at])[0] for at in rng.integers(len(truth), size=(replicates, len(truth)))]
    lower, upper = np.quantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    chosen = int(predicted.argmin())
    return {
        "spearman": float(spearmanr(predicted, truth)[0]),
        "lower": float(lower),
        "upper": float(upper),
        "chosen": chosen,
        "place": int((truth < truth[chosen]).sum()) + 1,
        "regret": float(truth[chosen] - truth.min()),
        "random_regret": float(truth.mean() - truth.min()),
    }
