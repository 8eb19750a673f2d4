"""The study's filters as predicates: which columns each reads, and which rows it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.foreign import reading
from curation_scaling.pools.filter.expression import Condition, evaluate, parse_condition
from curation_scaling.pools.ingest.ids import parse_ids
from curation_scaling.pools.subset import SUBSET
from curation_scaling.study.shards import (
    AmongFilter,
    CaptionFilter,
    IdFilter,
    ImageSizeFilter,
    ShardsSource,
    TopFilter,
    WhereFilter,
)


@dataclass(frozen=True)
class Predicate:
    """One filter: its place (a row is counted under the lowest that drops it), and a condition or a list of ids."""

    place: int
    name: str
    condition: Condition | None = None
    ids: NDArray[np.void] | None = None
    keep_ids: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns or scores that the condition reads."""
        return self.condition.columns if self.condition else []

    def keeps(self, frame: pl.DataFrame, uid_hi: NDArray[np.uint64], uid_lo: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """True for the rows (n,) that stay."""
        if self.condition is not None:
            return evaluate(self.condition.expression, frame, f"filter {self.name!r}").to_numpy()
        assert self.ids is not None
        listed = _is_listed(uid_hi, uid_lo, self.ids)
        return listed if self.keep_ids else ~listed


def condition_of(source: ShardsSource, place: int) -> Condition | None:
    """The condition of a filter; None for those that need more than a row's own columns.

    Raises:
        InputError: if an expression cannot be read.
    """
    item = source.filters[place]
    if isinstance(item, WhereFilter):
        return parse_condition(item.where)
    if isinstance(item, CaptionFilter):
        text = pl.col(item.column)
        long = (text.str.count_matches(r"\S+") >= item.min_words) & (text.str.len_chars() >= item.min_characters)
        return Condition(long, [item.column])
    if isinstance(item, ImageSizeFilter):
        width, height = pl.col(item.width).cast(pl.Float64), pl.col(item.height).cast(pl.Float64)
        short = pl.when(width < height).then(width).otherwise(height)
        long = pl.when(width < height).then(height).otherwise(width)
        fits = (short >= item.min_side) & (long <= item.max_aspect * short) & width.is_not_null() & height.is_not_null()
        return Condition(fits, sorted({item.width, item.height}))
    if isinstance(item, AmongFilter):
        return Condition(pl.col(item.column).cast(pl.String).is_in([str(v) for v in item.values]), [item.column])
    return None


def is_late(source: ShardsSource, place: int) -> bool:
    """Whether a filter waits for scores of other tables, or for all rows."""
    if isinstance(source.filters[place], TopFilter):
        return True
    condition = condition_of(source, place)
    return condition is not None and bool(set(condition.columns) & set(source.attached))


def predicates(source: ShardsSource, root: Path, *, late: bool) -> list[Predicate]:
    """The filters that one row decides: of the shards' own columns, or (late) of scores of other tables too.

    Raises:
        InputError: if an expression or a list cannot be read, or a late one reads other columns than scores.
    """
    found = []
    for place, item in enumerate(source.filters):
        if isinstance(item, TopFilter) or is_late(source, place) != late:
            continue
        if isinstance(item, IdFilter):
            ids = _read_ids(root / item.file, source.id_form)
            found.append(Predicate(place, item.name, ids=ids, keep_ids=item.keep))
            continue
        if isinstance(item, AmongFilter) and item.file is not None:
            values = _read_lines(root / item.file)
            item = item.model_copy(update={"values": values, "file": None})
            condition: Condition | None = Condition(pl.col(item.column).cast(pl.String).is_in(values), [item.column])
        else:
            condition = condition_of(source, place)
        assert condition is not None
        if late and (other := sorted(set(condition.columns) - set(source.score_names))):
            raise InputError(
                f"filter {item.name!r} reads the attached scores and {other[0]!r}, which is no score: make two filters"
            )
        found.append(Predicate(place, item.name, condition))
    return found


def _read_lines(path: Path) -> list[str]:
    with reading(path, mend="put the list there or mend pools.source.filters"):
        lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _read_ids(path: Path, form: str) -> NDArray[np.void]:
    if path.suffix == ".npy":
        with reading(path, "is no list of ids", "mend pools.source.filters"):
            ids: NDArray[np.void] = np.load(path, allow_pickle=False)
        if ids.dtype != SUBSET or ids.ndim != 1:
            raise InputError(f"{path} holds {ids.dtype}, a list of ids has dtype u8,u8")
        return ids
    lines = _read_lines(path)
    with reading(path, "is no list of whole numbers", "mend pools.source.filters"):
        values = (
            pa.array([int(line) for line in lines], pa.int64()) if form == "integer" else pa.array(lines, pa.string())
        )
    rows = parse_ids(values, form, str(path), 1)
    listed: NDArray[np.void] = np.empty(len(lines), SUBSET)
    listed["f0"], listed["f1"] = rows["uid_hi"], rows["uid_lo"]
    return listed


def _is_listed(uid_hi: NDArray[np.uint64], uid_lo: NDArray[np.uint64], ids: NDArray[np.void]) -> NDArray[np.bool_]:
    """Whether each uid is among ids; few share their upper half, so that is looked up first."""
    found = np.zeros(len(uid_hi), bool)
    near = np.flatnonzero(np.isin(uid_hi, ids["f0"]))
    rows = np.empty(len(near), SUBSET)
    rows["f0"], rows["f1"] = uid_hi[near], uid_lo[near]
    found[near] = np.isin(rows, ids)
    return found
