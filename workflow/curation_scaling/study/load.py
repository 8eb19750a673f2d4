"""Read and check a study; every fault becomes one sentence with the file, the key and the mend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from curation_scaling.errors import InputError
from curation_scaling.study.faults import describe_faults, foreign_value
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.read import check_extent, read_content, values_inside
from curation_scaling.study.rerun import Rerun


def load_study(path: Path) -> PoolStudy | Rerun:
    """Read a study file (YAML).

    Raises:
        InputError: if the file cannot be read, is not YAML, or does not describe a study.
    """
    return parse_study(read_content(path), str(path))


def parse_study(content: Any, where: str) -> PoolStudy | Rerun:
    """Check the content of a study; `where` names its file in messages.

    The key `reproduction`, or `sources`, makes it a rerun; without `runs` and `frontier` it ends at its pools.

    Raises:
        InputError: if it does not describe a study.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"{where} holds no keys: a study is a mapping of keys, such as `study: NAME`")
    check_extent(content, values_inside, where)
    model: type[PoolStudy | Rerun] = Study
    if {"reproduction", "sources"} & set(content):
        model = Rerun
    elif _ends_at_pools(content):
        model = PoolStudy
    try:
        # Through JSON: YAML's numbers and lists reach the strict models as what they are, and nothing else can.
        return model.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise InputError(f"{where}: {describe_faults(error, model)}") from None
    except (TypeError, ValueError):
        raise InputError(f"{where}: {foreign_value(content)}") from None


def json_schema() -> dict[str, Any]:
    """The JSON schema of a study file, for editors and for documentation."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | TypeAdapter(
        Study | PoolStudy | Rerun
    ).json_schema()


def _ends_at_pools(content: Mapping[Any, Any]) -> bool:
    """No key that speaks of runs, and samples of its own to cut."""
    pools = content.get("pools")
    source = pools.get("source") if isinstance(pools, Mapping) else None
    declared = isinstance(source, Mapping) and source.get("kind") == "declared"
    return not declared and not {"runs", "laws", "frontier", "published"} & set(content)
