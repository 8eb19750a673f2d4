"""What all parts of a study share: strict models and the names that may become files."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# Names become file and wildcard parts: no slash, dot, space or quote.
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
SHA256 = r"^[0-9a-f]{64}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _number(value: Any) -> Any:
    """YAML 1.1 reads 128e6 as text, and `--config` makes text of list items: take both as the numbers they are."""
    if isinstance(value, str):
        if _WHOLE.fullmatch(value.strip()):
            return int(value)
        if _NUMBER.fullmatch(value.strip()):
            return float(value)
    return value


def _whole(value: Any) -> Any:
    value = _number(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


Real = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_whole), Field(gt=0)]
Index = Annotated[int, BeforeValidator(_whole), Field(ge=0, lt=2**63)]
Few = Annotated[Count, Field(le=10_000)]  # of things that are listed one by one, such as jobs
Positive = Annotated[Real, Field(gt=0)]
Share = Annotated[Real, Field(gt=0, lt=1)]
Weight = Annotated[Real, Field(ge=0, le=1)]


def check_once(key: str, values: Sequence[object]) -> None:
    """Raise ValueError if a value stands twice in the list under `key`."""
    for i, value in enumerate(values):
        if value in values[:i]:
            raise ValueError(f"{key}[{i}]: {value!r} stands there twice; name it once")


class Part(BaseModel):
    """A mapping of the study file: unknown keys and silent conversions are refused, and values never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)
