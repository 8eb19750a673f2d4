"""A draft for trainings done elsewhere: a table with a row an evaluation, or DataComp's eval_results.jsonl."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from curation_scaling.draft.columns import RUNS, recognise
from curation_scaling.draft.words import ask, number, numbers, scalar, title
from curation_scaling.errors import InputError
from curation_scaling.store import file_sha256
from curation_scaling.study.base import NAME

MOST_BUDGETS = 6
SCALES = {"small": 12.8e6, "medium": 128e6, "large": 1.28e9, "xlarge": 12.8e9}  # samples seen at DataComp's scales
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kmbt]?)", re.IGNORECASE)
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
TASK = "imagenet1k"


@dataclass(frozen=True)
class Pools:
    """What is known of the pools: unique samples of each bucket, the members of unions, and the unit."""

    sizes: Mapping[str, float]
    unions: Mapping[str, list[str]]
    unit: str | None = None


def draft_runs(name: str, path: Path, frame: pl.LazyFrame, given: Mapping[str, str], known: Pools) -> str:
    """A study over a table of evaluations.

    Raises:
        InputError: if a column that is needed is not there, or the size of a pool is not known.
    """
    columns = list(frame.collect_schema())
    found = recognise(columns, RUNS, given, str(path))
    if "error" in found:
        found.pop("accuracy", None)
    accuracy = "accuracy" in found
    measured = found["accuracy" if accuracy else "error"]
    wanted = {"pool": pl.String, "samples_seen": pl.Float64}
    rows = frame.select(
        *(pl.col(found[role]).cast(kind).alias(role) for role, kind in wanted.items()),
        pl.col(measured).cast(pl.Float64).alias("error"),
        *([pl.col(found["size"]).cast(pl.Float64).alias("size")] if "size" in found else []),
    ).collect()
    own = (
        dict(rows.group_by("pool", maintain_order=True).agg(pl.col("size").max()).iter_rows())
        if "size" in found
        else {}
    )
    names = {theirs: _name(theirs) for theirs in rows["pool"].drop_nulls().unique(maintain_order=True)}
    sizes = {names[theirs]: size for theirs, size in own.items() if theirs in names and size} | dict(known.sizes)
    percent = bool(rows["error"].drop_nulls().max() > 1.5) and (accuracy or "error" in measured.lower())  # type: ignore[operator]
    mapped = {role: column for role, column in found.items() if role not in ("accuracy", "size", "error")}
    mapped["error"] = measured
    item = [
        f"    - format: {'parquet' if path.suffix == '.parquet' else 'csv'}",
        "      file:",
        f"        path: {scalar(str(path))}",
        f"        sha256: {file_sha256(path)}",
        "      columns: # column of runs: column of the file",
        *(f"        {role}: {scalar(column)}" for role, column in sorted(mapped.items())),
    ]
    if any(theirs != ours for theirs, ours in names.items()):
        item.append("      pools: # name in the file: name here")
        item += [f"        {json.dumps(theirs)}: {ours}" for theirs, ours in names.items()]
    if accuracy:
        item.append("      accuracy: true # error = 1 - accuracy")
    if percent:
        item.append(ask("      percent: true", "are these percentages?"))
    metric = ask(f"  metric: {scalar(f'error (1 - {measured})' if accuracy else measured)}", "the name of the error")
    return _study(name, path, list(names.values()), sizes, known, rows["samples_seen"], metric, item)


def draft_evals(name: str, path: Path, files: list[Path], known: Pools, task: str = TASK) -> str:
    """A study over DataComp results: each file is one model, its path says its pool and the samples that it saw.

    Raises:
        InputError: if a path does not say them, or a file does not have the task.
    """
    found = []
    for file in files:
        parts = file.relative_to(path).parts[:-1] if path.is_dir() else file.parts[-3:-1]
        amounts = {part: amount for part in parts if (amount := _amount(part)) is not None}
        others = [part for part in parts if part not in amounts]
        if len(amounts) != 1 or not others:
            raise InputError(
                f"{file}: its folders do not say which pool and how many samples seen; name them like "
                "POOL/12.8M/eval_results.jsonl, or POOL/medium/eval_results.jsonl"
            )
        _check_task(file, task)
        found.append((_name(others[0]), next(iter(amounts.values())), file))
    found.sort(key=lambda entry: (_natural(entry[0]), entry[1]))
    item = []
    for pool, amount, file in found:
        item += [
            "    - format: eval_results",
            "      file:",
            f"        path: {scalar(str(file))}",
            f"        sha256: {file_sha256(file)}",
            f"      task: {scalar(task)}",
            f"      pool: {pool}",
            f"      samples_seen: {number(amount)}",
        ]
    metric = f"  metric: {scalar(f'{task}_error')} # 1 - main_metric; each file below is named after its task"
    names = list(dict.fromkeys(pool for pool, _, _ in found))
    seen = pl.Series([amount for _, amount, _ in found], dtype=pl.Float64)
    return _study(name, path, names, dict(known.sizes), known, seen, metric, item)


def _study(
    name: str,
    path: Path,
    pools: list[str],
    sizes: Mapping[str, float],
    known: Pools,
    seen: pl.Series,
    metric: str,
    item: list[str],
) -> str:
    unions = {u: members for u, members in known.unions.items() if u in pools and all(m in sizes for m in members)}
    singles = [pool for pool in pools if pool not in unions]
    for pool in [*singles, *(m for members in unions.values() for m in members)]:
        if pool not in sizes:
            raise InputError(
                f"{path}: how many unique samples {pool!r} has is not known; give --size {pool}=NUMBER, a column "
                "unique_samples, or --pools results/STUDY with the study that cut it"
            )
    single = list(dict.fromkeys([*(m for members in unions.values() for m in members), *singles]))
    order = list(known.sizes) or list(sizes)
    single.sort(key=lambda pool: order.index(pool) if pool in order else len(order))
    lines = [
        title(name, str(path)),
        ask(f"title: {scalar(f'Runs of {path.name}')}", "one line for the report"),
        "seed: 0",
        ask(f"unit: {known.unit or 'samples'}", "what samples seen are counted in: samples, tokens or characters"),
        "",
        "pools:",
        "  source:",
        "    kind: declared",
        ask("    sizes:", "unique samples; is the best pool first?"),
        *(f"      {pool}: {number(sizes[pool])}" for pool in single),
    ]
    if unions:
        lines += ["  unions:", *(f"    {u}: [{', '.join(members)}]" for u, members in unions.items())]
    else:
        lines.append("  # QUESTION: do some pools share samples? A union of others goes to unions: {all: [a, b]}.")
    lines += [
        "",
        "runs:",
        "  kind: import",
        metric,
        "  # params: 1e8 # parameters of the model, or flops_per_sample: then budgets are also given in FLOPs",
        ask("  schedule: unknown", "the learning-rate schedule of these runs"),
        f"  source: {scalar(str(path))}",
        "  files:",
        *item,
        "",
        "laws:",
        "  main: auto # the law that extrapolates best on the single pools",
        "",
        "frontier:",
        ask(
            f"  budgets: {numbers(_budgets(seen, [sizes[p] for p in single]))}",
            "the budgets to decide for, in the unit above",
        ),
    ]
    return "\n".join(lines) + "\n"


def _budgets(seen: pl.Series, sizes: list[float]) -> list[float]:
    """What was seen, thinned, from one pool on; and twice the most."""
    known = np.unique(seen.drop_nulls().to_numpy())
    known = known[known >= min(sizes)]
    if not known.size:
        known = np.array([max(sizes)])
    at = np.unique(np.linspace(0, known.size - 1, MOST_BUDGETS - 1).round().astype(int))
    return [*(float(v) for v in known[at]), 2 * float(known[-1])]


def _name(text: str) -> str:
    """A pool's name that a study can use."""
    if re.match(NAME, text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:64]
    return plain or "pool"


def _natural(name: str) -> list[str]:
    """A key for an order in which bucket10 follows bucket9."""
    return [part.zfill(20) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _amount(part: str) -> float | None:
    """Samples seen that a folder's name says."""
    if part.lower() in SCALES:
        return SCALES[part.lower()]
    match = _AMOUNT.fullmatch(part)
    value = float(match[1]) * _TIMES[match[2].lower()] if match else 0.0
    return round(value) if value >= 1 else None


def _check_task(file: Path, task: str) -> None:
    found = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line) if line.strip() else {}
        except ValueError:
            raise InputError(f"{file} is not JSON, one object a line: fetch it again") from None
        if isinstance(row, dict):
            found += [str(row[key]) for key in ("key", "dataset") if key in row]
    if task not in found:
        raise InputError(f"{file} has no task {task!r}; name one by --column task=NAME: {', '.join(found) or 'none'}")
