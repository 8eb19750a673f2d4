"""Every stage of the workflow by name: the function that does it, and what identifies one job of it.

A stage's modules load only when it runs, so that a job does not pay for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.study import PoolStudy, Rerun, Study


def _samples(study: Study, layout: Layout) -> None:
    from curation_scaling.pools.samples import build_samples

    build_samples(study, layout)


def _buckets(study: Study, layout: Layout, draw: int) -> None:
    from curation_scaling.pools.cut import build_buckets

    build_buckets(study, layout, draw)


def _union(study: Study, layout: Layout, pool: str, draw: int) -> None:
    from curation_scaling.pools.unions import build_union

    build_union(study, layout, pool, draw)


def _pruned(study: Study, layout: Layout, draw: int) -> None:
    from curation_scaling.ranking.pruned import build_pruned

    build_pruned(study, layout, draw)


def _pools(study: Study, layout: Layout) -> None:
    from curation_scaling.pools.collect import collect_pools

    collect_pools(study, layout)


def _shards_generate(study: PoolStudy, layout: Layout, shard: int) -> None:
    from curation_scaling.pools.ingest.synthetic import generate_shard

    generate_shard(study, shard)


def _shards_ingest(study: PoolStudy, layout: Layout, table: str, batch: int, shards: Sequence[str]) -> None:
    from curation_scaling.pools.ingest.stage import ingest_shards

    ingest_shards(study, layout, table, batch, shards)


def _shards_merge(study: PoolStudy, layout: Layout, batch: int) -> None:
    from curation_scaling.pools.ingest.merge import merge_ranges

    merge_ranges(study, layout, batch)


def _shards_repeats(study: PoolStudy, layout: Layout, batch: int) -> None:
    from curation_scaling.pools.dedup.contents import find_repeats

    find_repeats(study, layout, batch)


def _shards_ranks(study: PoolStudy, layout: Layout, score: str) -> None:
    from curation_scaling.pools.score.ranks import build_ranks

    build_ranks(study, layout, score)


def _shards_score(study: PoolStudy, layout: Layout, batch: int) -> None:
    from curation_scaling.pools.score.stage import score_ranges

    score_ranges(study, layout, batch)


def _shards_level(study: PoolStudy, layout: Layout, select: str, level: int, batch: int) -> None:
    from curation_scaling.pools.select.stage import count_level

    count_level(study, layout, select, level, batch)


def _shards_cut(study: PoolStudy, layout: Layout, batch: int) -> None:
    from curation_scaling.pools.partition.stage import cut_ranges

    cut_ranges(study, layout, batch)


def _shards_join(study: PoolStudy, layout: Layout, pool: str, batch: int) -> None:
    from curation_scaling.pools.partition.pools import join_ranges

    join_ranges(study, layout, pool, batch)


def _shards_uids(study: PoolStudy, layout: Layout, pool: str) -> None:
    from curation_scaling.pools.partition.pools import write_uids

    write_uids(study, layout, pool)


def _shards_subset(study: PoolStudy, layout: Layout, pool: str) -> None:
    from curation_scaling.pools.partition.pools import write_subset_pool

    write_subset_pool(study, layout, pool)


def _shards_summary(study: PoolStudy, layout: Layout) -> None:
    from curation_scaling.pools.partition.summary import summarise

    summarise(study, layout)


def _pool_report(study: PoolStudy, layout: Layout) -> None:
    from curation_scaling.report.pools import build_pool_report

    build_pool_report(study, layout)


def _train(study: Study, layout: Layout, pool: str, draw: int, seed: int) -> None:
    from curation_scaling.runs.train import train_run

    train_run(study, layout, pool, draw, seed)


def _runs(study: Study, layout: Layout) -> None:
    from curation_scaling.runs.collect import collect_runs

    collect_runs(study, layout)


def _laws(study: Study, layout: Layout) -> None:
    from curation_scaling.laws.stage import fit_laws

    fit_laws(study, layout)


def _regimes(study: Study, layout: Layout) -> None:
    from curation_scaling.laws.regimes.pools import judge_pools

    judge_pools(study, layout)


def _frontier(study: Study, layout: Layout) -> None:
    from curation_scaling.frontier.stage import build_frontier

    build_frontier(study, layout)


def _published(study: Study, layout: Layout) -> None:
    from curation_scaling.frontier.published import compare_published

    if study.published is None:
        raise InputError(f"study {study.study} has no key published: there is nothing to compare")
    compare_published(study, layout)


def _report(study: Study, layout: Layout) -> None:
    from curation_scaling.report.stage import build_report

    build_report(study, layout)


def _partial_report(study: Study, layout: Layout) -> None:
    from curation_scaling.report.partial import build_partial_report

    build_partial_report(study, layout)


def _task(study: Study, layout: Layout) -> None:
    from curation_scaling.ranking.task import build_task

    build_task(study, layout)


def _rank(study: Study, layout: Layout) -> None:
    from curation_scaling.ranking.stage import rank_samples

    rank_samples(study, layout)


def _prune(study: Study, layout: Layout, draw: int, size: int) -> None:
    from curation_scaling.ranking.stage import prune_pools

    prune_pools(study, layout, draw, size)


def _prune_train(study: Study, layout: Layout, draw: int, size: int) -> None:
    from curation_scaling.runs.prune import train_pruned

    train_pruned(study, layout, draw, size)


def _pruning(study: Study, layout: Layout) -> None:
    from curation_scaling.frontier.pruning import compare_pruned

    compare_pruned(study, layout)


def _points(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.reproduction.points import build_points

    build_points(rerun, layout)


def _published_scores(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.ranking.published import compare_published

    compare_published(rerun, layout)


def _mixing(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.reproduction.mixing import rank_mixtures

    rank_mixtures(rerun, layout)


def _teacher_student(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.regimes.simulate import build_teacher_student

    build_teacher_student(rerun, layout)


def _selectors(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.reproduction.selectors import judge_selectors

    judge_selectors(rerun, layout)


def _trainings_source(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.runs.trainings import build_source

    build_source(rerun, layout)


def _trainings(rerun: Rerun, layout: Layout, set: str, draw: int) -> None:
    from curation_scaling.runs.trainings import train_set

    train_set(rerun, layout, set, draw)


def _recipe(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.recipe.stage import follow_recipe

    follow_recipe(rerun, layout)


def _diversity(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.diversity.stage import compare_diversity

    compare_diversity(rerun, layout)


def _domains(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.domains.stage import measure_fractions

    measure_fractions(rerun, layout)


def _theory(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.perceptron.stage import build_theory

    build_theory(rerun, layout)


def _sources(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.pools.revealed import build_sources

    build_sources(rerun, layout)


def _source_distances(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.ranking.distances import build_distances

    build_distances(rerun, layout)


def _source_runs(rerun: Rerun, layout: Layout, size: int, seed: int) -> None:
    from curation_scaling.runs.mixed import train_mixtures

    train_mixtures(rerun, layout, size, seed)


def _source_import(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.runs.mixed import import_mixtures

    import_mixtures(rerun, layout)


def _source_laws(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.sources.compare import compare_models

    compare_models(rerun, layout)


def _source_weights(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.sources.choose import choose_weights

    choose_weights(rerun, layout)


def _source_choice_runs(rerun: Rerun, layout: Layout, seed: int) -> None:
    from curation_scaling.runs.mixed import train_choices

    train_choices(rerun, layout, seed)


def _source_choices(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.sources.choices import judge_choices

    judge_choices(rerun, layout)


def _reproduction(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.reproduction.stage import reproduce

    reproduce(rerun, layout)


def _reproduction_report(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.report.reproduction import build_reproduction_report

    build_reproduction_report(rerun, layout)


# name: (help, function, what identifies one job of it)
STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
    "samples": ("read and score the source", _samples, ()),
    "buckets": ("take one draw and cut it into buckets", _buckets, ("draw",)),
    "union": ("join buckets", _union, ("pool", "draw")),
    "pruned": ("prune one draw by its rankings", _pruned, ("draw",)),
    "pools": ("collect edges and summaries", _pools, ()),
    "train": ("train one run", _train, ("pool", "draw", "seed")),
    "runs": ("collect or import runs", _runs, ()),
    "laws": ("fit the laws", _laws, ()),
    "regimes": ("judge the regime of each pool", _regimes, ()),
    "frontier": ("compare all pools at all budgets", _frontier, ()),
    "task": ("read the labelled task of the pruning part", _task, ()),
    "rank": ("rank its samples by every metric", _rank, ()),
    "prune": ("cut the pruned pools of one draw and initial size", _prune, ("draw", "size")),
    "prune-train": ("train on the pruned pools of one draw and initial size", _prune_train, ("draw", "size")),
    "pruning": ("fit laws to the pruned pools and compare them", _pruning, ()),
    "published": ("compare a paper's numbers with the same computed here", _published, ()),
    "report": ("write the report", _report, ()),
    "pool-report": ("write the report of a study that ends at its pools", _pool_report, ()),
    "partial-report": ("report what is there while some runs have failed", _partial_report, ()),
}
# The same for the stages that cut shards.
SHARD_STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
    "shards-generate": ("make a shard of realistic metadata", _shards_generate, ("shard",)),
    "shards-ingest": ("read a batch of shards into ranges of uids", _shards_ingest, ("table", "batch")),
    "shards-merge": ("gather and sort ranges of uids", _shards_merge, ("batch",)),
    "shards-repeats": ("find the rows that repeat a content", _shards_repeats, ("batch",)),
    "shards-ranks": ("give each value of a score its quantile", _shards_ranks, ("score",)),
    "shards-score": ("filter by all rows, and score", _shards_score, ("batch",)),
    "shards-level": ("count one level of a selection", _shards_level, ("select", "level", "batch")),
    "shards-cut": ("split ranges of uids into buckets", _shards_cut, ("batch",)),
    "shards-join": ("join buckets", _shards_join, ("pool", "batch")),
    "shards-uids": ("write the subset files of some pools", _shards_uids, ("pool",)),
    "shards-subset": ("take a random part of a pool", _shards_subset, ("pool",)),
    "shards-summary": ("account for every row", _shards_summary, ()),
}
NAMED = ("pool", "table", "score", "select", "set")  # identities that are text
# The same for the stages of a rerun.
RERUN_STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
    "points": ("read the published runs of a rerun", _points, ()),
    "published-scores": ("compare the published scores of a rerun", _published_scores, ()),
    "theory": ("compute and simulate the perceptron theory", _theory, ()),
    "mixing": ("rank mixtures by losses fitted on smaller runs", _mixing, ()),
    "sources": ("read sources that reveal a part of their samples", _sources, ()),
    "source-distances": ("transport mixtures of sources to the validation set", _source_distances, ()),
    "source-runs": ("train on mixtures of sources of one size", _source_runs, ("size", "seed")),
    "source-import": ("import trainings on mixtures of sources", _source_import, ()),
    "source-laws": ("predict the error on mixtures of sources", _source_laws, ()),
    "source-weights": ("choose the weights of sources", _source_weights, ()),
    "source-choice-runs": ("train on the chosen and on plain weights", _source_choice_runs, ("seed",)),
    "source-choices": ("judge the chosen weights", _source_choices, ()),
    "teacher-student": ("simulate students of known teachers", _teacher_student, ()),
    "selectors": ("judge which way of choosing data is worth its compute", _selectors, ()),
    "trainings-source": ("read the source of a rerun's own trainings", _trainings_source, ()),
    "trainings": ("train one set of a rerun in one draw", _trainings, ("set", "draw")),
    "recipe": ("find constants in small trainings, and foretell a large one", _recipe, ()),
    "diversity": ("compare laws of groups and samples a group", _diversity, ()),
    "domains": ("find the effective fractions of two domains in a mixture", _domains, ()),
    "reproduction": ("make a paper's fits again and compare its numbers", _reproduction, ()),
    "reproduction-report": ("write the report of a rerun", _reproduction_report, ()),
}
