"""The 96 symbols that all text is written in: printable ASCII and the line break."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SYMBOLS = 96  # codes 0 to 94 are ASCII 32 to 126, code 95 is the line break
_BREAK = 95
_OTHER = "?"  # stands for every other character


def normalise(text: str) -> str:
    """The text in the alphabet: tabs become spaces, any other foreign character a question mark."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or " " <= c <= "~" else _OTHER for c in text)


def encode(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Codes (u8) of the texts laid end to end; the texts must be normalised."""
    codes = np.frombuffer("".join(texts).encode("ascii"), np.uint8) - np.uint8(32)  # the line break, 10, wraps to 234
    return np.where(codes < _BREAK, codes, np.uint8(_BREAK))
