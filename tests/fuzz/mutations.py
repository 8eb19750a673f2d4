"""Damage of bytes and of nested values, drawn by hypothesis, and what must hold whatever is read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from curation_scaling.errors import InputError

TOKENS = [
    b"\0",
    b"\xff" * 4,
    b"{",
    b"}",
    b"[",
    b"]",
    b"'",
    b'"',
    b",",
    b"\n",
    b"nan",
    b"-1",
    b"1e999",
    b"null",
    b"\\u0000",
]
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, float("inf"), float("nan")),
    *("", " ", "x", "nan", "1e5", "bucket1", "a" * 5000, "\0", "\n", "é\u2028", "..", "/", "$(id)", "{x}", "*"),
    *([], {}, [[]], [{}], {"x": {}}, [None], {"": 1}),
]


@st.composite
def damages(draw: st.DrawFn, content: bytes, tail: int = 0) -> bytes:
    """Some bytes changed, cut, doubled or put in; half of the places are among the last `tail` bytes."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        near_end = tail and draw(st.booleans())
        at = max(len(data) - 1 - draw(st.integers(0, tail)), 0) if near_end else draw(st.integers(0, len(data)))
        match draw(st.integers(0, 5)):
            case 0 if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 2:
                del data[at : at + draw(st.integers(1, 40))]
            case 3:
                data[at:at] = draw(st.sampled_from(TOKENS))
            case 4:
                data[at:at] = data[at : at + draw(st.integers(1, 60))]
            case 5 if draw(st.integers(0, 3)) == 0:
                del data[at:]
    return bytes(data)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside nested mappings and lists."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path] * bool(path) + [way for key, value in inside for way in places(value, (*path, key))]


@st.composite
def mutants(draw: st.DrawFn, contents: list[Any]) -> Any:
    """One of some nested values, with a few of its parts replaced, removed, renamed, or taken from another."""
    content = copy.deepcopy(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(1, 4))):
        ways = places(content)
        if not ways:
            break
        *above, last = draw(st.sampled_from(ways))
        holder = content
        for key in above:
            holder = holder[key]
        match draw(st.integers(0, 3)):
            case 0:
                holder[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
            case 1:
                del holder[last]
            case 2 if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "", "kind", "seed", "a\nb", "é"]))] = holder.pop(last)
            case _:
                other = draw(st.sampled_from(contents))
                for key in draw(st.sampled_from(places(other))):
                    other = other[key]
                holder[last] = copy.deepcopy(other)
    return content


def survives(read: Callable[[], Any], folder: Path | None = None) -> Any:
    """What `read` returns, or the sentence of its InputError: one line, no new file. Nothing else may come."""
    before = set(folder.rglob("*")) if folder else set()
    try:
        return read()
    except InputError as error:
        sentence = str(error)
    assert sentence
    assert "\n" not in sentence, repr(sentence)
    assert len(sentence) < 20_000
    assert folder is None or set(folder.rglob("*")) == before
    return sentence
