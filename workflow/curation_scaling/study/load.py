"""Read and check a study; every fault becomes one sentence with the file, the key and the mend."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from curation_scaling.errors import InputError
from curation_scaling.study.model import Study


def load_study(path: Path) -> Study:
    """Read a study file (YAML).

    Raises:
        InputError: if the file is missing, is not YAML, or does not describe a study.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: name an existing study file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML ({' '.join(str(error).split())}): mend the file") from None
    return parse_study(content, str(path))


def parse_study(content: Any, where: str) -> Study:
    """Check the content of a study; `where` names its file in messages.

    Raises:
        InputError: if it does not describe a study.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: a study is a mapping of keys, this is {type(content).__name__}")
    try:
        # Through JSON: YAML's numbers and lists reach the strict models as what they are, and nothing else can.
        return Study.model_validate_json(json.dumps(content))
    except (TypeError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise InputError(f"{where}: {_sentence(error, content)}") from None
        raise InputError(f"{where}: {error}; a study holds only text, numbers, lists and mappings") from None


def json_schema() -> dict[str, Any]:
    """The JSON schema of a study file, for editors and for documentation."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Study.model_json_schema()


def _sentence(error: ValidationError, content: Mapping[str, Any]) -> str:
    faults = error.errors(include_url=False)
    # An unknown key explains a missing one better than the other way round.
    first = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    rest = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return _describe(first, content) + rest


def _describe(fault: ErrorDetails, content: Mapping[str, Any]) -> str:
    location = _path(fault["loc"], content)
    key = _render(location)
    if fault["type"] == "extra_forbidden":
        known = _known_keys(location[:-1], content)
        near = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the keys here are {', '.join(sorted(known))}"
        return f"key {key} is unknown; {hint}"
    if fault["type"] == "missing":
        return f"key {key} is missing; add it"
    if fault["type"] == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return f"key {key}.{message}" if location else f"key {message}"
    if fault["type"] == "string_pattern_mismatch":
        return f"key {key} is {fault['input']!r}; {_PATTERNS.get(fault['ctx']['pattern'], fault['msg'])}"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"key {key}: {message}, but it is {_shorten(fault['input'])}"


_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$": "a name has at most 64 letters, digits, _ and -, the first a letter or digit",
    r"^[0-9a-f]{64}$": "a sha256 has 64 lower-case hexadecimal digits",
}


def _shorten(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _path(location: tuple[int | str, ...], content: Any) -> list[int | str]:
    """The keys of a fault without the tags that discriminated unions put between them."""
    path: list[int | str] = []
    for i, part in enumerate(location):
        if isinstance(content, Mapping) and part in content:
            content = content[part]
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        elif i < len(location) - 1:
            continue
        path.append(part)
    return path


def _render(path: list[int | str]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".")


def _known_keys(path: list[int | str], content: Any) -> list[str]:
    """The keys that the model at `path` knows."""
    models: list[Any] = [Study]
    for part in path:
        content = content[part]
        models = [m for model in models for m in _inside(model, part)]
    tags = {str(content[t]) for t in ("kind", "format") if isinstance(content, Mapping) and t in content}
    chosen = [m for m in models if tags & _tags(m)] or models
    return sorted({name for model in chosen for name in model.model_fields})


def _tags(model: type[BaseModel]) -> set[str]:
    fields = [model.model_fields[t] for t in ("kind", "format") if t in model.model_fields]
    return {str(a) for f in fields for a in getattr(f.annotation, "__args__", ())}


def _inside(model: type[BaseModel], part: int | str) -> list[type[BaseModel]]:
    if isinstance(part, int):
        return [model]
    field = model.model_fields.get(part)
    return [] if field is None else _models(field.annotation)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for a in getattr(annotation, "__args__", ()) for m in _models(a)]
