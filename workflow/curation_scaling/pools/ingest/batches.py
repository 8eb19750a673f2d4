"""What the batches of shards that were read say of each other."""

from __future__ import annotations

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import read_json
from curation_scaling.study.shard_plan import ShardPlan


def check_batches(layout: Layout, plan: ShardPlan) -> tuple[list[str], list[list[str]]]:
    """All groups by name and each table's shards by digest, once all its batches had columns of the same types.

    Raises:
        InputError: if the shards of two batches differ.
    """
    groups: set[str] = set()
    digests: list[list[str]] = []
    for table in plan.tables:
        digests.append([])
        first: dict[str, str] | None = None
        for batch, shards in enumerate(plan.batches(table)):
            counts = read_json(layout.work.read(table, batch), study=plan.study.study)
            groups |= set(counts["groups"])
            digests[-1] += counts["shards"]
            first = first or counts["types"]
            for column, kind in counts["types"].items():
                if first.get(column) != kind:
                    raise InputError(
                        f"{shards[0]}: column {column!r} holds {kind}, in {plan.tables[table][0]} it holds "
                        f"{first.get(column)}; all shards need the same schema"
                    )
    return sorted(groups), [sorted(table) for table in digests]
