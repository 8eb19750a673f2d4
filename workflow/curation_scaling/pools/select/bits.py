"""Floating-point scores as unsigned integers in the same order, 16 bits at a time.

An IEEE-754 number orders like an integer once its sign bit is flipped (positive) or all its bits are (negative). A
selection reads the bits from the top in lanes of 16: two lanes for float32, four for float64 and for 64-bit hashes.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Keep = Literal["high", "low"]
LANE = 16
CELLS = 1 << LANE
_TOP = np.uint64(1 << 63)
_ONES = np.uint64(2**64 - 1)


def lanes_of(values: NDArray[Any]) -> int:
    """Number of 16-bit lanes of the values' type."""
    return values.dtype.itemsize // 2


def lane(values: NDArray[Any], level: int) -> NDArray[np.uint16]:
    """Lane `level` (0 is the top) of the raw bits of contiguous values, as a view."""
    lanes = lanes_of(values)
    at = lanes - 1 - level if sys.byteorder == "little" else level
    return values.view(np.uint16)[at::lanes]


def positive_zero(scores: NDArray[Any]) -> NDArray[Any]:
    """The scores with -0.0 as +0.0, which are the same number but not the same bits."""
    return np.asarray(scores + scores.dtype.type(0))


def raw_bits(values: NDArray[Any]) -> NDArray[np.uint64]:
    """The raw bits, in the top of 64."""
    bits = values.view(np.uint32 if values.dtype.itemsize == 4 else np.uint64).astype(np.uint64)
    return bits << np.uint64(64 - 8 * values.dtype.itemsize)


def ordered(raw: NDArray[np.uint64], kind: str, keep: Keep) -> NDArray[np.uint64]:
    """Raw bits as keys that ascend from the best value to the worst; `kind` is the dtype kind, "f" or "u"."""
    key = raw
    if kind == "f":
        key = np.where(raw & _TOP, ~raw, raw | _TOP)
    return ~key if keep == "high" else key


def best_first(values: NDArray[Any], keep: Keep) -> NDArray[np.uint64]:
    """Keys of values (no NaN), ascending from the best; below a float32's 32 bits all keys hold the same filler."""
    return ordered(raw_bits(values), values.dtype.kind, keep)


def lane_order(prefix: int, level: int, kind: str, keep: Keep) -> int:
    """What to XOR a lane's cells with so that they ascend from the best value, below a raw prefix (empty at level 0).

    At level 0 of floats the answer depends on the cell's own sign bit: see `order_cells`.
    """
    negative = kind == "f" and level > 0 and bool(prefix >> 63)
    return (CELLS - 1) * (negative != (keep == "high"))


def order_cells(cells: NDArray[np.int64], prefix: int, level: int, kind: str, keep: Keep) -> NDArray[np.int64]:
    """The place of each raw cell in best-first order among the cells of its lane."""
    if kind == "f" and level == 0:
        key = np.where(cells & 0x8000, cells ^ (CELLS - 1), cells | 0x8000)
        return key ^ (CELLS - 1) if keep == "high" else key
    return cells ^ lane_order(prefix, level, kind, keep)


def value_of(raw: int, dtype: np.dtype[Any]) -> float:
    """The number with these raw bits (in the top of 64)."""
    bits = np.array([raw >> (64 - 8 * dtype.itemsize)], np.uint32 if dtype.itemsize == 4 else np.uint64)
    return float(bits.view(dtype)[0])
