"""Two results of one study, artifact by artifact: the same bytes, or numbers near each other and the reason why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.store import verify

TOLERANCE = 1e-6
SAME, NEAR, DRAWN, DIFFERS = "same bytes", "near", "drawn from others", "differs"
_NOT_COMPARED = ("provenance.json", "study.yaml", "report.partial.html")
_DRAWN = (".html", ".svg", ".png", ".txt")


@dataclass(frozen=True)
class Verdict:
    """What was found of one artifact."""

    name: str
    outcome: str
    detail: str = ""


def compare_results(first: Path, second: Path, tolerance: float = TOLERANCE) -> tuple[list[Verdict], list[str]]:
    """Compare every artifact of two folders `results/<study>`; also what differs between their environments.

    Where the environments are the same, bytes must be. Where they differ, tables may too: by at most `tolerance`,
    relative to a column's largest number; text and figures, which are drawn from tables, are then not compared.

    Raises:
        InputError: if one of them has no provenance, or they are of two studies.
    """
    environments = [_environment(folder) for folder in (first, second)]
    if environments[0]["study"] != environments[1]["study"]:
        raise InputError(f"{first} and {second} are not of the same study with the same keys: compare two that are")
    reasons = list(_differences(environments[0], environments[1]))
    names = sorted(_artifacts(first) | _artifacts(second))
    return [_compare(first, second, name, reasons, tolerance) for name in names], reasons


def _environment(folder: Path) -> dict[str, Any]:
    path = Layout(folder).provenance
    verify(path)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _differences(one: Any, two: Any, where: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(two, dict):
        for key in sorted(one.keys() | two.keys()):
            yield from _differences(one.get(key), two.get(key), f"{where}.{key}".removeprefix("."))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for i, (a, b) in enumerate(zip(one, two, strict=True)):
            yield from _differences(a, b, f"{where}[{i}]")
    elif one != two:
        yield f"{where}: {json.dumps(one)} and {json.dumps(two)}"


def _artifacts(folder: Path) -> set[str]:
    """What a study ends with: no work between, no checksums (they are recomputed), no partial files."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {
        path.as_posix()
        for path in paths
        if path.suffix not in (".sha256", ".tmp") and "_work" not in path.parts and path.as_posix() not in _NOT_COMPARED
    }


def _compare(first: Path, second: Path, name: str, reasons: list[str], tolerance: float) -> Verdict:
    one, two = first / name, second / name
    for path, other in ((one, two), (two, one)):
        if not path.is_file():
            return Verdict(name, DIFFERS, f"only {other} is there")
    if verify(one) == verify(two):
        return Verdict(name, SAME)
    if not reasons:
        return Verdict(name, DIFFERS, "its bytes differ, though nothing of the environment does")
    if name.endswith(_DRAWN):
        return Verdict(name, DRAWN)
    if not name.endswith(".parquet"):
        return Verdict(name, DIFFERS, "its bytes differ, and it holds no measured numbers")
    fault, largest = _distance(pl.read_parquet(one), pl.read_parquet(two))
    if fault or largest > tolerance:
        return Verdict(name, DIFFERS, fault or f"numbers differ by up to {largest:.2g}, {tolerance:g} is allowed")
    return Verdict(name, NEAR, f"numbers differ by up to {largest:.2g}")


def _distance(one: pl.DataFrame, two: pl.DataFrame) -> tuple[str, float]:
    """What differs beside numbers, and by how much real numbers do, relative to their column's largest."""
    if one.schema != two.schema or one.height != two.height:
        return f"{one.height} rows of {len(one.columns)} columns and {two.height} of {len(two.columns)}", np.inf
    largest = 0.0
    for name in one.columns:
        for a, b in _leaves(one[name], two[name]):
            if len(a) != len(b) or not (a.is_null().equals(b.is_null()) or a.dtype.is_float()):
                return f"column {name!r} has other gaps or lists", np.inf
            if not a.dtype.is_float():
                if not a.equals(b, null_equal=True):
                    return f"column {name!r} differs", np.inf
                continue
            x, y = a.fill_null(np.nan).to_numpy(), b.fill_null(np.nan).to_numpy()
            known = np.isfinite(x)
            if not np.array_equal(x[~known], y[~known], equal_nan=True) or not np.isfinite(y[known]).all():
                return f"column {name!r} has other gaps", np.inf
            if known.any():
                largest = max(largest, float(np.abs(x - y)[known].max() / (np.abs(x[known]).max() or 1.0)))
    return "", largest


def _leaves(a: pl.Series, b: pl.Series) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Columns of plain values: of lists their lengths and values, of structs their fields."""
    if isinstance(a.dtype, pl.List):
        yield a.list.len(), b.list.len()
        yield from _leaves(a.list.explode(empty_as_null=False), b.list.explode(empty_as_null=False))
    elif isinstance(a.dtype, pl.Struct):
        for field in a.struct.fields:
            yield from _leaves(a.struct.field(field), b.struct.field(field))
    else:
        yield a, b
