"""What a study will do, in a few lines: `curation-scaling check`."""

from __future__ import annotations

from curation_scaling.runs.identity import run_identities
from curation_scaling.study.locate import check_inputs
from curation_scaling.study.model import Study
from curation_scaling.study.pruning import cells_of
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.runs import Train


def describe_plan(study: Study | Rerun) -> str:
    """Pools, runs and jobs of a valid study.

    Raises:
        InputError: if a file that it reads is missing.
    """
    check_inputs(study)
    if isinstance(study, Rerun):
        return _describe_rerun(study)
    runs = len(run_identities(study))
    lines = [
        f"{study.study}: {study.title}",
        f"pools: {', '.join(study.pools.members)}",
        f"candidates: {', '.join(study.candidates)}",
        f"budgets: {', '.join(f'{b:g}' for b in study.frontier.budgets)} {study.frontier.unit}",
        f"laws: {', '.join(study.laws.names)}; mixtures by gamma {', '.join(f'{g:g}' for g in study.laws.gammas)}",
    ]
    if isinstance(study.runs, Train):
        unions = len(study.pools.unions) * study.pools.draws
        seen = runs * study.runs.checkpoints[-1]
        lines.insert(2, f"runs: {runs} trainings ({study.pools.draws} draws x {study.runs.seeds} seeds a pool)")
        lines.insert(3, f"training: {seen:g} {study.unit} in all")
        jobs = 1 + study.pools.draws + unions + 1 + runs + 5
    else:
        lines.insert(2, "runs: imported")
        jobs = 5
    if study.pruning is not None:
        trained = sum(len(cells_of(study.pruning, size)) for _, size in study.pruning.jobs)
        lines.append(f"pruning: {trained} trainings on pruned pools, in {len(study.pruning.jobs)} jobs")
        jobs += 3 + 2 * len(study.pruning.jobs)  # task, rank, pruning; prune and train each draw of each size
    lines.append(f"jobs: {jobs}")
    return "\n".join(lines)


def _describe_rerun(rerun: Rerun) -> str:
    lines = [
        f"{rerun.study}: {rerun.title}",
        f"tables: {', '.join(table.name for table in rerun.tables)}",
        f"fits: {', '.join(fit.name for fit in rerun.fits)}",
        f"checks: {len(rerun.reproduction)}",
        f"jobs: {3 + bool(rerun.tables) + bool(rerun.rankings) + bool(rerun.theory)}",
    ]
    return "\n".join(lines)
