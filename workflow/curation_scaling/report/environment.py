"""`provenance.json`: what a study's results were made of and by; no clock, no host, no path of this machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401  # loads its BLAS, so that it is listed
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from curation_scaling import __version__
from curation_scaling.code import PACKAGE
from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import read_json
from curation_scaling.runs.identity import run_id, run_identities
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, folder_sha256, write_bytes
from curation_scaling.study.folder import content_sha256
from curation_scaling.study.locate import data_files, path_of, shard_lists, trainer_inputs
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pools import DeclaredSource, TableSource
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import ShardsSource

LOCK = PACKAGE.parents[1] / "requirements.lock"
_PROJECT = "curation-scaling"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def write_provenance(study: PoolStudy | Rerun, layout: Layout) -> None:
    """Write `provenance.json`: the same on one machine at any time; another machine shows where it differs.

    Raises:
        InputError: if an artifact that names the inputs is missing or damaged.
    """
    content = {
        "study": {"name": study.study, "sha256": content_sha256(study)},
        "seeds": _seeds(study),
        "inputs": _inputs(study, layout),
        "package": {"version": __version__, "sha256": _code_sha256()},
        "packages": installed(),
        "lock": lock(),
        "platform": describe_platform(),
        "blas": blas(),
    }
    write_bytes(layout.provenance, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def installed() -> dict[str, str]:
    """Versions of this project's dependencies, and of theirs, as they are installed."""
    found: dict[str, str] = {}
    waiting = [_PROJECT]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of another platform or Python
        if name not in found:
            found[name] = distribution.version
            needed = [text for text in distribution.requires or [] if "extra ==" not in text]
            waiting += [match[0] for text in needed if (match := re.match(r"[A-Za-z0-9._-]+", text))]
    del found[_PROJECT]
    return found


def lock() -> dict[str, Any] | None:
    """The lock file's sha256, and which packages are installed in another version; None without a lock file."""
    if not LOCK.is_file():
        return None
    pinned: dict[str, list[str]] = {}
    for name, version in _PINNED.findall(LOCK.read_text(encoding="utf-8")):
        pinned.setdefault(name, []).append(version)  # some have one version for old Pythons, and one for new ones
    other = {
        n: {"lock": pinned.get(n, []), "installed": v} for n, v in installed().items() if v not in pinned.get(n, [])
    }
    return {"sha256": file_sha256(LOCK), "installed_otherwise": other}


def describe_platform() -> dict[str, Any]:
    """What numbers may depend on beside the packages: Python, system, C library, processor."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "simd": [*simd.get("baseline", []), *simd.get("found", [])],
    }


def blas() -> list[dict[str, str]]:
    """The linear algebra libraries of numpy and scipy, and the kernels that they chose for this processor."""
    keys = ("prefix", "internal_api", "version", "architecture", "threading_layer")
    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return sorted(
        ({key: str(library[key]) for key in keys if key in library} for library in loaded), key=lambda found: str(found)
    )


def _seeds(study: PoolStudy | Rerun) -> dict[str, Any]:
    """The study's seed, and what each training got of it."""
    seeds: dict[str, Any] = {"study": study.seed}
    if isinstance(study, Study) and study.pruning is not None:
        seeds["pruning"] = study.pruning.seed
    if isinstance(study, PoolStudy) and (jobs := run_identities(study)):
        seeds["train"] = {run_id(*job): derive_seed(study.seed, "train", *job) for job in jobs}
    return seeds


def _inputs(study: PoolStudy | Rerun, layout: Layout) -> dict[str, Any]:
    """Files by their declared path with the sha256 of their bytes; of shards the sha256 of their footers."""
    files = {}
    source = None if isinstance(study, Rerun) else study.pools.source
    for file in [] if isinstance(source, TableSource) else data_files(study):
        path = path_of(study, file)
        files[file.path] = file.sha256 or (folder_sha256(path, "*.json") if path.is_dir() else file_sha256(path))
    if isinstance(study, Rerun):
        if study.trainings is None:
            return {"files": files}
        return {"files": files, "source": read_json(layout.source_counts, study=study.study)["provenance"]}
    files |= {str(path): file_sha256(path) for path in trainer_inputs(study)}
    if isinstance(source, ShardsSource):
        root = Path(study.data_root or ".").expanduser()
        files |= {str(path.relative_to(root)): file_sha256(path) for path in shard_lists(study)}
        return {"files": files, "shard_footers": _footers(study, layout, root)}
    if isinstance(source, DeclaredSource):
        return {"files": files}
    noted = read_json(layout.source_counts, study=study.study)
    if isinstance(source, TableSource):
        files |= dict(zip((file.path for file in source.files), noted["files"], strict=True))
    return {"files": files, "source": noted["provenance"]}


def _footers(study: PoolStudy, layout: Layout, root: Path) -> dict[str, str]:
    """What the first pass noted of each shard, by its path below data_root."""
    plan = ShardPlan(study)
    found: dict[str, str] = {}
    for table in plan.tables:
        for batch, names in enumerate(plan.batches(table)):
            digests = read_json(layout.work.read(table, batch), study=study.study)["shards"]
            found |= dict(zip((name.removeprefix(f"{root}/") for name in names), digests, strict=True))
    return found


def _code_sha256() -> str:
    """Of every module of the package, by its path below it."""
    paths = sorted(PACKAGE.rglob("*.py"))
    lines = (f"{file_sha256(path)}  {path.relative_to(PACKAGE).as_posix()}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
