"""Rows that repeat a content: gathered by fixed ranges of the content's hash, the best kept, the others named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.layout import Layout
from curation_scaling.pools.dedup.ids import keep_best
from curation_scaling.pools.ingest.order import maybe_repeated, part_of, spread, uid_order
from curation_scaling.pools.score.attach import find
from curation_scaling.pools.select.bits import Keep
from curation_scaling.pools.table import Rows, Writer, concat, open_table, read_rows, take, writer
from curation_scaling.progress import progress
from curation_scaling.store import digest, recorded
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import score_keys
from curation_scaling.study.shard_plan import ShardPlan

_UID = [("uid_hi", pa.uint64()), ("uid_lo", pa.uint64())]


class ContentWriter:
    """Writes the contents of rows, a row group for each range of hashes."""

    def __init__(self, file: Writer, parts: int) -> None:
        """Write to an open file."""
        self._file, self._parts = file, parts

    @classmethod
    @contextmanager
    def open(cls, path: Path, plan: ShardPlan, study: str, inputs: str) -> Iterator[ContentWriter]:
        """Open the file of one batch of ranges."""
        score = pa.float32() if plan.source.precision == "float32" else pa.float64()
        schema = pa.schema([("content_hi", pa.uint64()), ("content_lo", pa.uint64()), *_UID, ("score", score)])
        with writer(path, schema, {"study": study, "artifact": "pools/_work/contents", "inputs": inputs}) as file:
            yield cls(file, plan.parts)

    def add(self, rows: Rows, score: NDArray[Any]) -> None:
        """Add the rows that no filter has dropped and that have a content."""
        here = (rows["content_hi"] != 0) | (rows["content_lo"] != 0)
        if "reason" in rows:
            here &= rows["reason"] == 0
        names = ("content_hi", "content_lo", "uid_hi", "uid_lo")
        append_by_range(
            self._file, take({n: rows[n] for n in names} | {"score": score}, here), "content_hi", self._parts
        )


def append_by_range(file: Writer, rows: Rows, key: str, parts: int) -> None:
    """Append a row group for each range of `key`."""
    rows, bounds = spread([rows], part_of(rows[key], parts), parts)
    for a, b in pairwise(bounds.tolist()):
        file.append({name: column[a:b] for name, column in rows.items()})


def gather_range(paths: list[Path], part: int, parts: int, study: str) -> Rows:
    """The rows of one range, from every `parts`-th row group of every file."""
    found = []
    for path in paths:
        file = open_table(path, study)
        groups = file.num_row_groups
        file.close()
        found.append(read_rows(path, None, list(range(part, groups, parts)), study))
    return concat(found)


def find_repeats(study: PoolStudy, layout: Layout, batch: int) -> None:
    """Name the uids of the rows that repeat a content, for one batch of ranges of the content's hash."""
    plan = ShardPlan(study)
    paths = [layout.work.contents(i) for i in range(len(plan.ranges))]
    inputs = digest(score_keys(study), [recorded(path) for path in paths])
    metadata = {"study": study.study, "artifact": "pools/_work/repeats", "inputs": inputs}
    with writer(layout.work.repeats(batch), pa.schema(_UID), metadata) as file:
        for part in progress(plan.ranges[batch], "ranges of contents"):
            rows = drop_list(
                gather_range(paths, part, plan.parts, study.study), study.pools.keep, ("content_hi", "content_lo")
            )
            uids = {"uid_hi": rows["uid_hi"], "uid_lo": rows["uid_lo"]}
            append_by_range(file, uids, "uid_hi", plan.parts)


def drop_list(rows: Rows, keep: Keep, key: tuple[str, str]) -> Rows:
    """The rows, in any order, that repeat a key and are not the best that has it."""
    rows = take(rows, maybe_repeated(rows[key[0]]))
    rows = take(rows, uid_order(rows[key[0]], rows[key[1]]))
    return take(rows, ~keep_best(rows, rows["score"], keep, key))


def is_repeat(rows: Rows, layout: Layout, plan: ShardPlan, part: int) -> NDArray[np.bool_]:
    """True for the rows (n,) of one range of uids that repeat a content."""
    paths = [layout.work.repeats(i) for i in range(len(plan.ranges))]
    uids = gather_range(paths, part, plan.parts, plan.study.study)
    uids = take(uids, uid_order(uids["uid_hi"], uids["uid_lo"]))
    return find(rows["uid_hi"], rows["uid_lo"], uids["uid_hi"], uids["uid_lo"]) >= 0
