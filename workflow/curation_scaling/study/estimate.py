"""What a study will take, before it runs: CPU time and disk, from rates that were measured.

The rates are CPU-seconds of the jobs of finished studies (Snakemake's `*.benchmark.tsv` below logs/), on one core of a
shared cloud machine. They are rough: another machine may be twice as fast, and a study with other parts differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from curation_scaling.runs.identity import run_identities
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pools import DocstringSource, ImageSource, TableSource
from curation_scaling.study.pruning import cells_of
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.runs import CommandTrainer, MlpTrainer, Train
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import ShardsSource
from curation_scaling.study.sources import Sources, TrainMixtures, grid_at
from curation_scaling.study.trainings import Trainings

FLOPS_A_SECOND = 7e10  # docstrings: 28 trainings of 5.1e11 FLOPs took 7.3 CPU-seconds each
JOB = 1.0  # CPU-seconds to start one: Python and the modules of its stage; Snakemake's own share is as much
SOURCE = 10.0  # docstrings 7.7, fashion_mnist 11.3: read and score the source
FITS = 20.0  # docstrings: laws 4.5, frontier 4.0, report 9.0, runs 1.0
PRUNING = 80.0  # docstrings: task 50, rank 19, pruning 8
STEP = 0.9e-3  # docstrings: 7 CPU-seconds for nine trainings on pruned pools of 750 steps, the start of their job apart
SHARD_ROW = 12e-6  # synthetic_pool: 1M rows with every filter, content hash and subset, start of the jobs apart
ALPHABET = 98  # characters that a context is made of
PIXELS = {"digits": 64, "fashion_mnist": 784}
CLASSES = 10
PAGE = 15e6  # bytes of the report, its figures, and the laws' draws
SCORED = 80  # bytes that a sample's training dynamics take in one epoch of one scoring model
ROW = 34  # bytes a row of a manifest and of its subset file take


def estimate(study: PoolStudy, jobs: int, cores: int) -> list[str]:
    """Lines for `check`: time on `cores` cores, and disk.

    jobs: of the study, those on shards apart. A user's own trainings are counted at their time limit, apart.
    """
    lines = [_time(_seconds(study, jobs), cores)]
    trainer = study.runs.trainer if isinstance(study, Study) and isinstance(study.runs, Train) else None
    if isinstance(study, Study) and isinstance(trainer, CommandTrainer):
        runs = len(run_identities(study))
        hours = runs * trainer.minutes / 60
        gpus = f", {hours * trainer.gpus:.3g} GPU-hours" if trainer.gpus else ""
        lines.append(f"  and at most {hours:.3g} hours of your command: {runs} x {trainer.minutes} minutes{gpus}")
    if not isinstance(study.pools.source, ShardsSource):
        lines.append(f"disk: about {_bytes(study) / 1e6:.3g} MB below results/")
    return lines


def estimate_rerun(rerun: Rerun, jobs: int, cores: int) -> list[str]:
    """The line on time for `check`; only a rerun that trains takes more than some minutes, and others have none."""
    trained = _trainings(rerun.trainings) if rerun.trainings else 0.0
    if rerun.sources is not None and isinstance(rerun.sources.runs, TrainMixtures):
        trained += _mixtures(rerun.sources, rerun.sources.runs)
    return [_time(trained + SOURCE + FITS + 2 * JOB * jobs, cores)] if trained else []


def _trainings(part: Trainings) -> float:
    """Steps are counted beside FLOPs: these models are so small that a step's own cost is as much."""
    total, context = 0.0, part.trainer.context
    for one in part.sets:
        for cell in one.cells(part.trainer):
            pool = part.source.chunk * (cell.groups or 1) * (cell.per_group or part.source.smallest)
            seen = one.checkpoints[-1] if one.checkpoints else max(one.passes or [0]) * pool
            sizes = [context * ALPHABET, *cell.hidden, ALPHABET]
            total += 6 * _weights(sizes) * seen / FLOPS_A_SECOND + STEP * seen / cell.batch_size
    return total * part.draws


def _mixtures(spec: Sources, runs: TrainMixtures) -> float:
    """The trainings on the grid of mixtures, then on the chosen weights and the two that they are compared with."""
    samples = sum(size * len(grid_at(spec, runs, size)) for size, _ in spec.jobs)
    samples += 3 * spec.choose.seeds * spec.choose.size
    return STEP * runs.passes[-1] * samples / runs.trainer.batch_size


def _time(seconds: float, cores: int) -> str:
    return f"time: about {_duration(seconds / cores)} on {cores} core{'s' * (cores > 1)} ({_duration(seconds)} of CPU)"


def _seconds(study: PoolStudy, jobs: int) -> float:
    total = 2 * JOB * jobs
    if isinstance(study.pools.source, ShardsSource):
        plan = ShardPlan(study)
        passes = 12 + 4 * len(plan.top_filters)  # kinds of jobs, each a pass or less
        total += SHARD_ROW * plan.source.rows + 2 * JOB * passes * plan.jobs
    elif isinstance(study.pools.source, DocstringSource | ImageSource):
        total += SOURCE
    if not isinstance(study, Study):
        return total
    total += FITS
    if isinstance(study.runs, Train) and isinstance(study.runs.trainer, MlpTrainer):
        flops = 6.0 * _params(study, study.runs.trainer) * study.runs.checkpoints[-1] * len(run_identities(study))
        total += flops / FLOPS_A_SECOND
    if study.pruning is not None:
        trained = sum(len(cells_of(study.pruning, size)) for _, size in study.pruning.jobs)
        steps = study.pruning.checkpoints[-1] / study.pruning.trainer.batch_size
        total += PRUNING + STEP * steps * trained
    return total


def _params(study: Study, trainer: MlpTrainer) -> float:
    """Weights of the perceptron, without the biases."""
    source = study.pools.source
    if trainer.inputs == "characters":
        ends = trainer.context * ALPHABET, ALPHABET
    else:
        pixels = PIXELS[source.dataset] if isinstance(source, ImageSource) else PIXELS["fashion_mnist"]
        ends = trainer.pca or pixels, CLASSES
    return _weights([ends[0], *trainer.hidden, ends[1]])


def _weights(sizes: Sequence[int]) -> float:
    return float(sum(a * b for a, b in pairwise(sizes)))


def _bytes(study: PoolStudy) -> float:
    source, pools = study.pools.source, study.pools
    drawn = sum(map(len, pools.members.values())) / max(len(pools.bucket_names), 1)  # times a draw is written
    rows, content = 0.0, 0.0
    if isinstance(source, DocstringSource):
        content = 3.0 * source.pool_chunks * source.chunk + source.reference_characters + source.test_characters
        rows = content / source.chunk
    elif isinstance(source, ImageSource):
        rows = 70_000 if source.dataset == "fashion_mnist" else 1_797
        content = rows * PIXELS[source.dataset]
    elif isinstance(source, TableSource):
        root = Path(study.data_root or ".").expanduser()
        content = float(sum(p.stat().st_size for f in source.files if (p := root / f.path).is_file()))
        rows = content / ROW  # an id, a score and a size: a wide table has fewer
    total = content + rows * ROW * drawn * pools.draws
    if isinstance(study, Study):
        total += PAGE
        if study.pruning is not None:
            scorer, sizes = study.pruning.scorer, [size for _, size in study.pruning.jobs]
            total += max(sizes) * scorer.models * scorer.epochs * SCORED
            total += sum(size * len(cells_of(study.pruning, size)) for size in sizes) * ROW
    return total


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.2g} h"
