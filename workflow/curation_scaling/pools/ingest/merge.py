"""The second pass: each range of uids is gathered from all batches, sorted, and freed of repeated ids."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_scaling.layout import Layout
from curation_scaling.pools.dedup.contents import ContentWriter
from curation_scaling.pools.dedup.ids import check_collisions, keep_best
from curation_scaling.pools.filter.predicates import predicates
from curation_scaling.pools.ingest.batches import check_batches
from curation_scaling.pools.ingest.order import uid_order
from curation_scaling.pools.ledger import Ledger
from curation_scaling.pools.score.attach import attach, sort_table
from curation_scaling.pools.score.combine import row_score
from curation_scaling.pools.score.finish import drop_filtered, drop_unscored, write_scored
from curation_scaling.pools.table import Rows, damaged, height, open_table, take, writer
from curation_scaling.progress import progress
from curation_scaling.store import digest
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import score_keys
from curation_scaling.study.shard_plan import ShardPlan


def merge_ranges(study: PoolStudy, layout: Layout, batch: int) -> None:
    """Merge the ranges of uids of one job; where nothing waits for other ranges, score their rows at once."""
    plan, source = ShardPlan(study), ShardPlan(study).source
    tables = {name: Runs(study.study, layout, name, len(plan.batches(name)), plan.parts) for name in plan.tables}
    groups, shards = check_batches(layout, plan)
    late = predicates(source, Path(study.data_root or ".").expanduser(), late=True)
    inputs = digest(score_keys(study), shards)
    ledger = Ledger()
    with ExitStack() as stack:
        contents = None
        if source.content is not None:
            contents = stack.enter_context(ContentWriter.open(layout.work.contents(batch), plan, study.study, inputs))
        for part in progress(plan.ranges[batch], "ranges merged"):
            rows = tables["rows"].gather(part, groups)
            order = uid_order(rows["uid_hi"], rows["uid_lo"])
            for name in list(rows):
                rows[name] = rows[name].take(order)
            check_collisions(rows)
            _attach(rows, tables, plan, part)
            for predicate in late:
                frame = pl.DataFrame({c: rows[f"score.{c}"] for c in predicate.columns})
                fails = ~predicate.keeps(frame, rows["uid_hi"], rows["uid_lo"])
                reason = rows["reason"]
                worse = (reason == 0) | (reason > predicate.place + 1)
                reason[fails & worse] = predicate.place + 1
            rows = _drop_repeats(plan, rows, ledger)
            if "reason" in rows and not plan.top_filters:
                rows = drop_filtered(source, rows, ledger)
            if not plan.two_steps:
                write_scored(
                    study, layout, part, drop_unscored(source, rows, row_score(source, rows), ledger), inputs, ledger
                )
                continue
            if contents is not None:
                contents.add(rows, row_score(source, rows))
            _write_merged(study, layout, part, rows, inputs)
    ledger.write(layout.work.merged_counts(batch), study.study)


class Runs:
    """The files of all batches of one table, each with a row group for every range of uids, several times over."""

    def __init__(self, study: str, layout: Layout, table: str, batches: int, parts: int) -> None:
        """Open them; the parts of one range are in every `parts`-th row group."""
        self._paths = [layout.work.run(table, batch) for batch in range(batches)]
        self._files: list[pq.ParquetFile] = [open_table(path, study) for path in self._paths]
        self._parts = parts

    def gather(self, part: int, groups: Sequence[str] = ()) -> Rows:
        """All rows of one range, in no particular order; text groups become their place among `groups`."""
        tables = []
        for path, file in zip(self._paths, self._files, strict=True):
            wanted = list(range(part, file.num_row_groups, self._parts))
            try:
                tables.append(file.read_row_groups(wanted, use_threads=False))
            except (pa.ArrowException, OSError) as error:
                raise damaged(path, error) from None
        table = pa.concat_tables(tables)
        rows: Rows = {}
        for name in table.column_names:
            column, table = table[name], table.drop_columns([name])
            if pa.types.is_string(column.type):
                codes = column.dictionary_encode().unify_dictionaries().combine_chunks()
                rows[name] = _codes(codes, groups)
            else:
                rows[name] = column.to_numpy()
        return rows


def _codes(encoded: pa.DictionaryArray, groups: Sequence[str]) -> NDArray[np.int32]:
    place = {name: i for i, name in enumerate(groups)}
    of = np.array([place[name] for name in encoded.dictionary.to_pylist()], np.int32)
    return of[encoded.indices.to_numpy()] if len(of) else np.empty(0, np.int32)


def _attach(rows: Rows, tables: dict[str, Runs], plan: ShardPlan, part: int) -> None:
    """Scores of other tables, and in the bits of `missing` which of them lack the row."""
    if not plan.source.attach:
        return
    rows["missing"] = np.zeros(height(rows), np.uint8)
    for i, item in enumerate(plan.source.attach):
        gathered = tables[f"attach{i}"].gather(part)
        table = sort_table(gathered, f"pools.source.attach[{i}]")
        hit = attach(rows, table, [f"score.{name}" for name in item.scores])
        rows["missing"] |= (~hit).astype(np.uint8) << np.uint8(i)


def _drop_repeats(plan: ShardPlan, rows: Rows, ledger: Ledger) -> Rows:
    keep = plan.study.pools.keep
    kept = keep_best(rows, row_score(plan.source, rows), keep, ("uid_hi", "uid_lo"))
    rows.pop("check", None)
    if kept.all():
        return rows
    repeated = take(rows, ~kept)
    if "reason" in rows:
        repeated = drop_filtered(plan.source, repeated, ledger)
    ledger.add("duplicate", repeated["shard"])
    return take(rows, kept)


def _write_merged(study: PoolStudy, layout: Layout, part: int, rows: Rows, inputs: str) -> None:
    schema = pa.schema([(name, pa.from_numpy_dtype(column.dtype)) for name, column in rows.items()])
    metadata: dict[str, Any] = {"study": study.study, "artifact": "pools/_work/merged", "inputs": inputs}
    with writer(layout.work.merged(part), schema, metadata, sorted_by_uid=True) as file:
        file.append(rows, row_group=1 << 20)
