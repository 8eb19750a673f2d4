"""Checkpoints in whole optimiser steps."""

from __future__ import annotations

from collections.abc import Sequence


def whole_steps(wanted: Sequence[float], batch_size: int) -> list[int]:
    """Checkpoints in examples, each rounded to a whole number of steps, at least one; what falls together is one."""
    return sorted({max(1, round(examples / batch_size)) * batch_size for examples in wanted})
