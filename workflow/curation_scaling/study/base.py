"""What all parts of a study share: strict models and the names that may become files."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# Names become file and wildcard parts: no slash, dot, space or quote.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def _number(value: Any) -> Any:
    """YAML 1.1 reads 128e6 as text, and `--config` makes text of list items: take both as the numbers they are."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    return value


def _whole(value: Any) -> Any:
    value = _number(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


Real = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_whole), Field(gt=0)]
Index = Annotated[int, BeforeValidator(_whole), Field(ge=0, lt=2**63)]
Positive = Annotated[Real, Field(gt=0)]
Share = Annotated[Real, Field(gt=0, lt=1)]


class Part(BaseModel):
    """A mapping of the study file: unknown keys and silent conversions are refused, and values never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
