"""What each stage that cuts shards depends on; never how many jobs share the work, nor where shards lie."""

from __future__ import annotations

from typing import Any

from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shards import ShardsSource

_PLACES = {"shards", "rows", "rows_per_job", "parts", "subset_files"}  # how the work is spread, and where it lies


def _source(study: PoolStudy) -> ShardsSource:
    assert isinstance(study.pools.source, ShardsSource)
    return study.pools.source


def ingest_keys(study: PoolStudy, table: str = "rows", **_: Any) -> dict[str, Any]:
    """The columns of a table and, of the rows, the filters."""
    source = _source(study)
    keys: dict[str, Any] = {"precision": source.precision, "parts": source.part_count}
    if table != "rows":
        return keys | source.attach[int(table.removeprefix("attach"))].model_dump(mode="json", exclude={"shards"})
    out = {*_PLACES, "attach", "combine", "rank_by"}
    attached = {"attached": source.attached}  # a filter that reads them waits
    return keys | attached | source.model_dump(mode="json", exclude=out)


def generate_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """How many rows and shards are made, by which seed."""
    return {"seed": study.seed, "rows": _source(study).rows, "generate": _source(study).generate}


def score_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """How rows become the rows that are cut: the whole source."""
    source = _source(study)
    tables = [table.model_dump(mode="json", exclude={"shards"}) for table in source.attach]
    dump = source.model_dump(mode="json", exclude={*_PLACES, "attach"})
    return dump | {"attach": tables, "parts": source.part_count, "unit": study.unit}


def cut_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """How the scored rows are cut into buckets."""
    keys = study.pools.model_dump(mode="json", include={"keep", "within_group", "buckets", "edges", "top", "by"})
    return keys | {"precision": _source(study).precision, "parts": _source(study).part_count}


def level_keys(study: PoolStudy, select: str = "", **_: Any) -> dict[str, Any]:
    """One selection: the buckets, or a filter."""
    return {"select": select} | (cut_keys(study) if select == "buckets" else {})


def join_keys(study: PoolStudy, pool: str = "", **_: Any) -> dict[str, Any]:
    """The members of a union."""
    return {"pool": pool, "members": study.pools.members[pool]}


def subset_keys(study: PoolStudy, pool: str = "", **_: Any) -> dict[str, Any]:
    """A random part of a pool."""
    return {"seed": study.seed, "pool": pool} | study.pools.subsets[pool].model_dump(mode="json")


def uids_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """A subset file is a pool's parts in another form: nothing of the study enters."""
    return {"parts": _source(study).part_count}


def summary_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """The pools that the tables name, and how they were cut."""
    pools = study.pools
    subsets = {name: s.model_dump(mode="json") for name, s in pools.subsets.items()}
    return cut_keys(study) | {"joined": pools.joined, "subsets": subsets, "unit": study.unit}


def pool_report_keys(study: PoolStudy, **_: Any) -> dict[str, Any]:
    """The whole study: the report shows it."""
    return study.model_dump(mode="json", exclude={"data_root"})
