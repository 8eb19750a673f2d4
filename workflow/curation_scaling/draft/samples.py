"""A draft for a table of samples, or for shards of them: pools are cut, and the study ends there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curation_scaling.draft.columns import LOW_IS_GOOD, SAMPLES, recognise
from curation_scaling.draft.words import ask, number, scalar, title
from curation_scaling.errors import InputError
from curation_scaling.store import file_sha256

MOST_IN_MEMORY = 5_000_000  # rows: beyond them the study reads shards in batches
BUCKETS = 4
_FORMS = {"uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "hex": r"^[0-9a-fA-F]{32}$"}


def draft_samples(name: str, path: Path, files: list[Path], frame: pl.LazyFrame, given: Mapping[str, str]) -> str:
    """A study over samples with an id and a score.

    Raises:
        InputError: if no column looks like an id, or none of numbers like a score.
    """
    schema = frame.collect_schema()
    numeric = [column for column, kind in schema.items() if kind.is_numeric()]
    found = recognise(list(schema), SAMPLES, given, str(path))
    if found.get("score") not in numeric:
        raise InputError(
            f"{path}: no column of numbers looks like a score; name one by --column score=NAME: "
            f"{', '.join(numeric) or 'there is none'}"
        )
    if "id" not in found:
        raise InputError(f"{path}: no column looks like an id; name one by --column id=NAME: {', '.join(schema)}")
    rows = int(frame.select(pl.len()).collect().item())
    if rows < BUCKETS:
        raise InputError(f"{path} holds {rows} rows: at least {BUCKETS} are needed to cut {BUCKETS} buckets")
    size, why_not = _size(frame, found)
    low = any(word in found["score"].lower() for word in LOW_IS_GOOD)
    unit = {"token": "tokens", "char": "characters"}.get(next((w for w in ("token", "char") if size and w in size), ""))
    shards = rows > MOST_IN_MEMORY and all(file.suffix == ".parquet" for file in files)
    if shards and unit != "tokens":
        unit = None
    source = _shards(path, files, frame, found, rows, size) if shards else _table(files, found, size, why_not)
    lines = [
        title(name, str(path)),
        ask(f"title: {scalar(path.name + ' by ' + found['score'])}", "one line for the report"),
        "seed: 0",
        ask(f"unit: {unit or 'samples'}", "what sizes and budgets are counted in: samples, tokens or characters"),
        "",
        "pools:",
        *source,
        ask(f"  keep: {'low' if low else 'high'}", f"which end of {found['score']} is the better one?"),
        ask(f"  buckets: {BUCKETS}", "how many, of equal numbers of samples; bucket1 is the best"),
        "  unions: # pools to choose among, beside the single buckets",
        *(
            f"    {'all' if k == BUCKETS else f'top{k}'}: [{', '.join(f'bucket{i}' for i in range(1, k + 1))}]"
            for k in range(2, BUCKETS + 1)
        ),
        *_what_next(name),
    ]
    return "\n".join(lines) + "\n"


def _what_next(name: str) -> list[str]:
    return [
        "",
        "# The study ends at its pools: manifests (Parquet) and DataComp subset files (.npy) below results/, to train",
        "# on elsewhere. Bring the results back with",
        f"#   curation-scaling new {name}_answer --from csv RUNS.csv --pools results/{name}",
        "# or, from DataComp's results in folders like POOL/12.8M/eval_results.jsonl,",
        f"#   curation-scaling new {name}_answer --from eval-jsonl FOLDER --pools results/{name}",
        "# or let the workflow start the trainings: a runs part with your command, and a frontier part with budgets,",
        "# as in the README.",
    ]


def _size(frame: pl.LazyFrame, found: Mapping[str, str]) -> tuple[str | None, str]:
    """The size column if every row has a whole size above 0; else why it was not taken."""
    column = found.get("size")
    if column is None:
        return None, ""
    if not frame.collect_schema()[column].is_integer():
        return None, f"{column} holds no whole numbers"
    least = frame.select(pl.col(column).fill_null(0).min()).collect().item()
    return (column, "") if least > 0 else (None, f"{column} has rows that are empty or below 1")


def _table(files: list[Path], found: Mapping[str, str], size: str | None, why_not: str) -> list[str]:
    lines = ["  source:", "    kind: table", "    files:"]
    for file in files:
        lines += [f"      - path: {scalar(str(file))}", f"        sha256: {file_sha256(file)}"]
    lines += [f"    id: {scalar(found['id'])}", f"    score: {scalar(found['score'])}"]
    if size:
        lines.append(ask(f"    size: {scalar(size)}", "is this a sample's size in the unit above?"))
    else:
        lines.append(f"    # size: no column; every sample counts 1{f' ({why_not})' if why_not else ''}")
    if "group" in found:
        lines.append(f"    # group: {scalar(found['group'])} # to rank within groups, with pools.within_group: true")
    return lines


def _shards(
    path: Path, files: list[Path], frame: pl.LazyFrame, found: Mapping[str, str], rows: int, size: str | None
) -> list[str]:
    pattern = str(path / "*.parquet") if path.is_dir() else str(path)
    lines = [
        "  source:",
        "    kind: shards",
        f"    shards: [{scalar(pattern)}]",
        f"    rows: {number(rows)} # {len(files)} files",
        f"    id: {scalar(found['id'])}",
        ask(f"    id_form: {_id_form(frame, found['id'])}", "hex, uuid, integer, or text (which is hashed)"),
        f"    scores: {{main: {scalar(found['score'])}}}",
    ]
    if size and "token" in size:
        lines.append(f"    tokens: {scalar(size)}")
    if "group" in found:
        lines.append(f"    # group: {scalar(found['group'])} # to rank within groups, with pools.within_group: true")
    return lines


def draft_datacomp(name: str, path: Path, files: list[Path], given: Mapping[str, str]) -> str:
    """A study over DataComp's metadata: shards with uid and CLIP similarity, its basic filters, ten buckets.

    Raises:
        InputError: if the shards have no uid or no similarity.
    """
    schema = pq.read_schema(files[0])
    scores = {c: c for c in schema.names if "similarity" in c or c == given.get("score")}
    if "uid" not in schema.names or not scores:
        raise InputError(
            f"{files[0]} has {', '.join(schema.names)}: DataComp's metadata has uid and a similarity score"
        )
    best = given.get("score") or next((c for c in scores if "l14" in c), next(iter(scores)))
    if best not in schema.names:
        raise InputError(f"{files[0]} has no column {best!r}: it has {', '.join(schema.names)}")
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    pattern = str(path / "*.parquet") if path.is_dir() else str(path)
    filters = []
    if "text" in schema.names:
        filters.append("      - {name: short_caption, kind: caption, min_words: 3, min_characters: 6}")
    if {"original_width", "original_height"} <= set(schema.names):
        filters.append("      - {name: small_image, kind: image_size, min_side: 200, max_aspect: 3}")
    lines = [
        title(name, str(path)),
        ask(f"title: {scalar(f'DataComp metadata by {best}')}", "one line for the report"),
        "seed: 0",
        "",
        "pools:",
        "  source:",
        "    kind: shards",
        f"    shards: [{scalar(pattern)}]",
        f"    rows: {number(rows)} # {len(files)} files",
        *(["    precision: float32"] if pa.types.is_float32(schema.field(best).type) else []),
        "    id: uid",
        ask(f"    scores: {{clip: {scalar(best)}}}", f"which score ranks them: {', '.join(scores)}"),
        *(["    filters:", *filters] if filters else []),
        "  keep: high",
        ask("  buckets: 10", "how many, of equal numbers of samples; bucket1 is the best"),
        "  unions:",
        "    top20: [bucket1, bucket2]",
        "    top30: [bucket1, bucket2, bucket3]",
        *_what_next(name),
    ]
    return "\n".join(lines) + "\n"


def _id_form(frame: pl.LazyFrame, column: str) -> str:
    if frame.collect_schema()[column].is_integer():
        return "integer"
    first = frame.select(pl.col(column).cast(pl.String)).head(1000).collect()[column].drop_nulls()
    for form, pattern in _FORMS.items():
        if len(first) and first.str.contains(pattern).all():
            return form
    return "text"
