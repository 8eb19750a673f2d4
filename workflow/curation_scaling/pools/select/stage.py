"""Passes over the scores: histograms of each batch of ranges, and the cuts that all batches' histograms give."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.select.assign import Assigner
from curation_scaling.pools.select.bits import Keep
from curation_scaling.pools.select.cuts import Cut, edge_cuts, find_cuts, ties_in, wanted
from curation_scaling.pools.select.ends import Ends, equal_shares, group_ends, quantile_edges, top_ends
from curation_scaling.pools.select.histogram import CELL, Histogram, by_prefix, merge
from curation_scaling.pools.table import Rows, height, read_rows, writer
from curation_scaling.store import digest, recorded, verify
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import level_keys
from curation_scaling.study.shard_plan import BUCKETS, HELD, ShardPlan

By = Literal["rows", "size"]

LEVEL = pa.schema([(name, pa.from_numpy_dtype(CELL[name])) for name in CELL.names or ()])
"""A histogram's file: raw bits of the lane (cell), and above it (prefix), by place of the group; sorted by these."""


class Held:
    """What a job's passes read of each range: kept from the first pass on, as far as it fits in `HELD` bytes."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rows: dict[int, Rows] = {}
        self._room = HELD

    def of(self, part: int) -> Rows:
        """The columns of a range that are kept; none where there was no room."""
        return self._rows.get(part, {})

    def keep(self, part: int, rows: Rows) -> None:
        """Keep a range's columns if they fit."""
        size = sum(column.nbytes for column in rows.values())
        if part not in self._rows and size <= self._room:
            self._rows[part], self._room = rows, self._room - size


@dataclass(frozen=True)
class Selection:
    """What is selected: the buckets among scored rows, or the rows that a filter of kind top keeps."""

    study: PoolStudy
    layout: Layout
    name: str

    @property
    def plan(self) -> ShardPlan:
        """The study's jobs."""
        return ShardPlan(self.study)

    @property
    def keep(self) -> Keep:
        """Which end of the score is the best."""
        return self.study.pools.keep if self.name == BUCKETS else self._filter.keep

    @property
    def by(self) -> By:
        """What the ends count."""
        return "size" if self.name == BUCKETS and self.study.pools.by == "size" else "rows"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the scores."""
        return np.dtype(self.plan.source.precision)

    @property
    def grouped(self) -> bool:
        """Whether each group has cuts of its own."""
        return self.name == BUCKETS and self.study.pools.within_group

    @property
    def _at_edges(self) -> bool:
        """Whether the study gives the scores of the cuts."""
        return self.name == BUCKETS and self.study.pools.edges is not None and not self.grouped

    @property
    def _filter(self) -> Any:
        return next(f for f in self.plan.top_filters if f.name == self.name)

    def rows_of(
        self, part: int, held: Held | None = None
    ) -> tuple[NDArray[Any], NDArray[np.int64] | None, NDArray[np.int32] | None]:
        """Scores (no NaN), sizes and groups of one range, in the order of uids; None where they do not matter."""
        if self.name != BUCKETS:
            column = f"score.{self._filter.score}"
            scores = read_rows(self.layout.work.merged(part), [column], study=self.study.study)[column]
            return scores[~np.isnan(scores)], None, None
        rows = self.scored_rows(part, held or Held())
        return rows["score"], rows.get(size_column(self.study) or ""), rows.get("group")

    def scored_rows(self, part: int, held: Held) -> Rows:
        """What decides on a row's bucket, of one range; held from then on where there is room."""
        rows = held.of(part)
        if not rows:
            size = size_column(self.study)
            names = ["score", *([size] if size else []), *(["group"] if self.grouped else [])]
            rows = read_rows(self.layout.work.scored(part), names, study=self.study.study)
            held.keep(part, rows)
        return rows

    def path_of(self, part: int) -> Any:
        """The file with the scores of one range."""
        return self.layout.work.scored(part) if self.name == BUCKETS else self.layout.work.merged(part)

    def tables(self, level: int) -> list[NDArray[Any]]:
        """The histogram of one level of every batch."""
        batches = range(len(self.plan.ranges))
        paths = [self.layout.work.level(self.name, level, b) for b in batches]
        for path in paths:
            verify(path)  # small, and read whole
        return [_records(read_rows(path, study=self.study.study)) for path in paths]

    def ends(self, counts: NDArray[Any]) -> Ends:
        """Where the buckets end, from the merged histogram of level 0.

        Raises:
            InputError: if there are fewer rows than buckets, or an end lies beyond them.
        """
        amounts = {group: int(part[self.by].sum()) for (group, _), part in by_prefix(counts)}
        total, pools = sum(amounts.values()), self.study.pools
        if self.name != BUCKETS:
            return {0: [ceil(self._filter.share * total)]} if total else {}
        if not total:
            raise InputError("key pools.source: no row is left to cut: see pools/_work/scored/*.json for the reasons")
        if pools.edges is not None:
            return {g: quantile_edges(n, pools.edges, pools.keep) for g, n in amounts.items()}
        if pools.buckets is not None:
            rows = int(counts["rows"].sum())
            if rows < pools.buckets:
                raise InputError(f"key pools.buckets: {pools.buckets} buckets of {rows} scored rows; lower the number")
            ends = equal_shares(total, pools.buckets)
        else:
            ends = top_ends(total, pools.top or [], "pools.top")
        return group_ends(amounts, ends, self.by) if self.grouped else {0: ends}

    def cuts(self, levels: int) -> dict[int, list[Cut]]:
        """The cuts of every group, as far as so many levels of histograms tell."""
        if self._at_edges:
            return {0: edge_cuts(self.study.pools.edges or [], self.dtype, self.keep)}
        merged = [merge(self.tables(level)) for level in range(levels)]
        return find_cuts(merged, self.ends(merged[0]), kind="f", keep=self.keep, by=self.by)

    def exact_cuts(self) -> dict[int, list[Cut]]:
        """The cuts from all levels."""
        return self.cuts(self.plan.levels(self.name))

    def bucket_rows(self, cuts: dict[int, list[Cut]]) -> list[int] | None:
        """How many rows each bucket gets, where the exact cuts tell."""
        if self._at_edges or self.by != "rows":
            return None
        totals = {group: int(part["rows"].sum()) for (group, _), part in by_prefix(merge(self.tables(0)))}
        ends = [[0, *(cut.before + cut.take for cut in cuts[g]), total] for g, total in totals.items()]
        return [int(n) for n in np.diff(ends).sum(axis=0)]

    def assigner(self, cuts: dict[int, list[Cut]], batch: int) -> Assigner:
        """What gives the rows of one batch their buckets."""
        levels = self.plan.levels(self.name)
        before: dict[tuple[int, int], int] = {}
        if levels == self.plan.lanes:
            kept = {(g, cut.raw) for g, group in cuts.items() for cut in group}
            for table in self.tables(levels - 1)[:batch]:
                for key, amount in ties_in(table, levels - 1, self.by).items():
                    if key in kept:
                        before[key] = before.get(key, 0) + amount
        return Assigner(cuts, before, kind="f", keep=self.keep)


