"""The user's own training command: placeholders filled in, run as one job, its JSON lines read and checked."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.runs.record import weights_by_size
from curation_scaling.runs.trainers.training import Evaluation, Training
from curation_scaling.study.runs import CommandTrainer

PLACEHOLDERS = ("manifest", "uids", "weights", "samples_seen", "checkpoints", "params", "seed", "output")


def fill(command: str, values: Mapping[str, str]) -> str:
    """Replace each {placeholder} by its value, quoted for the shell as one word; other braces stay as they are."""
    names = "|".join(PLACEHOLDERS)
    return re.sub(rf"\{{({names})\}}", lambda match: shlex.quote(values[match[1]]), command)


def train_command(
    trainer: CommandTrainer,
    checkpoints: Sequence[int],
    seed: int,
    layout: Layout,
    *,
    pool: str,
    draw: int,
    name: str,
    sizes: Mapping[str, int],
) -> Training:
    """Run the command in the working directory and read what it wrote to {output}.

    {weights} is a JSON list of {"pool", "weight", "size"}; {checkpoints} a comma-separated list; {samples_seen} the
    last of them; {params} is empty if the study gives none.

    Raises:
        InputError: if the command fails, or its output lacks a checkpoint, has one twice, or holds no finite error.
    """
    with tempfile.TemporaryDirectory(prefix="curation-scaling-") as folder:
        output = Path(folder) / "results.jsonl"
        values = {
            "manifest": str(layout.pool(pool, draw)),
            "uids": str(layout.subset(pool, draw)),
            "weights": json.dumps(weights_by_size(sizes)),
            "samples_seen": str(checkpoints[-1]),
            "checkpoints": ",".join(map(str, checkpoints)),
            "params": "" if trainer.params is None else str(trainer.params),
            "seed": str(seed),
            "output": str(output),
        }
        command = fill(trainer.command, values)
        print(f"{name}: {command}", file=sys.stderr, flush=True)
        code = subprocess.run(["bash", "-o", "pipefail", "-c", command], check=False).returncode
        if code != 0:
            raise InputError(f"run {name}: the training command ended with exit code {code}; its output is above")
        if not output.is_file():
            raise InputError(
                f"run {name}: the training command did not write {{output}}; let it write JSON lines there"
            )
        lines = output.read_text(encoding="utf-8").splitlines()
    return _read(name, lines, trainer, checkpoints)


def _read(name: str, lines: Sequence[str], trainer: CommandTrainer, checkpoints: Sequence[int]) -> Training:
    errors: dict[int, float] = {}
    params, flops = trainer.params, None
    for number, line in enumerate(lines, 1):
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


def _parse(where: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        raise InputError(f"{where} is not JSON; write one object a line") from None
    wanted: dict[str, tuple[type, ...]] = {"samples_seen": (int,), "metric": (str,), "error": (int, float)}
    for key, kinds in wanted.items():
        if not isinstance(row, dict) or not isinstance(row.get(key), kinds) or isinstance(row.get(key), bool):
            raise InputError(f"{where} has no valid {key!r}; write samples_seen, metric and error")
    if not abs(row["error"]) < float("inf"):
        raise InputError(f"{where} has the error {row['error']}; a finite number is needed")
    return dict(row)
