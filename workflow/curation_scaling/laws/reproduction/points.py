"""Published runs, read from their files into one table of points: the input of a rerun's fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.errors import InputError
from curation_scaling.laws import symbolic
from curation_scaling.laws.columns import column
from curation_scaling.laws.reproduction.made import FITTED, HELD_OUT, made_points
from curation_scaling.laws.reproduction.records import read_records
from curation_scaling.laws.reproduction.schedules import FILE, with_areas
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.table import read_columns
from curation_scaling.store import digest, inputs_digest, write
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import AREAS, DESIGNED, NUMBERS, Filter, Lookup, Rerun, Table
from curation_scaling.study.rerun_keys import points_keys, training_jobs

_ROW = "row of the files"
_FROM_NOTHING = ("lr_annealing", "share", "draw")  # columns that may hold 0


def build_points(rerun: Rerun, layout: Layout) -> None:
    """Read every table of the rerun and write `points.parquet`.

    Raises:
        InputError: if a file is missing or other than declared, or a column cannot be used.
    """
    parts = [*(read_points(rerun, table) for table in rerun.tables), *made_points(rerun, layout)]
    lacking = {c.name: pl.lit(None, pl.Float64) for c in POINTS.columns if c.required}
    frame = pl.concat(parts, how="diagonal")
    frame = frame.with_columns(**{name: null for name, null in lacking.items() if name not in frame.columns})
    trained = [layout.training(name, draw) for name, draw in training_jobs(rerun)]
    inputs = inputs_digest(points_keys(rerun), *trained) if trained else digest(points_keys(rerun))
    write(layout.points, POINTS, frame, study=rerun.study, inputs=inputs)


def read_points(rerun: Rerun, table: Table) -> pl.DataFrame:
    """Rows of `points` for one table: read, looked up, derived, filtered, and told apart into fitted and held out."""
    where = f"table {table.name!r}"
    text = [*table.run, *(lookup.column for lookup in table.lookups)]
    text += [table.columns["group"]] if "group" in table.columns else []
    parts = [_read(locate(rerun, file), table, text) for file in table.files]
    frame = pl.concat(parts).with_row_index(_ROW)
    if table.distinct:
        frame = frame.unique([name for name in frame.columns if name != _ROW], keep="first", maintain_order=True)
    frame = frame.with_columns(pl.col(source).alias(name) for name, source in table.columns.items())
    for lookup in table.lookups:
        frame = frame.with_columns(_looked_up(frame, lookup))
    for name, formula in table.derived.items():
        frame = frame.with_columns(_derived(frame, name, formula, where))
    for rule in table.where:
        frame = _kept(frame, rule, where)
    if table.means:
        frame = _averaged(frame, table.means)
    if table.frontier is not None:
        frame = pareto(frame, table.frontier)
    if frame.is_empty():
        raise InputError(f"{where}: no row is left; mend its where")
    fitted = frame if table.fitted is None else _kept(frame, table.fitted, where)
    role = pl.when(pl.col(_ROW).is_in(fitted[_ROW].to_list())).then(pl.lit(FITTED)).otherwise(pl.lit(HELD_OUT))
    run = pl.concat_str(table.run, separator=" / ") if table.run else pl.format("row {}", pl.col(_ROW))
    return frame.select(
        table=pl.lit(table.name),
        row=pl.col(_ROW).cast(pl.Int64),
        run_id=run,
        group=pl.col("group") if "group" in table.columns else pl.lit(None, pl.String),
        role=role,
        **{name: _numbers(frame, name, where) for name in NUMBERS},
        **{name: _numbers(frame, name, where) for name in DESIGNED if name in frame.columns and name in _made(table)},
    )


def _read(path: Path, table: Table, text: list[str]) -> pl.DataFrame:
    sources, schedule = _sources(table), table.schedule
    if schedule is None:
        return read_records(path, sources, text) if path.is_dir() else read_columns(path, sources, text)
    wanted = [*(name for name in sources if name not in (*AREAS, FILE)), schedule.step, schedule.rate]
    frame = read_columns(path, list(dict.fromkeys(wanted)), [name for name in text if name != FILE])
    return with_areas(frame, schedule, path)


def _sources(table: Table) -> list[str]:
    """The columns of the files that a table reads."""
    made = _made(table)
    asked = [*table.columns.values(), *table.run, *table.means, *(lookup.column for lookup in table.lookups)]
    used = [name for formula in table.derived.values() for name in symbolic.symbols(symbolic.parse(formula))]
    used += [rule.column for rule in (*table.where, *([table.fitted] if table.fitted else []))]
    used += [table.frontier] if table.frontier else []
    return list(dict.fromkeys([*asked, *(name for name in used if name not in made)]))


def _made(table: Table) -> set[str]:
    """The columns that a table gives to laws and formulas, by the names that it gives them."""
    return {*table.columns, *(lookup.to for lookup in table.lookups), *table.derived}


def _averaged(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The mean of every number over the rows that agree in `by`; other columns keep their first value."""
    numeric = [name for name, kind in frame.schema.items() if kind.is_numeric() and name not in (_ROW, *by)]
    others = [name for name in frame.columns if name not in (*numeric, *by)]
    return frame.group_by(by, maintain_order=True).agg(pl.col(numeric).mean(), pl.col(others).first())


