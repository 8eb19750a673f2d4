"""What became of every row, shard by shard: each row under one outcome."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.store import verify, write_bytes

KEPT = "kept"


class Ledger:
    """Rows by outcome and shard."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts: dict[str, dict[int, int]] = {}

    def add(self, outcome: str, shards: NDArray[np.uint32]) -> None:
        """Count rows by the shard that each comes from."""
        if len(shards):
            counts = np.bincount(shards)
            found = np.flatnonzero(counts)
            self.update(outcome, dict(zip(found.tolist(), counts[found].tolist(), strict=True)))

    def update(self, outcome: str, by_shard: dict[int, int]) -> None:
        """Add counts of rows by shard."""
        total = self.counts.setdefault(outcome, {})
        for shard, n in by_shard.items():
            total[int(shard)] = total.get(int(shard), 0) + n

    def write(self, path: Path, study: str) -> None:
        """Write it as JSON."""
        write_json(path, {"dropped": self.counts}, study=study)


def write_json(path: Path, content: dict[str, Any], *, study: str) -> None:
    """Write a JSON file that later stages of the study read."""
    write_bytes(path, (json.dumps({"study": study, **content}, sort_keys=True) + "\n").encode())


def read_json(path: Path, *, study: str) -> dict[str, Any]:
    """A verified JSON file of an earlier stage of the study."""
    verify(path)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.get("study") != study:
        raise InputError(f"{path} belongs to the study {content.get('study')!r}, not to {study!r}: delete it")
    return content


def check_balance(read: dict[int, int], ledger: Ledger, shards: Iterable[str]) -> None:
    """Raise InputError if a shard's rows do not add up: a file of an earlier run was mixed in."""
    for number, name in enumerate(shards):
        counted = sum(by_shard.get(number, 0) for by_shard in ledger.counts.values())
        if counted != read.get(number, 0):
            raise InputError(
                f"{name}: {read.get(number, 0)} rows were read, {counted} are accounted for; delete pools/_work of the "
                "study's results and run again"
            )
