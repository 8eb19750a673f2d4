"""Which mixtures of sources were trained: a grid, or the rows of an imported table."""

from __future__ import annotations

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.table import read_columns
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.sources import ImportMixtures, TrainMixtures, grid_at

_ROUNDING = 1e-3  # of written weights


def mixtures_of(rerun: Rerun, size: int) -> list[tuple[float, ...]]:
    """The distinct mixtures that are trained at a size, weights in the order of the sources."""
    assert rerun.sources is not None
    spec = rerun.sources
    if isinstance(spec.runs, TrainMixtures):
        return grid_at(spec, spec.runs, size)
    rows = read_mixture_table(rerun).filter(size=size).select(spec.names)
    return sorted({tuple(row) for row in rows.iter_rows()})


def all_mixtures(rerun: Rerun) -> list[tuple[float, ...]]:
    """The distinct mixtures that are trained at any size."""
    assert rerun.sources is not None
    spec = rerun.sources
    if isinstance(spec.runs, TrainMixtures):
        return sorted({weights for size in spec.all_sizes for weights in mixtures_of(rerun, size)})
    return sorted({tuple(row) for row in read_mixture_table(rerun).select(spec.names).iter_rows()})


def read_mixture_table(rerun: Rerun) -> pl.DataFrame:
    """The imported trainings: a column a source (weights in thousandths, made to sum to 1), `size` and `error`.

    Raises:
        InputError: if a column is missing or no number, a row is no mixture, or a disclosed size has no row.
    """
    assert rerun.sources is not None
    spec = rerun.sources
    assert isinstance(spec.runs, ImportMixtures)
    path = locate(rerun, spec.runs.file)
    columns = [*spec.names, spec.runs.size, spec.runs.error]
    frame = read_columns(path, columns).select(columns)
    for name in columns:
        if not frame.schema[name].is_numeric():
            raise InputError(f"{path}: column {name!r} holds {frame.schema[name]}, numbers are needed")
    frame = frame.cast(pl.Float64).rename({spec.runs.size: "size", spec.runs.error: "error"})
    total = pl.sum_horizontal(spec.names)
    whole = (pl.col("size") >= 1) & (pl.col("size").floor() == pl.col("size"))
    valid = whole & (pl.col("error") > 0) & pl.all_horizontal(pl.all().is_finite())
    mixture = ((total - 1).abs() <= _ROUNDING) & (pl.min_horizontal(spec.names) >= 0)
    good = frame.select((valid & mixture).fill_null(False)).to_series()
    if not good.all():
        raise InputError(
            f"{path}, row {good.arg_min()}: weights must be shares of 0 or more that sum to 1, the size a whole number "
            "and the error above 0: mend or drop the row"
        )
    for size in spec.sizes:
        if frame.filter(size=size).is_empty():
            raise InputError(f"{path} has no training on {size} samples: mend key sources.sizes")
    # A mixture is known by its weights in thousandths.
    frame = frame.with_columns((pl.col(name) / total).round(3) for name in spec.names)
    return frame.with_columns(*(pl.col(name) / total for name in spec.names), size=pl.col("size").cast(pl.Int64))
