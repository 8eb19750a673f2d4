"""Ids of every form as 128-bit uids: two u64 halves, and for hashed text a checksum that exposes collisions."""

from __future__ import annotations

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.source import halves, uid
from curation_scaling.pools.table import Rows
from curation_scaling.seeds import mix64

_DIGITS = {c: int(c, 16) for c in "0123456789abcdefABCDEF"}
_NO_BYTE = 256
_PAIRS = np.full(1 << 16, _NO_BYTE, np.uint16)  # two digits as they lie in memory, to the byte that they write
for _first, _high in _DIGITS.items():
    for _second, _low in _DIGITS.items():
        _PAIRS[ord(_first) | ord(_second) << 8] = _high << 4 | _low
_DASHES = (8, 13, 18, 23)


def parse_ids(ids: pa.Array, form: str, where: str, row: int) -> Rows:
    """uid_hi, uid_lo and, of text, `check` (u32) of each id.

    Args:
        ids: strings, or whole numbers for the form "integer"; no nulls are allowed.
        form: "hex" (up to 32 digits, padded with zeros on the left, as DataComp's resharder does), "uuid", "integer"
            (kept in uid_lo; uid_hi is a bijective mix of it, so that uids spread over all ranges) or "text" (BLAKE2b).
        where: the file and the column, for messages.
        row: the number of the first id, for messages.

    Raises:
        InputError: if an id is null or not of this form.
    """
    if ids.null_count:
        at = pc.index(pc.is_null(ids), True).as_py()
        raise InputError(f"{where} is null in row {row + at}: name every sample")
    if form == "integer":
        low = ids.cast(pa.int64()).to_numpy().astype(np.uint64) if not pa.types.is_uint64(ids.type) else ids.to_numpy()
        return {"uid_hi": mix64(np.zeros_like(low), low, 0), "uid_lo": low}
    if form == "text":
        names = [text.encode() for text in ids.to_pylist()]
        high, low = halves(uid(name) for name in names) if names else (np.empty(0, np.uint64),) * 2
        check = np.fromiter((zlib.crc32(name) for name in names), np.uint32, len(names))
        return {"uid_hi": high, "uid_lo": low, "check": check}
    high, low = hex_halves(ids, 36 if form == "uuid" else 32, form, where, row)
    return {"uid_hi": high, "uid_lo": low}


def hex_halves(
    texts: pa.Array, width: int, form: str, where: str, row: int, exact: bool = False
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first 32 hexadecimal digits of texts of `width` characters (UUIDs have 36, with their dashes).

    Raises:
        InputError: at the first text that is not of this form.
    """
    texts = texts.cast(pa.large_string())
    lengths = pc.binary_length(texts).to_numpy()
    bad = lengths != width
    if form == "hex" and not exact:
        bad = (lengths > width) | (lengths == 0)
        if (lengths < width).any() and not bad.any():
            texts = pc.ascii_lpad(texts, width, "0")  # by bytes, as the lengths are
    if bad.any():
        raise _malformed(texts, int(bad.argmax()), form, where, row)
    text = _characters(texts).reshape(-1, width)
    if form == "uuid":
        bad = (text[:, _DASHES] != ord("-")).any(axis=1)
        text = np.delete(text, _DASHES, axis=1)
    pairs = _PAIRS.take(np.ascontiguousarray(text[:, :32]).view("<u2"))
    wrong = bad | (pairs.max(axis=1) == _NO_BYTE) if pairs.max(initial=0) == _NO_BYTE else bad
    if wrong.any():
        raise _malformed(texts, int(wrong.argmax()), form, where, row)
    words = pairs.astype(np.uint8).view(">u8").astype(np.uint64)
    return np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])


def _characters(texts: pa.Array) -> NDArray[np.uint8]:
    """The bytes of all texts, one after the other."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if not len(texts) or data is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]


def _malformed(texts: pa.Array, at: int, form: str, where: str, row: int) -> InputError:
    text = texts[at].as_buffer().to_pybytes().decode(errors="replace")
    return InputError(
        f"{where} is {text[:50]!r} in row {row + at}, which is no id of the form {form}: mend id_form or it"
    )
