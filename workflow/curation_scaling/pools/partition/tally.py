"""What a bucket holds: rows, sizes, its range of scores, and which row is its last."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from curation_scaling.pools.select.bits import Keep
from curation_scaling.pools.table import Rows


@dataclass
class Tally:
    """Sums over some of a bucket's rows, which come in the order of their uids.

    Attributes:
        rows: how many.
        tokens: sum of their tokens, if they have any.
        bytes: sum of their bytes, if they have any.
        best: the best score.
        worst: the worst score.
        best_ties: rows with the best score.
        worst_ties: rows with the worst score.
        last: the largest uid among the rows with the worst score: the last row of the bucket.
    """

    rows: int
    tokens: int | None
    bytes: int | None
    best: float | None
    worst: float | None
    best_ties: int
    worst_ties: int
    last: tuple[int, int] | None

    @classmethod
    def empty(cls) -> Tally:
        """Of no rows."""
        return cls(0, None, None, None, None, 0, 0, None)

    def add(self, rows: Rows, keep: Keep) -> None:
        """Count more rows, whose uids follow those before."""
        scores = rows["score"]
        for name in ("tokens", "bytes"):
            if name in rows:
                setattr(self, name, (getattr(self, name) or 0) + int(rows[name].sum()))
        self.rows += len(scores)
        if not len(scores):
            return
        high, low = scores.max(), scores.min()
        best, worst = (high, low) if keep == "high" else (low, high)
        at = np.flatnonzero(scores == worst)
        last = int(rows["uid_hi"][at[-1]]), int(rows["uid_lo"][at[-1]])
        self._join(float(best), float(worst), int((scores == best).sum()), len(at), last, keep)

    def _join(
        self, best: float, worst: float, best_ties: int, worst_ties: int, last: tuple[int, int], keep: Keep
    ) -> None:
        sign = 1 if keep == "high" else -1
        if self.best is None or self.worst is None or sign * best > sign * self.best:
            self.best, self.best_ties = best, best_ties
        elif best == self.best:
            self.best_ties += best_ties
        if self.worst is None or sign * worst < sign * self.worst:
            self.worst, self.worst_ties, self.last = worst, worst_ties, last
        elif worst == self.worst:
            self.worst_ties, self.last = self.worst_ties + worst_ties, last

    def merge(self, other: Tally, keep: Keep) -> None:
        """Add the tally of the ranges that follow."""
        self.rows += other.rows
        for name in ("tokens", "bytes"):
            if getattr(other, name) is not None:
                setattr(self, name, (getattr(self, name) or 0) + getattr(other, name))
        if other.best is not None and other.worst is not None and other.last is not None:
            self._join(other.best, other.worst, other.best_ties, other.worst_ties, other.last, keep)

    def record(self) -> dict[str, Any]:
        """For a JSON file; scores as the text of their exact value, since JSON has no infinities."""
        values = asdict(self)
        for name in ("best", "worst"):
            values[name] = None if values[name] is None else float(values[name]).hex()
        return values

    @classmethod
    def of(cls, record: dict[str, Any]) -> Tally:
        """From such a record."""
        values = dict(record)
        for name in ("best", "worst"):
            values[name] = None if values[name] is None else float.fromhex(values[name])
        values["last"] = None if values["last"] is None else tuple(values["last"])
        return cls(**values)
