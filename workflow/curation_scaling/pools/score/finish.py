"""The last step before the cut: each row is dropped for a reason, or gets the score that ranks it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import KEPT, Ledger
from curation_scaling.pools.score.combine import ranking_scores
from curation_scaling.pools.table import Rows, take, writer
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import ShardsSource


def scored_schema(source: ShardsSource) -> pa.Schema:
    """The columns of rows that are cut."""
    score = pa.float32() if source.precision == "float32" else pa.float64()
    fields = [("uid_hi", pa.uint64()), ("uid_lo", pa.uint64()), ("shard", pa.uint32()), ("row", pa.uint32())]
    fields += [("score", score), *((n, pa.int64()) for n in ("tokens", "bytes") if getattr(source, n) is not None)]
    return pa.schema(fields + ([("group", pa.int32())] if source.group is not None else []))


def drop_filtered(source: ShardsSource, rows: Rows, ledger: Ledger) -> Rows:
    """Drop the rows that a filter dropped, each counted under the filter."""
    reason = rows["reason"]
    for place in np.unique(reason[reason > 0]).tolist():
        ledger.add(source.filters[place - 1].name, rows["shard"][reason == place])
    return take(rows, reason == 0) if (reason > 0).any() else rows


def drop_unscored(source: ShardsSource, rows: Rows, score: NDArray[Any], ledger: Ledger) -> Rows:
    """Drop the rows without a score: `missing_<score>` where another table lacks the id, else `unscored`."""
    lost = np.isnan(score)
    if lost.any():
        reason = np.full(len(score), "unscored", object)
        for i, table in enumerate(source.attach):
            needed = [name for name in table.scores if name in ranking_scores(source)]
            if needed:
                reason[(rows["missing"] >> np.uint8(i) & np.uint8(1)).astype(bool)] = f"missing_{needed[0]}"
        for name in sorted(set(reason[lost])):
            ledger.add(name, rows["shard"][lost & (reason == name)])
        rows, score = take(rows, ~lost), score[~lost]
    rows["score"] = score
    return rows


def write_scored(study: PoolStudy, layout: Layout, part: int, rows: Rows, inputs: str, ledger: Ledger) -> None:
    """Write one range of uids, and count its rows as kept."""
    ledger.add(KEPT, rows["shard"])
    metadata = {"study": study.study, "artifact": "pools/_work/scored", "inputs": inputs}
    schema = scored_schema(ShardPlan(study).source)
    with writer(layout.work.scored(part), schema, metadata, sorted_by_uid=True) as file:
        file.append(rows, row_group=1 << 20)
