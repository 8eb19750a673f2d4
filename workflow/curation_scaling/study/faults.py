"""The faults of a study in plain words: which key, what is wrong with it, how to mend it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from curation_scaling.study.base import NAME, SHA256

Path = list[int | str]

_WANTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "finite_number": "must be a finite number",
    "string_too_short": "must not be empty",
    "greater_than": "must be above {gt:.10g}",
    "greater_than_equal": "must be at least {ge:.10g}",
    "less_than": "must be below {lt:.10g}",
    "less_than_equal": "must be at most {le:.10g}",
    "too_short": "must have at least {min_length} entries",
}
_PATTERNS = {
    NAME: "a name has at most 64 letters, digits, _ and -, the first a letter or digit",
    SHA256: "a sha256 has 64 lower-case hexadecimal digits",
}


def describe_faults(error: ValidationError, root: type[BaseModel]) -> str:
    """The first fault of a file that should describe a `root` as one sentence, and how many more there are."""
    faults = error.errors(include_url=False)
    # An unknown key explains a missing one better than the other way round.
    first = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    keys = {_render(_trace(f["loc"], root)[0]) for f in faults}
    rest = f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
    return printable(_describe(first, root)) + rest


def printable(text: str) -> str:
    """One line: keys and values may hold any character."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def foreign_value(content: Any) -> str:
    """A sentence about the first value that is no text, number, list or mapping, such as an unquoted date."""
    found = _foreign(content, [], ())
    if found is None:
        return "the file holds a number of thousands of digits: write a smaller one"
    path, value = found
    return printable(f"key {_render(path)} is a {type(value).__name__}: put it in quotes to make it text")


def _foreign(value: Any, path: Path, above: tuple[int, ...]) -> tuple[Path, Any] | None:
    if value is None or isinstance(value, str | int | float) or id(value) in above:
        return None
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return path, value
    for key, inner in items:
        below = [*path, key if isinstance(key, int) else str(key)]
        if not isinstance(key, str | int | float | None):
            return below, key
        if (found := _foreign(inner, below, (*above, id(value)))) is not None:
            return found
    return None


def _describe(fault: ErrorDetails, root: type[BaseModel]) -> str:
    path, model, tag = _trace(fault["loc"], root)
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "value_error":
        message = str(context["error"])
        return f"key {_render(path)}.{message}" if path else f"key {message}"
    if kind.startswith("union_tag"):
        path = [*path, str(context["discriminator"]).strip("'")]
    key = _render(path)
    if kind == "extra_forbidden":
        return f"key {key} is unknown{f' beside {tag}' if tag else ''}; {_nearest(path[-1], _keys_of(model))}"
    if kind == "missing":
        return f"key {key} is missing; add it"
    if kind == "union_tag_not_found":
        return f"key {key} is missing; the choices are {', '.join(model)}"
    if kind == "union_tag_invalid":
        return f"key {key} is {context['tag']!r}; {_nearest(context['tag'], list(model))}"
    if kind == "literal_error":
        choices = [c.strip().strip("'") for c in context["expected"].replace(" or ", ", ").split(",")]
        return f"key {key} is {_shorten(value)}; {_nearest(value, choices)}"
    if kind == "string_pattern_mismatch":
        return f"key {key} is {_shorten(value)}; {_PATTERNS[context['pattern']]}"
    wanted = _WANTED.get(kind, f"is not valid ({fault['msg']})").format(**context)
    quote = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
    return f"key {key} {wanted}, but it is {_shorten(value)}{quote}"


def _nearest(word: Any, known: list[str]) -> str:
    near = difflib.get_close_matches(str(word), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"the choices are {', '.join(known)}"


def _shorten(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _render(path: Path) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".")


def _keys_of(models: Mapping[str, type[BaseModel]]) -> list[str]:
    return sorted({name for model in models.values() for name in model.model_fields})


def _trace(location: tuple[int | str, ...], root: type[BaseModel]) -> tuple[Path, dict[str, type[BaseModel]], str]:
    """Follow a fault's location through the models.

    Returns its path in the file, that is without the tags that choose among models; the models (by tag) that its last
    key belongs to; and the tag that chose them, such as "kind: images".
    """
    path: Path = []
    here: Any = root
    models: dict[str, type[BaseModel]] = {}
    tag = ""
    for part in location:
        here = _bare(here)
        inside = _models(here)
        if isinstance(part, int):
            path.append(part)
            here = get_args(here)[0]
        elif get_origin(here) is dict and part != "[key]":
            path.append(part)
            here = get_args(here)[1]
        elif len(inside) > 1:
            here = inside[part]
            models = {part: here}
            tag = f"{_tag_field(here)}: {part}"
        elif inside:
            model = next(iter(inside.values()))
            models, tag = inside, tag if model in models.values() else ""
            path.append(part)
            here = model.model_fields[part].annotation if part in model.model_fields else None
    if len(inside := _models(_bare(here))) > 1:
        models = inside
    return path, models, tag


def _bare(annotation: Any) -> Any:
    """Without metadata and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    rest = [a for a in get_args(annotation) if a is not type(None)]
    if type(None) in get_args(annotation) and len(rest) == 1:
        return _bare(rest[0])
    return annotation


def _models(annotation: Any) -> dict[str, type[BaseModel]]:
    """The models that a mapping here may be, by the tag that chooses them; one without a choice has the tag ""."""
    if isinstance(annotation, type):
        return {"": annotation} if issubclass(annotation, BaseModel) else {}
    if get_origin(annotation) not in (Union, UnionType):
        return {}
    found = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
    return {tag: model for model in found for tag in get_args(model.model_fields[_tag_field(model)].annotation)}


def _tag_field(model: type[BaseModel]) -> str:
    return "kind" if "kind" in model.model_fields else "format"
