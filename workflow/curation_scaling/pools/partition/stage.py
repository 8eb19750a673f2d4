"""The last pass: each range of uids is split into the buckets' parts; a row's bucket is a comparison with the cuts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple
from typing import Any

import numpy as np
import pyarrow as pa

from curation_scaling.layout import Layout
from curation_scaling.pools.ingest.batches import check_batches
from curation_scaling.pools.ingest.order import spread
from curation_scaling.pools.ledger import write_json
from curation_scaling.pools.partition.tally import Tally
from curation_scaling.pools.partition.uids import UidWriter, uid_writer
from curation_scaling.pools.select.cuts import Cut
from curation_scaling.pools.select.ends import Group
from curation_scaling.pools.select.stage import Held, Selection, count_level
from curation_scaling.pools.table import Rows, check_owned, height, read_batches, writer
from curation_scaling.progress import progress
from curation_scaling.shard_artifacts import part_schema
from curation_scaling.store import digest, recorded
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import cut_keys
from curation_scaling.study.shard_plan import BUCKETS, ShardPlan


def cut_ranges(study: PoolStudy, layout: Layout, batch: int) -> None:
    """Write the parts of all buckets for one job's ranges, and the tally of each bucket.

    Where one job can pass over all rows, it finds the cuts first, and writes the subset files too.
    """
    plan, held = ShardPlan(study), Held()
    if plan.at_once:
        for level in range(plan.levels(BUCKETS)):
            count_level(study, layout, BUCKETS, level, batch, held)
    selection = Selection(study, layout, BUCKETS)
    cuts = selection.exact_cuts()
    with ExitStack() as stack:
        files = []
        if plan.at_once and plan.source.subset_files:
            names = study.pools.bucket_names
            known = selection.bucket_rows(cuts)
            for k, name in enumerate(names):
                rows = known[k] if known else None
                files.append(stack.enter_context(uid_writer(layout.whole_subset(name), rows)))
        _cut(selection, cuts, batch, files, held)


def _cut(selection: Selection, cuts: dict[Group, list[Cut]], batch: int, files: list[UidWriter], held: Held) -> None:
    study, layout, plan = selection.study, selection.layout, selection.plan
    assigner = selection.assigner(cuts, batch)
    cut_values = [[group, [astuple(cut) for cut in of]] for group, of in sorted(cuts.items())]
    groups = check_batches(layout, plan)[0] if plan.source.group is not None else []
    names = study.pools.bucket_names
    tallies = [Tally.empty() for _ in names]
    check_owned((layout.work.scored(part) for part in plan.ranges[batch]), study.study)
    for part in progress(plan.ranges[batch], "ranges cut"):
        path = layout.work.scored(part)
        kept = selection.scored_rows(part, held)
        missing = [f.name for f in pool_schema(plan) if f.name != "bucket" and f.name not in kept]
        size = kept["tokens"] if selection.by == "size" and study.unit == "tokens" else None
        buckets = assigner.assign(kept["score"], size, kept["group"] if selection.grouped else None)
        rows, bounds = spread(_with(kept, read_batches(path, missing, study.study)), buckets, len(names))
        inputs = digest(cut_keys(study), recorded(path), cut_values)
        for k, name in enumerate(names):
            a, b = bounds[k], bounds[k + 1]
            bucket = {column: values[a:b] for column, values in rows.items()}
            bucket["bucket"] = np.full(b - a, k + 1, np.int32)
            write_part(study, layout, name, part, bucket, groups, inputs)
            tallies[k].add(bucket, study.pools.keep)
            if files:
                files[k].append(bucket["uid_hi"], bucket["uid_lo"])
    report = [tally.record() for tally in tallies]
    write_json(layout.work.tally(batch), {"buckets": report}, study=study.study)


def _with(kept: Rows, batches: Iterator[Rows]) -> Iterator[Rows]:
    """Batches of a range's rows, with the columns that are held."""
    start = 0
    for rows in batches:
        stop = start + height(rows)
        yield {**{name: column[start:stop] for name, column in kept.items()}, **rows}
        start = stop


def pool_schema(plan: ShardPlan) -> pa.Schema:
    """The columns of a pool's parts."""
    source = plan.source
    sizes = tuple(name for name in ("tokens", "bytes") if getattr(source, name) is not None)
    return part_schema(source.precision, sizes, source.group is not None)


def write_part(
    study: PoolStudy, layout: Layout, pool: str, part: int, rows: Rows, groups: list[str], inputs: str
) -> None:
    """Write one range of uids of a pool; `group` holds places among `groups`."""
    columns: dict[str, Any] = dict(rows)
    if "group" in rows:
        columns["group"] = pa.DictionaryArray.from_arrays(pa.array(rows["group"]), pa.array(groups, pa.string())).cast(
            pa.string()
        )
    metadata = {"study": study.study, "artifact": "pools/<pool>", "inputs": inputs}
    with writer(layout.part(pool, part), pool_schema(ShardPlan(study)), metadata, sorted_by_uid=True) as file:
        file.append(columns, row_group=1 << 20)
