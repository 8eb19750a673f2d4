"""Results of trainings done elsewhere, mapped to the runs artifact."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.pools.sources.table import read_columns
from curation_scaling.runs.identity import run_id
from curation_scaling.runs.record import describe_pool
from curation_scaling.study import Study
from curation_scaling.study.locate import locate
from curation_scaling.study.pools import DeclaredSource
from curation_scaling.study.runs import Import, ImportedEval, ImportedTable, Points

_COLUMNS = {
    "run_id": pl.String,
    "pool": pl.String,
    "samples_seen": pl.Int64,
    "params": pl.Int64,
    "flops": pl.Float64,
    "metric": pl.String,
    "error": pl.Float64,
    "draw": pl.Int32,
    "seed": pl.Int32,
    "schedule": pl.String,
    "source": pl.String,
    "trials": pl.Int64,
}
_ROW = "row of the file"
_TEXT = ("pool", "run_id", "metric", "schedule")
_MAY_BE_NULL = ("params", "flops", "trials")


def _positive(value: pl.Expr) -> pl.Expr:
    return value.is_finite() & (value > 0)


def _whole(value: pl.Expr) -> pl.Expr:
    return _positive(value) & (value.floor() == value) & (value < 2**63)


def _index(value: pl.Expr) -> pl.Expr:
    return value.is_between(0, 2**31 - 1) & (value.floor() == value)


# What a number must be, and its name in a sentence.
_GOOD: dict[str, tuple[Callable[[pl.Expr], pl.Expr], str]] = {
    "error": (_positive, "a number above 0"),
    "samples_seen": (_whole, "a whole number above 0"),
    "params": (_whole, "a whole number above 0"),
    "trials": (_whole, "a whole number above 0"),
    "flops": (_positive, "a number above 0"),
    "draw": (_index, "a whole number from 0 to 2147483647"),
    "seed": (_index, "a whole number from 0 to 2147483647"),
}


def import_runs(study: Study) -> pl.DataFrame:
    """All imported rows, in the columns of the runs artifact.

    Raises:
        InputError: for a missing or damaged file, a missing column, an unknown pool, an error that is no finite number,
            or an evaluation that occurs twice.
    """
    runs, source = study.runs, study.pools.source
    assert isinstance(runs, Import)
    assert isinstance(source, DeclaredSource)
    parts: list[tuple[str, pl.DataFrame]] = []
    for i, item in enumerate(runs.files):
        where = f"{locate(study, item.file)} (key runs.files[{i}])"
        rows = _read_table(study, item, where) if isinstance(item, ImportedTable) else _read_eval(study, item, where)
        parts.append((where, _complete(where, rows, runs)))
    for i, points in enumerate(runs.points):
        where = f"key runs.points[{i}]"
        parts.append((where, _complete(where, _read_points(points), runs)))
    frame = pl.concat([rows for _, rows in parts])
    _check_unique(parts, frame)
    if frame["trials"].null_count() == frame.height:
        frame = frame.drop("trials")
    sizes = {name: {m: source.sizes[m] for m in members} for name, members in study.pools.members.items()}
    per_sample = runs.flops_per_sample or (6.0 * runs.params if runs.params else None)
    flops = pl.coalesce("flops", 6.0 * pl.col("params") * pl.col("samples_seen"))
    return describe_pool(frame, sizes).with_columns(
        study=pl.lit(study.study),
        unit=pl.lit(study.unit),
        flops=pl.coalesce(flops, pl.lit(per_sample, pl.Float64) * pl.col("samples_seen")),
        params=pl.coalesce("params", pl.lit(runs.params, pl.Int64)),
    )


def _complete(where: str, rows: pl.DataFrame, runs: Import) -> pl.DataFrame:
    """Check the values, and add what the rows do not say themselves."""
    _check(where, rows)
    defaults: dict[str, Any] = {
        "params": None,
        "flops": None,
        "metric": runs.metric,
        "draw": 0,
        "seed": 0,
        "schedule": runs.schedule,
        "source": runs.source,
        "trials": None,
    }
    absent = {k: pl.lit(v, _COLUMNS[k]) for k, v in defaults.items() if k not in rows.columns}
    rows = rows.with_columns(**absent)
    if "run_id" not in rows.columns:
        name = pl.struct("pool", "draw", "seed").map_elements(
            lambda r: run_id(r["pool"], r["draw"], r["seed"]), return_dtype=pl.String
        )
        rows = rows.with_columns(run_id=name)
    return rows.select(pl.col(k).cast(t) for k, t in _COLUMNS.items())


def _read_table(study: Study, item: ImportedTable, where: str) -> pl.DataFrame:
    path = locate(study, item.file)
    words = {ours: theirs for ours, theirs in item.columns.items() if ours in _TEXT}
    raw = read_columns(path, sorted(set(item.columns.values())), text=sorted(words.values()))
    rows = raw.select(pl.col(theirs).alias(ours) for ours, theirs in item.columns.items())
    rows = rows.with_columns(**{k: pl.lit(v) for k, v in item.constants.items()})
    for name in _TEXT:
        if name in rows.columns and rows.schema[name].is_nested():
            raise InputError(
                f"{where}: column {item.columns[name]!r} holds {rows.schema[name]}, {name} needs text or numbers; mend "
                "the file or its columns"
            )
    rows = rows.with_columns(pl.col(name).cast(pl.String) for name in _TEXT if name in rows.columns).with_row_index(
        _ROW
    )
    for name in _GOOD:
        if name in rows.columns and not rows.schema[name].is_numeric():
            key = f"column {item.columns[name]!r}" if name in item.columns else f"constants.{name}"
            raise InputError(f"{where}: {key} is not numeric, {name} needs numbers; mend the file or its columns")
    if item.pools:
        rows = rows.filter(pl.col("pool").is_in(list(item.pools))).with_columns(pl.col("pool").replace(item.pools))
    for pool in rows["pool"].drop_nulls().unique().sort():
        if pool not in study.pools.members:
            known = listed(pool, study.pools.members)
            raise InputError(f"{where}: {pool!r} is no pool of this study; map it with pools to one of {known}")
    if rows.is_empty():
        raise InputError(f"{where}: no row belongs to a pool of this study; check pools")
    error = pl.col("error").cast(pl.Float64) / (100.0 if item.percent else 1.0)
    return rows.with_columns(error=1.0 - error if item.accuracy else error)


def _read_eval(study: Study, item: ImportedEval, where: str) -> pl.DataFrame:
    """The error of one task in a DataComp `eval_results.jsonl`; its metrics are accuracies."""
    values = []
    for number, line in enumerate(locate(study, item.file).read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise InputError(f"{where}: line {number} is not JSON; fetch the file again") from None
        if isinstance(row, dict) and item.task in (row.get("key"), row.get("dataset")):
            metrics = row.get("metrics")
            value = metrics.get(item.metric) if isinstance(metrics, dict) else None
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InputError(
                    f"{where}: line {number} has no accuracy {item.metric!r} between 0 and 1; name another"
                )
            values.append(1.0 - value)
    if len(values) != 1:
        raise InputError(
            f"{where}: task {item.task!r} occurs {len(values)} times, once is needed; check the task's key"
        )
    return pl.DataFrame(
        {
            "pool": [item.pool],
            "samples_seen": [item.samples_seen],
            "error": values,
            "metric": [item.error_name],
            "draw": [item.draw],
            "seed": [item.seed],
            "params": pl.Series([item.params], dtype=pl.Int64),
            "schedule": [item.schedule],
        }
    )


def _read_points(points: Points) -> pl.DataFrame:
    return pl.DataFrame(
        {"pool": [points.pool] * len(points.error), "samples_seen": points.samples_seen, "error": points.error}
    )


def _check(where: str, rows: pl.DataFrame) -> None:
    """Raise InputError for the first value that no run can have."""
    if _ROW not in rows.columns:
        rows = rows.with_row_index(_ROW)
    for name, (good, wanted) in _GOOD.items():
        if name not in rows.columns:
            continue
        bad = rows.filter(~good(pl.col(name).cast(pl.Float64)).fill_null(name in _MAY_BE_NULL))
        if bad.height:
            row, value = bad[_ROW][0], "empty" if bad[name][0] is None else bad[name][0]
            raise InputError(f"{where}: {name} is {value} in row {row}, {wanted} is needed; mend or drop the row")
    for name in _TEXT:
        if name in rows.columns and rows[name].null_count():
            row = rows.filter(pl.col(name).is_null())[_ROW][0]
            raise InputError(f"{where}: {name} is empty in row {row}; mend or drop the row")


def _check_unique(parts: list[tuple[str, pl.DataFrame]], frame: pl.DataFrame) -> None:
    key = ["run_id", "metric", "samples_seen"]
    repeated = frame.filter(frame.select(key).is_duplicated()).sort(key)
    if repeated.is_empty():
        return
    run, metric, seen = repeated.select(key).row(0)
    at = [w for w, rows in parts if not rows.filter(run_id=run, metric=metric, samples_seen=seen).is_empty()]
    raise InputError(
        f"{' and '.join(at)}: run id {run!r} has {metric} at {seen} twice; give draws, seeds or run_id apart"
    )
