"""The user's own training command: placeholders filled in, run as one job, its JSON lines read and checked."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_scaling.errors import InputError
from curation_scaling.runs.record import weights_by_size
from curation_scaling.runs.trainers.training import Evaluation, Training
from curation_scaling.study.runs import PLACEHOLDERS, CommandTrainer

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "POLARS_MAX_THREADS")


def fill(command: str, values: Mapping[str, str]) -> str:
    """Replace each {placeholder} by its value, quoted for the shell as one word; other braces stay as they are."""
    names = "|".join(PLACEHOLDERS)
    return re.sub(rf"\{{({names})\}}", lambda match: shlex.quote(values[match[1]]), command)


def train_command(
    trainer: CommandTrainer,
    checkpoints: Sequence[int],
    seed: int,
    *,
    manifest: Path,
    uids: Path,
    name: str,
    sizes: Mapping[str, int],
) -> Training:
    """Run the command in the working directory and read what it wrote to {output}.

    {manifest} is a pool's Parquet file, of shards the pattern of its parts; {uids} is its DataComp subset file.
    {weights} is a JSON list of {"pool", "weight", "size"}; {checkpoints} a comma-separated list; {samples_seen} the
    last of them; {params} is empty if the study gives none.

    Raises:
        InputError: if the command fails, or its output lacks a checkpoint, has one twice, or holds no finite error
            above 0.
    """
    with tempfile.TemporaryDirectory(prefix="curation-scaling-") as folder:
        output = Path(folder) / "results.jsonl"
        values = {
            "manifest": str(manifest),
            "uids": str(uids),
            "weights": json.dumps(weights_by_size(sizes)),
            "samples_seen": str(checkpoints[-1]),
            "checkpoints": ",".join(map(str, checkpoints)),
            "params": "" if trainer.params is None else str(trainer.params),
            "seed": str(seed),
            "output": str(output),
        }
        command = fill(trainer.command, values)
        print(f"{name}: {command}", file=sys.stderr, flush=True)
        # The package itself computes with one thread; the command has as many as the study asks processors for it.
        environment = os.environ | dict.fromkeys(THREADS, str(trainer.cpus))
        code = subprocess.run(["bash", "-o", "pipefail", "-c", command], env=environment, check=False).returncode
        if code != 0:
            raise InputError(f"run {name}: the training command ended with exit code {code}; its output is above")
        if not output.is_file():
            raise InputError(
                f"run {name}: the training command did not write {{output}}; let it write JSON lines there"
            )
        lines = output.read_bytes().splitlines()
    return _read(name, lines, trainer, checkpoints)


def _read(name: str, lines: Sequence[bytes], trainer: CommandTrainer, checkpoints: Sequence[int]) -> Training:
    errors: dict[int, float] = {}
    params, flops = trainer.params, None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"run {name}: line {number} of the training command's output"
        row = _parse(where, line)
        if row["metric"] != trainer.metric:
            continue
        seen = row["samples_seen"]
        if seen in errors:
            raise InputError(f"{where} repeats samples_seen {seen} of {trainer.metric}; write each checkpoint once")
        errors[seen] = row["error"]
        params = row.get("params", params)
        flops = row["flops"] / seen if "flops" in row else flops
    missing = [n for n in checkpoints if n not in errors]
    if missing:
        raise InputError(f"run {name}: the training command wrote no {trainer.metric} at samples_seen {missing[0]}")
    if flops is None and params is not None:
        flops = 6.0 * params
    return Training(tuple(Evaluation(n, errors[n]) for n in checkpoints), params, flops)


def _parse(where: str, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        raise InputError(f"{where} is not JSON; write one object a line") from None
    if not isinstance(row, dict):
        raise InputError(f"{where} is no JSON object; write {', '.join(_NEEDED)}")
    for key, (wanted, good) in _KEYS.items():
        if key not in row and key in _NEEDED:
            raise InputError(f"{where} has no {key!r}; write {', '.join(_NEEDED)}")
        if key in row and not good(row[key]):
            raise InputError(f"{where} has the {key} {json.dumps(row[key])}; {wanted} is needed")
    return row


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


_NEEDED = ("samples_seen", "metric", "error")
_KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "samples_seen": ("a whole number above 0", _is_count),
    "metric": ("text", lambda value: isinstance(value, str)),
    "error": ("a finite number above 0", _is_amount),
    "params": ("a whole number above 0", _is_count),
    "flops": ("a finite number above 0", _is_amount),
}
