"""Pools that are made of pools: unions, subset files, and nested random subsets."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.ingest.order import uid_order
from curation_scaling.pools.partition.stage import pool_schema
from curation_scaling.pools.partition.uids import uid_writer
from curation_scaling.pools.select.assign import Assigner
from curation_scaling.pools.select.bits import lanes_of
from curation_scaling.pools.select.cuts import Cut, find_cuts, wanted
from curation_scaling.pools.select.ends import Ends
from curation_scaling.pools.select.histogram import Histogram, by_prefix
from curation_scaling.pools.table import check_owned, read_rows, read_table, writer
from curation_scaling.progress import progress
from curation_scaling.seeds import derive_seed, mix64
from curation_scaling.store import digest, recorded
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import join_keys, subset_keys
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import Subset


def join_ranges(study: PoolStudy, layout: Layout, pool: str, batch: int) -> None:
    """Write the parts of a union for one job's ranges."""
    plan = ShardPlan(study)
    schema = pool_schema(plan)
    members = study.pools.members[pool]
    check_owned((layout.part(name, part) for name in members for part in plan.ranges[batch]), study.study)
    for part in progress(plan.ranges[batch], "ranges joined"):
        paths = [layout.part(member, part) for member in members]
        tables = [read_table(path, schema.names, study=study.study) for path in paths]
        columns: dict[str, Any] = {}
        for field in schema:
            chunks = [table[field.name].combine_chunks() for table in tables]
            if field.name == "group":
                columns["group"] = pa.concat_arrays(chunks)
            else:
                columns[field.name] = np.concatenate([chunk.to_numpy() for chunk in chunks])
        order = uid_order(columns["uid_hi"], columns["uid_lo"])
        inputs = digest(join_keys(study, pool), [recorded(path) for path in paths])
        metadata = {"study": study.study, "artifact": "pools/<pool>", "inputs": inputs}
        with writer(layout.part(pool, part), schema, metadata, sorted_by_uid=True) as file:
            file.append({name: column.take(order) for name, column in columns.items()}, row_group=1 << 20)


def write_uids(study: PoolStudy, layout: Layout, pool: str) -> None:
    """Write the DataComp subset files of the pools of one job, named by the first, from their sorted parts."""
    plan = ShardPlan(study)
    for name in plan.pool_batches[pool]:
        with uid_writer(layout.whole_subset(name)) as file:
            for part in range(plan.parts):
                rows = read_rows(layout.part(name, part), ["uid_hi", "uid_lo"], study=study.study)
                file.append(rows["uid_hi"], rows["uid_lo"])


def write_subset_pool(study: PoolStudy, layout: Layout, pool: str) -> None:
    """Write a random part of a pool: the rows with the smallest hashes of uid and seed, so that subsets nest.

    Raises:
        InputError: if the pool, or one of its groups, holds too little.
    """
    plan, subset = ShardPlan(study), study.pools.subsets[pool]
    paths = [layout.part(subset.of, part) for part in range(plan.parts)]
    seed = derive_seed(study.seed, "subset", subset.of)
    sizes = subset.by == "size" and study.unit == "tokens"
    groups = _groups(paths) if subset.stratify else None
    levels: list[NDArray[Any]] = []
    cuts: dict[int, list[Cut]] = {}
    ends: Ends = {}
    for level in range(lanes_of(np.empty(0, np.uint64))):
        histogram = Histogram(level, wanted(cuts) if level else None)
        for hashes, size, group in _hashes(paths, seed, sizes, groups, study.study):
            histogram.add(hashes, size, group)
        levels.append(histogram.table())
        ends = ends or _subset_ends(pool, subset, levels[0], groups, "size" if sizes else "rows")
        cuts = find_cuts(levels, ends, kind="u", keep="low", by="size" if sizes else "rows")
    assigner = Assigner(cuts, {}, kind="u", keep="low")
    for part, (path, (hashes, size, group)) in enumerate(
        zip(paths, _hashes(paths, seed, sizes, groups, study.study), strict=True)
    ):
        kept = np.flatnonzero(assigner.assign(hashes, size, group) == 0) if len(hashes) else np.empty(0, np.int64)
        table = read_table(path, study=study.study).take(kept)
        inputs = digest(subset_keys(study, pool), recorded(path))
        metadata = {"study": study.study, "artifact": "pools/<pool>", "inputs": inputs}
        with writer(layout.part(pool, part), pool_schema(plan), metadata, sorted_by_uid=True) as file:
            file.append({name: table[name].combine_chunks() for name in table.column_names}, row_group=1 << 20)


def _groups(paths: list[Path]) -> list[str]:
    return sorted({name for path in paths for name in read_table(path, ["group"])["group"].unique().to_pylist()})


def _hashes(
    paths: list[Path], seed: int, sizes: bool, groups: list[str] | None, study: str
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64] | None, NDArray[np.int32] | None]]:
    for path in paths:
        names = ["uid_hi", "uid_lo", *(["tokens"] if sizes else []), *(["group"] if groups is not None else [])]
        table = read_table(path, names, study=study)
        hashes = mix64(table["uid_hi"].to_numpy(), table["uid_lo"].to_numpy(), seed)
        group = None
        if groups is not None:
            encoded = table["group"].combine_chunks().dictionary_encode()
            place = np.array([groups.index(name) for name in encoded.dictionary.to_pylist()], np.int32)
            group = place[encoded.indices.to_numpy()] if len(place) else np.empty(0, np.int32)
        yield hashes, table["tokens"].to_numpy() if sizes else None, group


def _subset_ends(pool: str, subset: Subset, counts: NDArray[Any], groups: list[str] | None, by: str) -> Ends:
    """How much of each group is taken: everything together, or equal amounts of each group."""
    amounts = {group: int(part[by].sum()) for (group, _), part in by_prefix(counts)}
    total = sum(amounts.values())
    wanted_size = subset.size if subset.size is not None else ceil((subset.share or 0) * total)
    places = sorted(amounts) or [0]
    share, rest = divmod(wanted_size, len(places))
    ends: Ends = {}
    for i, group in enumerate(places):
        end = share + (i < rest)
        if end > amounts.get(group, 0):
            where = f"group {groups[group]!r} of pool {subset.of!r}" if groups else f"pool {subset.of!r}"
            raise InputError(f"key pools.subsets.{pool}: {where} holds {amounts.get(group, 0)}, {end} are asked for")
        ends[group] = [end]
    return ends
