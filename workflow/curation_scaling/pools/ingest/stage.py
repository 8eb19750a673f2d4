"""The first pass: a batch of shards becomes one file of rows with uids, grouped by fixed ranges of uids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.filter.predicates import Predicate, is_late, predicates
from curation_scaling.pools.ingest.ids import hex_halves, parse_ids
from curation_scaling.pools.ingest.order import part_of, spread
from curation_scaling.pools.ingest.shard import Shard, check_shard, read_shard
from curation_scaling.pools.ledger import write_json
from curation_scaling.pools.table import Rows, Writer, height, take, writer
from curation_scaling.progress import progress
from curation_scaling.store import digest
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import ingest_keys
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import Attachment, ShardsSource

CHUNK = 1 << 22  # rows that are grouped at once, unless their groups were to get small


def ingest_shards(study: PoolStudy, layout: Layout, table: str, batch: int, shards: Sequence[str] = ()) -> None:
    """Read a batch of shards, drop what the shards' own columns decide, and write the rows by range of uid.

    Args:
        study: a study of shards.
        layout: where its files are.
        table: "rows", or "attach0" and so on for the tables of scores.
        batch: the number of the batch.
        shards: where the batch's shards lie, if a storage plugin fetched them.

    Raises:
        InputError: if a shard is damaged or is not what the study says; nothing is written then.
    """
    plan = ShardPlan(study)
    names = plan.batches(table)[batch]
    number = {name: i for i, name in enumerate(plan.tables[table])}
    reader = _Reader(study, table)
    checked = [check_shard(Path(path), reader.wanted) for path in (shards or names)]
    for shard in checked:
        _same_types(checked[0], shard)
    counts: dict[str, Any] = {
        "types": checked[0].types,
        "shards": [shard.digest for shard in checked],
        "read": {number[name]: shard.rows for name, shard in zip(names, checked, strict=True)},
        "dropped": {},
        "groups": [],
    }
    metadata = {"study": study.study, "artifact": "pools/_work/runs", "inputs": digest(ingest_keys(study, table=table))}
    chunk = max(CHUNK, plan.parts << 14)
    groups: set[str] = set()
    with writer(layout.work.run(table, batch), reader.schema, metadata) as file:
        waiting: list[Rows] = []
        for name, shard in progress(list(zip(names, checked, strict=True)), f"shards of batch {batch}"):
            for rows, dropped in reader.read(shard, number[name]):
                for reason, n in dropped.items():
                    of = counts["dropped"].setdefault(reason, {})
                    of[number[name]] = of.get(number[name], 0) + n
                waiting.append(rows)
                if sum(map(height, waiting)) >= chunk:
                    groups |= _flush(waiting, plan.parts, file)
                    waiting = []
        groups |= _flush(waiting or [reader.nothing], plan.parts, file)
    counts["groups"] = sorted(groups)
    write_json(layout.work.read(table, batch), counts, study=study.study)


def _same_types(first: Shard, shard: Shard) -> None:
    for column, kind in first.types.items():
        if shard.types[column] != kind:
            raise InputError(
                f"{shard.path}: column {column!r} holds {shard.types[column]}, in {first.path} it holds {kind}; "
                "all shards need the same schema"
            )


def _flush(waiting: list[Rows], parts: int, file: Writer) -> set[str]:
    """Write a row group for each range of uids."""
    codes = np.concatenate([part_of(rows["uid_hi"], parts) for rows in waiting])
    rows, bounds = spread(waiting, codes, parts)
    waiting.clear()
    for a, b in pairwise(bounds.tolist()):
        file.append({name: column[a:b] for name, column in rows.items()})
    return set(np.unique(rows["group"]).tolist()) if "group" in rows else set()


class _Reader:
    """Turns the rows of one table's shards into columns of numbers."""

    def __init__(self, study: PoolStudy, table: str) -> None:
        source = ShardPlan(study).source
        self.source = source
        self.rows = table == "rows"
        of: ShardsSource | Attachment = source if self.rows else source.attach[int(table.removeprefix("attach"))]
        self.table = of
        self.predicates: list[Predicate] = []
        self.carry = False
        if self.rows:
            self.predicates = predicates(source, Path(study.data_root or ".").expanduser(), late=False)
            self.carry = any(is_late(source, place) for place in range(len(source.filters)))
        self.wanted = self._wanted()
        self.schema = self._schema()

    def _wanted(self) -> Mapping[str, list[str]]:
        """The columns that are read, and what each may be."""
        wanted: dict[str, list[str]] = {}

        def want(column: str | None, kind: str) -> None:
            if column is not None:
                wanted.setdefault(column, []).append(kind)

        want(self.table.id, "whole" if self.table.id_form == "integer" else "text")
        for column in self.table.scores.values():
            want(column, "number")
        if isinstance(self.table, ShardsSource):
            for size in (self.table.tokens, self.table.bytes):
                want(size, "whole")
            want(self.table.group, "value")
            want(self.table.content, "text")
            for predicate in self.predicates:
                for column in predicate.columns:
                    want(self.table.scores.get(column, column), "any")
        return wanted

    def _schema(self) -> pa.Schema:
        fields = [("uid_hi", pa.uint64()), ("uid_lo", pa.uint64())]
        if self.table.id_form == "text":
            fields.append(("check", pa.uint32()))
        if self.rows:
            fields += [("shard", pa.uint32()), ("row", pa.uint32())]
        score = pa.float32() if self.source.precision == "float32" else pa.float64()
        fields += [(f"score.{name}", score) for name in self.table.scores]
        if isinstance(self.table, ShardsSource):
            fields += [(name, pa.int64()) for name in ("tokens", "bytes") if getattr(self.table, name) is not None]
            if self.table.group is not None:
                fields.append(("group", pa.string()))
            if self.table.content is not None:
                fields += [("content_hi", pa.uint64()), ("content_lo", pa.uint64())]
        if self.carry:
            fields.append(("reason", pa.uint8()))
        return pa.schema(fields)

    @property
    def nothing(self) -> Rows:
        """No rows."""
        return {
            f.name: np.empty(0, object if pa.types.is_string(f.type) else f.type.to_pandas_dtype()) for f in self.schema
        }

    def read(self, shard: Shard, number: int) -> Iterator[tuple[Rows, dict[str, int]]]:
        """The rows of a shard in parts, and how many each filter dropped."""
        row = 0
        as_bytes = [self.table.id] if self.table.id_form in ("hex", "uuid") else []
        for batch in read_shard(shard, list(self.wanted), as_bytes):
            rows = self._convert(batch, shard.path, row)
            if self.rows:
                rows["shard"] = np.full(batch.num_rows, number, np.uint32)
                rows["row"] = np.arange(row, row + batch.num_rows, dtype=np.uint32)
            row += batch.num_rows
            dropped: dict[str, int] = {}
            if self.predicates or self.carry:
                reason = self._reasons(batch, rows)
                if self.carry:
                    rows["reason"] = reason
                else:
                    kept = np.flatnonzero(reason == 0)
                    places = np.bincount(reason, minlength=len(self.source.filters) + 1)
                    dropped = {f.name: int(n) for f, n in zip(self.source.filters, places[1:], strict=False) if n}
                    rows = take(rows, kept) if len(kept) < batch.num_rows else rows
            yield rows, dropped

    def _convert(self, batch: pa.RecordBatch, path: Path, row: int) -> Rows:
        table = self.table
        rows = parse_ids(_plain(batch[table.id]), table.id_form, f"{path}: column {table.id!r}", row)
        kind = np.float32 if self.source.precision == "float32" else np.float64
        for name, column in table.scores.items():
            with np.errstate(over="ignore"):
                values = batch[column].to_numpy(zero_copy_only=False).astype(kind)  # null is NaN
            rows[f"score.{name}"] = values + kind(0)  # -0.0 is 0.0
        if not isinstance(table, ShardsSource):
            return rows
        for size in ("tokens", "bytes"):
            if (column := getattr(table, size)) is not None:
                rows[size] = _sizes(batch[column], f"{path}: column {column!r}", row)
        if table.group is not None:
            rows["group"] = batch[table.group].cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False)
        if table.content is not None:
            content = _plain(batch[table.content])
            rows["content_hi"], rows["content_lo"] = _contents(content, f"{path}: column {table.content!r}", row)
        return rows

    def _reasons(self, batch: pa.RecordBatch, rows: Rows) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """0, or 1 + the place of the first filter that drops the row."""
        reason = np.zeros(batch.num_rows, np.uint8)
        for predicate in self.predicates:
            columns = {c: batch[self.source.scores.get(c, c)] for c in predicate.columns}
            frame = pl.DataFrame(pa.table(columns)) if columns else pl.DataFrame()
            kept = predicate.keeps(frame, rows["uid_hi"], rows["uid_lo"])
            reason[(reason == 0) & ~kept] = predicate.place + 1
        return reason


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _sizes(column: pa.Array, where: str, row: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    sizes = column.cast(pa.int64()).fill_null(0).to_numpy()
    if (sizes <= 0).any():
        raise InputError(f"{where} is no whole size above 0 in row {row + int((sizes <= 0).argmax())}; mend or drop it")
    return np.asarray(sizes)


def _contents(column: pa.Array, where: str, row: int) -> tuple[Any, Any]:
    """The first 128 bits of content hashes of one length; a row without one repeats nothing: both halves are 0."""
    known = np.flatnonzero(np.asarray(column.is_valid()))
    high, low = np.zeros(len(column), np.uint64), np.zeros(len(column), np.uint64)
    if len(known):
        texts = column.drop_null()
        width = len(texts[0].as_py())
        if width < 32:
            raise InputError(f"{where} holds hashes of {width} digits: 32 hexadecimal digits or more are needed")
        high[known], low[known] = hex_halves(texts, width, "hex", where, row, exact=True)
    return high, low
