"""The share to train at: where the weighted loss of both domains is least, and what that costs beside the best one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from curation_scaling.laws.domains.foretold import interval
from curation_scaling.laws.domains.fractions import Domain
from curation_scaling.study.domains import Domains

Array = npt.NDArray[np.float64]
_STEPS = 400  # shares looked at
_DIGITS = 12  # 1 - 0.7 is 0.3


def choose_shares(rows: pl.DataFrame, first: Domain, second: Domain, part: Domains) -> pl.DataFrame:
    """Rows of `laws/domain_choice`: every importance at every size.

    rows: domain, share, params, role, draw, error of each training on each domain, shares of 0 as well. The share runs
    over what both domains were fitted at.
    """
    low, high = float(first.shares.min()), round(1 - float(second.shares.min()), _DIGITS)
    grid = np.linspace(low, high, _STEPS + 1)
    pairs = paired(rows, first.name, second.name)
    trained = np.array([s for s in pairs["share"].unique().sort() if low <= s <= high])
    sizes = pairs.select("params", "role").unique().sort("params", "role").rows()
    known = {size for size, _ in sizes}
    found = []
    for params, role in [*sizes, *((size, "asked") for size in part.params if size not in known)]:
        losses = [domain.losses(s, np.full(s.size, params)) for domain, s in ((first, grid), (second, 1 - grid))]
        at = np.full(trained.size, params)
        there = [first.losses(trained, at)[0], second.losses(1 - trained, at)[0]]
        measured = pairs.filter(params=params, role=role)
        for weight in part.importance:
            total, draws = (weight * a + (1 - weight) * b for a, b in zip(*losses, strict=True))
            best = int(total.argmin())
            lower, upper = interval(grid[draws.argmin(axis=1)][:, None], part.level)
            called = float(trained[int((weight * there[0] + (1 - weight) * there[1]).argmin())])
            found.append(
                {
                    "importance": weight,
                    "params": float(params),
                    "role": role,
                    "share": float(grid[best]),
                    "lower": float(lower[0]),
                    "upper": float(upper[0]),
                    "edge": best in (0, _STEPS),
                    "predicted": float(total[best]),
                    "trained": called,
                    "level": part.level,
                }
                | _judge(measured, weight, called, part.level)
            )
    frame = pl.DataFrame(found, schema_overrides={name: pl.Float64 for name in _JUDGED}, infer_schema_length=None)
    return frame.with_columns(pl.col("lower", "upper").fill_nan(None))


def paired(rows: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Both losses of every training: share of the first domain, params, role, draw, first, second."""
    key = ["share", "params", "role", "draw"]
    one = rows.filter(domain=first).select(*key, first="error")
    other = rows.filter(domain=second).with_columns(share=(1 - pl.col("share")).round(_DIGITS))
    return one.with_columns(pl.col("share").round(_DIGITS)).join(other.select(*key, second="error"), on=key).sort(key)


_JUDGED = ("best", "regret", "regret_lower", "regret_upper", "plain", "plain_regret")


def _judge(pairs: pl.DataFrame, weight: float, called: float, level: float) -> dict[str, Any]:
    """What was measured: the best trained share, and by how much those called best lie above it."""
    if pairs.is_empty():
        return dict.fromkeys(_JUDGED)
    loss = weight * pl.col("first") + (1 - weight) * pl.col("second")
    by_share = pairs.select("share", "draw", loss=loss)
    means = by_share.group_by("share").agg(pl.mean("loss")).sort("loss", "share")
    best = float(means["share"][0])
    plain = float(min(means["share"], key=lambda s: (abs(s - weight), s)))
    of = dict(means.iter_rows())
    lower, upper = _paired_interval(by_share, called, best, level)
    return {
        "best": best,
        "regret": of[called] - of[best] if called in of else None,
        "regret_lower": lower,
        "regret_upper": upper,
        "plain": plain,
        "plain_regret": of[plain] - of[best],
    }


def _paired_interval(by_share: pl.DataFrame, called: float, best: float, level: float) -> Sequence[float | None]:
    """Student's interval of the mean difference over the draws that trained both shares; none with one draw."""
    both = by_share.filter(share=called).join(by_share.filter(share=best), on="draw")
    gap = (both["loss"] - both["loss_right"]).to_numpy()
    if gap.size < 2:
        return None, None
    room = float(stdtrit(gap.size - 1, (1 + level) / 2) * gap.std(ddof=1) / np.sqrt(gap.size))
    return float(gap.mean()) - room, float(gap.mean()) + room
