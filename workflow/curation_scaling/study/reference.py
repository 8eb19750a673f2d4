"""Every key of a study file in tables, from the models themselves: `curation-scaling keys`, and config/README.md."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from curation_scaling.study import base
from curation_scaling.study.model import Study
from curation_scaling.study.rerun import Rerun

_NAMES = {
    repr(kind): name
    for kind, name in (
        (base.Name, "name"),
        (base.Sha256, "sha256"),
        (base.Count, "whole number > 0"),
        (base.Index, "whole number >= 0"),
        (base.Positive, "number > 0"),
        (base.Share, "number between 0 and 1"),
        (base.Real, "number"),
        (str, "text"),
        (int, "whole number"),
        (float, "number"),
        (bool, "true or false"),
        (type(None), "null"),
    )
}


def describe_keys() -> str:
    """Markdown: one table for the study and one for each of its parts, then the same for a rerun."""
    return "\n".join(_table(path, model) for root in (Study, Rerun) for path, model in _parts("", root))


def _table(path: str, model: type[BaseModel]) -> str:
    kind = _tag(model)
    title = f"`{path}`" + (f" of kind `{kind}`" if kind else "") if path else f"The {model.__name__.lower()}"
    lines = [f"## {title}", "", (model.__doc__ or "").strip().splitlines()[0], ""]
    lines += ["| key | value | default | meaning |", "|-|-|-|-|"]
    for name, field in model.model_fields.items():
        meaning = field.description or ("see below" if _models(field.annotation) else "")
        words = " ".join([_words(field.annotation), *_bounds(field)])
        lines.append(f"| `{name}` | {words} | {_default(field)} | {meaning} |")
    return "\n".join([*lines, ""])


def _bounds(field: FieldInfo) -> list[str]:
    """The constraints that pydantic moves out of the annotation, as words."""
    signs = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
    found = [(sign, getattr(m, name)) for m in field.metadata for name, sign in signs if hasattr(m, name)]
    return [f"{sign} {value}" for sign, value in found if value != 2**63]


def _parts(path: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, model
    for name, field in model.model_fields.items():
        inside = f"{path}.{name}".removeprefix(".") + ("[]" if get_origin(field.annotation) is list else "")
        for part in _models(field.annotation):
            if part.__name__ != "DataFile" or name == "files":
                yield from _parts(inside, part)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for a in get_args(annotation) for m in _models(a)]


def _tag(model: type[BaseModel]) -> str:
    fields = [model.model_fields[name] for name in ("kind", "format") if name in model.model_fields]
    return str(get_args(fields[0].annotation)[0]) if fields else ""


def _words(annotation: Any) -> str:
    if repr(annotation) in _NAMES:
        return _NAMES[repr(annotation)]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{a}`" for a in arguments)
    if origin is list:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return f"mapping from {_words(arguments[0])} to {_words(arguments[1])}"
    if origin is types.UnionType or str(origin) == "typing.Union":
        words = dict.fromkeys(_words(a) for a in arguments if a is not type(None))
        return " or ".join(words)
    return "mapping"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "needed"
    if isinstance(field.default, BaseModel):
        return "all defaults"
    if field.default is None:
        return "none"
    values = field.default if isinstance(field.default, list) else None
    return ", ".join(f"{v}" for v in values) if values else str(field.default)
