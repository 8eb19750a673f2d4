"""What a training on a mixture of two domains sees: a share of its characters from each, none of them twice."""

from __future__ import annotations

import math

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.domains import DOMAIN, draw_units, with_domain
from curation_scaling.runs.steps import whole_steps
from curation_scaling.study.trainings import ModuleSource, Trainings, TrainingSet

_DIGITS = 12  # 1 - 0.7 is 0.3


def domain_shares(source: ModuleSource, share: float) -> dict[str, float]:
    """The share of each domain, where the first one's is `share`."""
    return dict(zip(source.parts, (share, round(1 - share, _DIGITS)), strict=True))


def draw_domains(
    source: ModuleSource, pool: pl.DataFrame, share: float, seen: int, seed: int
) -> dict[str, tuple[float, pl.DataFrame]]:
    """Share and samples of each domain that is in a training which sees so many characters; no character is repeated.

    Raises:
        InputError: if a domain holds fewer characters than its share of them.
    """
    parts = with_domain(pool, source.parts)
    return {
        name: (weight, draw_units(parts.filter(pl.col(DOMAIN) == name), units_of(weight, seen), seed))
        for name, weight in domain_shares(source, share).items()
        if weight > 0
    }


def units_of(share: float, seen: int) -> int:
    """The most units that a domain of this share gives while `seen` are drawn: see `schedule.unit_order`."""
    return min(seen, math.ceil(share * (seen + 2)))


def check_units(key: str, one: TrainingSet, part: Trainings, pool: pl.DataFrame) -> None:
    """Raise InputError if a domain holds fewer characters than a training of the set would see of it."""
    parts = with_domain(pool, part.source.parts)
    held = dict(parts.group_by(DOMAIN).agg(pl.col("size").sum()).iter_rows())
    for cell in one.cells(part.trainer):
        assert cell.share is not None
        seen = whole_steps(one.checkpoints or [], cell.batch_size)[-1]
        for name, share in domain_shares(part.source, cell.share).items():
            if (wanted := units_of(share, seen)) > held[name]:
                raise InputError(
                    f"{key}.share: at share {share:g} a training sees {wanted:,} characters of domain {name}, which "
                    f"holds {held[name]:,}; lower the checkpoints or the share, or name more packages"
                )
