"""The stages that train by model size, batch size, groups and domains: a source, and one set in one draw."""

from __future__ import annotations

from typing import Any

import polars as pl

from curation_scaling.artifacts import SAMPLES
from curation_scaling.artifacts_trainings import TRAININGS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.domains import DOMAIN, with_domain
from curation_scaling.pools.groups import draw_groups
from curation_scaling.pools.ledger import write_json
from curation_scaling.pools.sources.modules import read_modules
from curation_scaling.pools.sources.source import POOL, TEST
from curation_scaling.progress import progress
from curation_scaling.runs.domains import check_units, domain_shares, draw_domains
from curation_scaling.runs.steps import whole_steps
from curation_scaling.runs.trainers.mlp import train_mlp
from curation_scaling.runs.trainers.training import Evaluation, Training
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, inputs_digest, read, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import source_keys, training_keys
from curation_scaling.study.trainings import Cell, ModuleSource, Trainings, TrainingSet


def build_source(rerun: Rerun, layout: Layout) -> None:
    """Read the source of a rerun's trainings and write its samples, and what became of every row.

    Raises:
        InputError: if it holds fewer groups, or fewer characters of a domain, than a set asks for.
    """
    part = _part(rerun)
    options = part.source.model_dump(exclude={"packages", "domains"})
    source = read_modules(domains=part.source.parts, **options, seed=derive_seed(rerun.seed, "source"))
    pool = source.frame.filter(role=POOL)
    held = pool["group"].n_unique()
    for i, one in enumerate(part.sets):
        if max(one.groups or [0]) > held:
            raise InputError(
                f"key trainings.sets[{i}].groups: {max(one.groups or [])} modules are asked for, {held} hold "
                f"{part.source.smallest} samples and are not held out; lower it, or name more packages"
            )
        if one.share:
            check_units(f"key trainings.sets[{i}]", one, part, pool)
    report = {"counts": source.counts, "provenance": source.provenance}
    write_json(layout.source_counts, report, study=rerun.study)
    frame = source.frame.with_columns(score=pl.lit(None, pl.Float64))
    write(layout.samples, SAMPLES, frame, study=rerun.study, inputs=digest(source_keys(rerun)))


def train_set(rerun: Rerun, layout: Layout, set: str, draw: int) -> None:
    """Train every combination of one set in one draw, and write a row a checkpoint."""
    part = _part(rerun)
    one = part.set_named(set)
    samples = read(layout.samples, SAMPLES, study=rerun.study)
    inputs = inputs_digest(training_keys(rerun, set, draw), layout.samples)
    pool, test = samples.filter(role=POOL), samples.filter(role=TEST)
    seed = derive_seed(rerun.seed, "groups", draw)
    rows = []
    for cell in progress(list(one.cells(part.trainer)), f"trainings of {set}"):
        number = derive_seed(rerun.seed, "trainings", cell.name, draw)
        if cell.share is None:
            taken = draw_groups(pool, groups=cell.groups, per_group=cell.per_group, seed=seed)
            rows += _rows(cell, [taken], _train(part, one, cell, [taken], None, test, number))
        else:
            seen = whole_steps(one.checkpoints or [], cell.batch_size)[-1]
            drawn = draw_domains(part.source, pool, cell.share, seen, seed)
            weights = [weight for weight, _ in drawn.values()]
            pools = [frame for _, frame in drawn.values()]
            both = with_domain(test, part.source.parts)
            rows += _rows(cell, pools, _train(part, one, cell, pools, weights, both, number), part.source)
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(set=pl.lit(set), draw=pl.lit(draw, pl.Int32))
    write(layout.training(set, draw), TRAININGS, frame, study=rerun.study, inputs=inputs)


def _train(
    part: Trainings,
    one: TrainingSet,
    cell: Cell,
    pools: list[pl.DataFrame],
    weights: list[float] | None,
    test: pl.DataFrame,
    seed: int,
) -> tuple[Training, float]:
    """The training of a cell, and its learning rate."""
    wanted = [*(one.checkpoints or []), *(passes * _units(pools) for passes in one.passes or [])]
    rate = part.trainer.learning_rate * (cell.batch_size / part.trainer.batch_size) ** part.rate_exponent
    options = part.trainer.model_dump(exclude={"kind"})
    options |= {"hidden": cell.hidden, "batch_size": cell.batch_size, "learning_rate": rate}
    options |= {"weights": weights, "part": None if cell.share is None else DOMAIN}
    return train_mlp(pools, test, checkpoints=whole_steps(wanted, cell.batch_size), seed=seed, **options), rate


def _rows(
    cell: Cell, pools: list[pl.DataFrame], trained: tuple[Training, float], source: ModuleSource | None = None
) -> list[dict[str, Any]]:
    """A row an evaluation; of a mixture of domains one on each of them, with the share of that domain."""
    result, rate = trained
    assert result.params is not None
    assert result.flops_per_sample is not None
    shares = {} if source is None or cell.share is None else domain_shares(source, cell.share)
    on: list[tuple[str | None, tuple[Evaluation, ...]]] = [*result.parts.items()] if shares else []
    return [
        {
            "cell": cell.name,
            "domain": domain,
            "share": None if domain is None else shares[domain],
            "params": result.params,
            "batch_size": cell.batch_size,
            "learning_rate": rate,
            "groups": len({name for pool in pools for name in pool["group"]}),
            "per_group": cell.per_group,
            "unique_samples": sum(pool.height for pool in pools),
            "unique_units": _units(pools),
            "samples_seen": seen,
            "steps": seen // cell.batch_size,
            "flops": result.flops_per_sample * seen,
            "error": error,
        }
        for domain, evaluations in on or [(None, result.evaluations)]
        for seen, error in evaluations
    ]


def _units(pools: list[pl.DataFrame]) -> int:
    return sum(int(pool["size"].sum()) for pool in pools)


def _part(rerun: Rerun) -> Trainings:
    if rerun.trainings is None:
        raise InputError(f"study {rerun.study} has no key trainings: there is nothing to train")
    return rerun.trainings
