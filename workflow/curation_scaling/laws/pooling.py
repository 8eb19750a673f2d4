"""Partial pooling: buckets in their order of quality lend each other strength, as far as the runs leave them free."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation_scaling.laws.chart import Chart
from curation_scaling.laws.law import Array


@dataclass(frozen=True)
class PartialPooling:
    """A prior on b and ln tau of ordered buckets: normal around a line in the bucket's place, whose course is free.

    order: pools from the best to the worst; pools that are not listed stay alone. spread: the standard deviation of tau
    and b around the line, relative to tau and to the mean of b. Source: hierarchical shrinkage as in Gelman and Hill
    2007, ch. 12, with the line profiled out.
    """

    order: tuple[str, ...]
    spread: float

    def penalty(self, chart: Chart, estimate: Array, variance: float) -> Array:
        """Return rows (k, free) whose squared products with the free coordinates, halved, are added to the loss.

        estimate: the fit without pooling, (free,), which gives b its scale. variance: of the residuals, so that loss
        and prior are in the same units.
        """
        rows = []
        for name, log in (("tau", True), ("b", False)):
            at = [chart.free.index(f"{name}[{pool}]") for pool in self.order if f"{name}[{pool}]" in chart.free]
            if len(at) < 3:
                continue  # a line through two buckets leaves nothing to pool
            place = np.vander(np.arange(len(at), dtype=float), 2)
            off_line = np.eye(len(at)) - place @ np.linalg.pinv(place)
            scale = self.spread if log else self.spread * float(np.abs(estimate[at]).mean())
            block = np.zeros((len(at), len(chart.free)))
            block[:, at] = off_line * np.sqrt(variance) / scale
            rows.append(block)
        return np.concatenate(rows) if rows else np.zeros((0, len(chart.free)))
