"""The pass after the merge where something needs all rows at once: top filters, contents, ranks; then the score."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation_scaling.layout import Layout
from curation_scaling.pools.dedup.contents import is_repeat
from curation_scaling.pools.ledger import Ledger
from curation_scaling.pools.score.combine import rank_average, row_score
from curation_scaling.pools.score.finish import drop_filtered, drop_unscored, write_scored
from curation_scaling.pools.select.stage import Selection, keeps_top
from curation_scaling.pools.table import Rows, check_owned, read_rows, take
from curation_scaling.progress import progress
from curation_scaling.store import digest, recorded
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import score_keys
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import TopFilter


def score_ranges(study: PoolStudy, layout: Layout, batch: int) -> None:
    """Decide the rows of one job's ranges, and write those that are cut with the score that ranks them."""
    plan, source, work = ShardPlan(study), ShardPlan(study).source, layout.work
    selections = [Selection(study, layout, f.name) for f in plan.top_filters]
    assigners = {s.name: s.assigner(s.exact_cuts(), batch) for s in selections}
    quantiles = {name: _columns(read_rows(work.ranks(name), study=study.study)) for name in plan.ranked}
    inputs = digest(score_keys(study), [recorded(work.merged(part)) for part in range(plan.parts)])
    ledger = Ledger()
    check_owned((work.merged(part) for part in plan.ranges[batch]), study.study)
    for part in progress(plan.ranges[batch], "ranges scored"):
        rows = read_rows(work.merged(part), study=study.study)
        for place, item in enumerate(source.filters):
            if isinstance(item, TopFilter):
                fails = ~keeps_top(assigners[item.name], rows[f"score.{item.score}"])
                reason = rows["reason"]
                reason = np.where(fails & ((reason == 0) | (reason > place + 1)), np.uint8(place + 1), reason)
                rows["reason"] = reason
        if "reason" in rows:
            rows = drop_filtered(source, rows, ledger)
        if source.content is not None:
            repeats = is_repeat(rows, layout, plan, part)
            ledger.add("duplicate_content", rows["shard"][repeats])
            rows = take(rows, ~repeats)
        score = rank_average(source, rows, quantiles) if quantiles else row_score(source, rows)
        rows = drop_unscored(source, rows, score, ledger)
        write_scored(study, layout, part, rows, inputs, ledger)
    ledger.write(work.scored_counts(batch), study.study)


def _columns(rows: Rows) -> tuple[Any, Any]:
    return rows["value"], rows["quantile"]