def size_column(study: PoolStudy) -> str | None:
    """The column that holds sizes in the study's unit; None where each row is one unit."""
    return "tokens" if study.unit == "tokens" else None


def count_level(
    study: PoolStudy, layout: Layout, select: str, level: int, batch: int, held: Held | None = None
) -> None:
    """Write the histogram of one level of a selection over one batch of ranges; `held` serves all passes of a job."""
    selection = Selection(study, layout, select)
    histogram = Histogram(level, wanted(selection.cuts(level)) if level else None)
    paths = [selection.path_of(part) for part in selection.plan.ranges[batch]]
    for part in selection.plan.ranges[batch]:
        histogram.add(*selection.rows_of(part, held))
    table = histogram.table()
    batches, work = range(len(selection.plan.ranges)), layout.work
    above = [recorded(work.level(select, k, b)) for k in range(level) for b in batches]
    inputs = digest(level_keys(study, select), level, [recorded(path) for path in paths], above)
    metadata = {"study": study.study, "artifact": "pools/_work/select", "inputs": inputs}
    with writer(work.level(select, level, batch), LEVEL, metadata) as file:
        file.append({name: np.ascontiguousarray(table[name]) for name in LEVEL.names})


def _records(rows: Rows) -> NDArray[Any]:
    table = np.empty(height(rows), CELL)
    for name, column in rows.items():
        table[name] = column
    return table


def keeps_top(assigner: Assigner, scores: NDArray[Any]) -> NDArray[np.bool_]:
    """True for the rows (n,) of the next range that a filter of kind top keeps; a row without a score is none."""
    kept = np.zeros(len(scores), bool)
    known = np.flatnonzero(~np.isnan(scores))
    if len(known):
        kept[known] = assigner.assign(scores[known]) == 0
    return kept
