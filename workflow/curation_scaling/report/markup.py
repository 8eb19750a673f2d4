"""Pieces of HTML. Every text that comes in is escaped here, so callers never do it; `Markup` marks what is HTML."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NewType

Markup = NewType("Markup", str)
LONG = 32  # characters of a cell of words from which on it may break, but not to less than a few words a line


def text(value: str) -> Markup:
    """Plain text as HTML."""
    return Markup(html.escape(value))


def join(parts: Iterable[Markup]) -> Markup:
    """Pieces one after another."""
    return Markup("\n".join(parts))


def element(name: str, content: Markup | str, **attributes: str) -> Markup:
    """An element; a plain string as content is the caller's promise that it is HTML. `class_` stands for class."""
    listed = "".join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(v)}"' for key, v in attributes.items())
    return Markup(f"<{name}{listed}>{content}</{name}>")


def paragraph(value: str, **attributes: str) -> Markup:
    """A paragraph of plain text."""
    return element("p", text(value), **attributes)


def bullets(values: Iterable[str]) -> Markup:
    """A list of plain texts."""
    return element("ul", join(element("li", text(v)) for v in values))


def details(summary: str, content: Markup) -> Markup:
    """Content that opens on demand."""
    return element("details", join([element("summary", text(summary)), content]))


def table(
    caption: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    words: Sequence[int] = (0,),
    classes: Mapping[str, str] | None = None,
) -> Markup:
    """A table of plain texts that scrolls sideways by itself on a narrow screen.

    The first column heads its row. `words` are the columns of words, flush left; the others are numbers, flush right.
    `classes` gives cells of some content a look of their own.
    """

    def kind(column: int, value: str = "") -> dict[str, str]:
        look = (classes or {}).get(value, "" if column in words else "number")
        long = "long" if column in words and len(value) > LONG else look
        return {"class_": long} if long else {}

    head = "".join(element("th", text(h), scope="col", **kind(i)) for i, h in enumerate(headers))
    body = []
    for row in rows:
        first = element("th", text(row[0]), scope="row", **kind(0, row[0]))
        body.append(f"<tr>{first}{''.join(element('td', text(v), **kind(i, v)) for i, v in enumerate(row) if i)}</tr>")
    inner = (
        f"<table><caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>{chr(10).join(body)}</tbody></table>"
    )
    return element("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def script_json(identity: str, content: Any) -> Markup:
    """Data for the page's script. No `<` remains, so no text in it can end the element or open another."""
    value = json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=True).replace("<", "\\u003c")
    return Markup(f'<script type="application/json" id="{html.escape(identity)}">{value}</script>')
