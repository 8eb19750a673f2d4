"""What every data source returns: samples named by content, counted rejections, provenance."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.seeds import mix64

POOL, REFERENCE, TEST = "pool", "reference", "test"


class Source(NamedTuple):
    """All samples of a data source.

    Attributes:
        frame: one row a sample, sorted by (uid_hi, uid_lo): `uid_hi`, `uid_lo` (u64, the two halves of its 128-bit
            name), `group` (str: class label or kind of text), `role` (str: pool, reference or test), `size` (i64:
            characters of text, 1 for an image) and the payload: `text` (str), or `features` (array of u8) and
            `label` (i32).
        counts: rows `read`, `kept`, and rejected by reason; `read` is the sum of all the others.
        provenance: what the data was read from: package versions, or checksums of files.
    """

    frame: pl.DataFrame
    counts: dict[str, int]
    provenance: dict[str, str]


def uids(contents: Iterable[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """128-bit BLAKE2b names of samples, as the high and the low half (big endian)."""
    return halves(uid(content) for content in contents)


def uid(content: bytes) -> bytes:
    """128-bit BLAKE2b name of a sample."""
    return hashlib.blake2b(content, digest_size=16).digest()


def halves(names: Iterable[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The high and the low half of 128-bit names (big endian)."""
    pairs = np.frombuffer(b"".join(names), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def uniform_by_uid(frame: pl.DataFrame, seed: int) -> NDArray[np.float64]:
    """One number in [0, 1) per sample that depends on its uid and the seed alone, whatever else the source holds."""
    mixed = mix64(frame["uid_hi"].to_numpy(), frame["uid_lo"].to_numpy(), seed)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)
