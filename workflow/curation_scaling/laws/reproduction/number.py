"""One published number beside the same number computed again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Number(NamedTuple):
    """One row of `laws/reproduction`, without its order; `agrees` follows from the others."""

    quantity: str
    published: float | None
    refit: float
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    tolerance: float | None = None
    reaches: bool = False  # the published number is a least value

    @property
    def agrees(self) -> bool | None:
        """Whether the difference is within the tolerance, else whether the interval holds the published number.

        None where nothing was published.
        """
        if self.published is None:
            return None
        if self.reaches:
            return self.refit >= self.published
        if self.tolerance is not None:
            return abs(self.refit - self.published) <= self.tolerance
        lower, upper = (-np.inf if self.lower is None else self.lower), (np.inf if self.upper is None else self.upper)
        return bool(lower <= self.published <= upper)