def _looked_up(frame: pl.DataFrame, lookup: Lookup) -> pl.Series:
    """The looked-up numbers; null for a value without one, which no row that is kept may have."""
    values = frame[lookup.column].replace_strict(lookup.values, default=None, return_dtype=pl.Float64)
    return values.alias(lookup.to)


def _derived(frame: pl.DataFrame, name: str, formula: str, where: str) -> pl.Series:
    tree = symbolic.parse(formula)
    values = {}
    for symbol in symbolic.symbols(tree):
        if symbol not in frame.columns:
            raise InputError(f"{where}: formula {formula!r} of {name!r} reads {symbol!r}, which is no column yet")
        numbers = frame[symbol].cast(pl.Float64, strict=False)  # a column that names runs was read as text
        if numbers.null_count() > frame[symbol].null_count():
            raise InputError(f"{where}: formula {formula!r} of {name!r} reads {symbol!r}, which holds no numbers")
        values[symbol] = numbers.to_numpy()
    with np.errstate(all="ignore"):
        return pl.Series(name, np.broadcast_to(symbolic.evaluate(tree, values), frame.height).copy())


def _kept(frame: pl.DataFrame, rule: Filter, where: str) -> pl.DataFrame:
    """The rows that a filter keeps, in their order; a row without a value is not kept."""
    value = pl.col(rule.column)
    if rule.among is not None:
        return frame.filter(value.cast(pl.String).is_in(rule.among))
    if not frame[rule.column].dtype.is_numeric():
        raise InputError(f"{where}: column {rule.column!r} holds no numbers: filter it with among")
    if rule.lowest is not None:
        return frame.sort(rule.column, nulls_last=True, maintain_order=True).head(rule.lowest).sort(_ROW)
    if rule.at_least is not None:
        frame = frame.filter(value >= rule.at_least)
    return frame.filter(value <= rule.at_most) if rule.at_most is not None else frame


def pareto(frame: pl.DataFrame, over: str) -> pl.DataFrame:
    """The rows on the Pareto frontier, by rising `over`: none with as little of it has a lower `error`."""
    ordered = frame.sort(over, "error", maintain_order=True)
    before = pl.col("error").cum_min().shift(1, fill_value=float("inf"))
    return ordered.filter(pl.col("error") < before)


def _numbers(frame: pl.DataFrame, name: str, where: str) -> pl.Series:
    """A column that laws read, positive numbers throughout; nulls where the table does not have it."""
    if name not in frame.columns:
        return pl.repeat(None, frame.height, dtype=pl.Float64, eager=True)
    try:
        return pl.Series(column(frame, name, minimum=0.0) if name in _FROM_NOTHING else column(frame, name))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
