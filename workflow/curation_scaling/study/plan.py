"""What a study will do, in a few lines: `curation-scaling check`."""

from __future__ import annotations

from curation_scaling.runs.identity import run_identities
from curation_scaling.study.estimate import estimate, estimate_rerun
from curation_scaling.study.locate import check_inputs
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pruning import cells_of
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import training_jobs
from curation_scaling.study.runs import Train
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import ShardsSource
from curation_scaling.study.sources import ImportMixtures, Sources, grid_at


def describe_plan(study: PoolStudy | Rerun, cores: int = 1) -> str:
    """Pools, runs, jobs, and about how long they take on `cores` cores, and how much disk, of a valid study.

    Raises:
        InputError: if a file that it reads is missing.
    """
    check_inputs(study)
    if isinstance(study, Rerun):
        return _describe_rerun(study, cores)
    cut = _describe_shards(study) if isinstance(study.pools.source, ShardsSource) else []
    if not isinstance(study, Study):
        head = [f"{study.study}: {study.title}", f"pools: {', '.join([*study.pools.members, *study.pools.subsets])}"]
        jobs = 2 if cut else 3 + study.pools.draws * (1 + len(study.pools.unions))
        end = ["runs: none; the study ends at its pools", f"jobs: {jobs}{' beside those on shards' if cut else ''}"]
        return "\n".join([*head, *cut, *end, *estimate(study, jobs, cores)])
    runs = len(run_identities(study))
    lines = [
        f"{study.study}: {study.title}",
        f"pools: {', '.join(study.pools.members)}",
        f"candidates: {', '.join(study.candidates)}",
        f"budgets: {', '.join(f'{b:g}' for b in study.frontier.budgets)} {study.frontier.unit}",
        f"laws: {', '.join(study.laws.names)}; mixtures by gamma {', '.join(f'{g:g}' for g in study.laws.gammas)}",
    ]
    if isinstance(study.runs, Train):
        unions = (len(study.pools.unions) + bool(study.pools.pruned)) * study.pools.draws
        seen = runs * study.runs.checkpoints[-1]
        lines.insert(2, f"runs: {runs} trainings ({study.pools.draws} draws x {study.runs.seeds} seeds a pool)")
        lines.insert(3, f"training: {seen:g} {study.unit} in all")
        lines += cut
        jobs = runs + 5 if cut else 1 + study.pools.draws + unions + 1 + runs + 5
    else:
        lines.insert(2, "runs: imported")
        jobs = 5
    if study.pruning is not None:
        trained = sum(len(cells_of(study.pruning, size)) for _, size in study.pruning.jobs)
        lines.append(f"pruning: {trained} trainings on pruned pools, in {len(study.pruning.jobs)} jobs")
        jobs += 3 + 2 * len(study.pruning.jobs)  # task, rank, pruning; prune and train each draw of each size
    jobs += study.regimes is not None
    lines.append(f"jobs: {jobs}{' beside those on shards' if cut else ''}")
    lines += estimate(study, jobs, cores)
    return "\n".join(lines)


def _describe_shards(study: PoolStudy) -> list[str]:
    """Shards, jobs a pass, parts, and the disk that the study takes while it runs."""
    plan = ShardPlan(study)
    shards = sum(map(len, plan.tables.values()))
    return [
        f"shards: {shards}, about {plan.source.rows:g} rows, {plan.jobs} jobs a pass, {plan.parts} parts a pool",
        f"disk: about {plan.disk / 1e9:.3g} GB below results/ while it runs, beside the shards",
    ]


def _describe_rerun(rerun: Rerun, cores: int) -> str:
    parts = (
        rerun.point_tables,
        rerun.rankings,
        rerun.theory,
        rerun.mixing,
        rerun.selectors,
        rerun.teacher_student,
        rerun.recipe,
        rerun.diversity,
        rerun.domains,
    )
    trainings = len(training_jobs(rerun))
    jobs = 3 + sum(map(bool, parts)) + (1 + trainings if trainings else 0) + _source_jobs(rerun)
    lines = [
        f"{rerun.study}: {rerun.title}",
        f"tables: {', '.join(rerun.point_tables)}",
        f"fits: {', '.join(fit.name for fit in rerun.fits)}",
        f"checks: {len(rerun.reproduction)}",
        f"jobs: {jobs}",
        *estimate_rerun(rerun, jobs, cores),
    ]
    if rerun.sources is not None:
        lines.insert(3, f"sources: {', '.join(rerun.sources.names)}; {_trainings(rerun.sources)}")
    return "\n".join(lines)


def _source_jobs(rerun: Rerun) -> int:
    spec = rerun.sources
    return 0 if spec is None else 5 + max(len(spec.jobs), 1) + len(spec.choice_seeds)


def _trainings(spec: Sources) -> str:
    if isinstance(spec.runs, ImportMixtures):
        return "trainings imported"
    mixed = sum(len(grid_at(spec, spec.runs, size)) for size, _ in spec.jobs)
    return (
        f"{mixed} trainings on mixtures of {', '.join(map(str, spec.all_sizes))} samples, then 3 x {spec.choose.seeds}"
    )
