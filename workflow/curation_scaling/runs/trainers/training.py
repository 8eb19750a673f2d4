"""What every trainer returns."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Evaluation(NamedTuple):
    """Error on the test set after so many units."""

    samples_seen: int
    error: float


class Training(NamedTuple):
    """One finished run: its evaluations, one a checkpoint, the model's parameters, and the FLOPs per unit.

    `parts` holds the evaluations on each part of the test set, where it was asked for.
    """

    evaluations: tuple[Evaluation, ...]
    params: int | None
    flops_per_sample: float | None
    parts: Mapping[str, tuple[Evaluation, ...]] = MappingProxyType({})
