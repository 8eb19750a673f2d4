"""A folder of JSON files as a table: one row a file, one column a value inside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from curation_scaling.errors import InputError


def read_records(folder: Path, columns: Sequence[str], text: Sequence[str] = ()) -> pl.DataFrame:
    """Values of all `*.json` files below a folder, by file name.

    A column is the way to a value, its keys and list positions (from 0) joined by dots: "results.1.loss". Columns of
    `text` are taken as text.

    Raises:
        InputError: if there is no file, or one is no JSON or lacks a column.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(f"{folder} holds no .json file: fetch the folder again")
    rows = [_row(path, columns) for path in paths]
    try:
        frame = pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{folder}: a column mixes kinds of values ({str(error).splitlines()[0]})") from None
    return frame.with_columns(pl.col(name).cast(pl.String) for name in text)


def _row(path: Path, columns: Sequence[str]) -> list[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise InputError(f"{path} is no JSON file: fetch it again") from None
    return [_value(path, content, name) for name in columns]


def _value(path: Path, content: Any, name: str) -> Any:
    here = content
    for key in name.split("."):
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        else:
            raise InputError(f"{path} has no column {name!r}: {key!r} is not there")
    if isinstance(here, dict | list):
        raise InputError(f"{path}: column {name!r} is not a single value; name one inside it, such as {name}.0")
    return here
