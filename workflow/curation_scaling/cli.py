"""The command line: each stage of the workflow is one subcommand, and so is what a person asks a finished study."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.study import PoolStudy, Rerun, Study, json_schema, load_study
from curation_scaling.study.runs import Import, Train
from curation_scaling.study.shard_stages import shard_jobs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 if it ended well, 2 after one sentence about bad input."""
    # One BLAS thread a job: results do not depend on the machine's cores, and jobs do not fight over them.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[variable] = "1"
    options = _parser().parse_args(arguments)
    try:
        options.action(options)
    except InputError as error:
        print(f"curation-scaling: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="curation-scaling", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    schema = commands.add_parser("schema", help="print the JSON schema of study files")
    schema.set_defaults(action=_schema)

    keys = commands.add_parser("keys", help="print every key of study files, with its default and meaning")
    keys.set_defaults(action=_keys)

    check = commands.add_parser("check", help="check a study file and print its plan")
    check.add_argument("study", type=Path, help="a study file")
    check.set_defaults(action=_check)

    answer = commands.add_parser("answer", help="print the answer of a finished study and the path of its report")
    answer.add_argument("results", type=Path, help="results/<study>")
    answer.set_defaults(action=_answer)

    explain = commands.add_parser("explain", help="formula, source, columns and parameters of a law")
    explain.add_argument("law", nargs="?", help="its name; all laws without one")
    explain.set_defaults(action=_explain)

    advise = commands.add_parser("advise", help="the answer at any budget, from the saved fits of a finished study")
    advise.add_argument("results", type=Path, help="results/<study>")
    advise.add_argument(
        "--budget", type=float, required=True, action="append", help="in the unit of the study's budgets; repeatable"
    )
    advise.set_defaults(action=_advise)

    keep = commands.add_parser("keep", help="the samples that a published score file (CSV: image, score) keeps")
    keep.add_argument("scores", type=Path, help="a score file, high = keep")
    keep.add_argument("--fraction", type=float, required=True, help="share to keep, above 0 and at most 1")
    keep.add_argument(
        "--select", choices=("hard", "easy", "band"), default="hard", help="highest, lowest, middle scores"
    )
    keep.add_argument("--out", type=Path, required=True, action="append", help=".parquet, .npy or .txt; repeatable")
    keep.set_defaults(action=_keep)

    for name, (help_text, _, identity) in (_STAGES | _SHARD_STAGES | _RERUN_STAGES).items():
        stage = commands.add_parser(name, help=help_text)
        stage.add_argument("results", type=Path, help="results/<study>, with its study.yaml")
        stage.add_argument("--settings", help="digest of the study's keys that the caller means")
        for argument in identity:
            stage.add_argument(f"--{argument}", type=str if argument in _NAMED else int, required=True)
        if name == "shards-ingest":
            stage.add_argument(
                "--shards", nargs="*", default=[], help="where the batch's shards lie, if they were fetched"
            )
        stage.set_defaults(action=_stage, stage=name)
    return parser


def _schema(options: argparse.Namespace) -> None:
    print(json.dumps(json_schema(), indent=1, sort_keys=True))


def _keys(options: argparse.Namespace) -> None:
    from curation_scaling.study.reference import describe_keys

    print(describe_keys(), end="")


def _check(options: argparse.Namespace) -> None:
    from curation_scaling.study.plan import describe_plan

    print(describe_plan(load_study(options.study)))


def _answer(options: argparse.Namespace) -> None:
    layout = Layout(options.results)
    try:
        print(layout.answer.read_text(encoding="utf-8"), end="")
    except FileNotFoundError:
        raise InputError(f"{layout.answer} is missing: run the workflow for this study first") from None
    print(f"Report: {layout.report}")


def _explain(options: argparse.Namespace) -> None:
    from curation_scaling.laws.explain import explain, explain_all

    print(explain(options.law) if options.law else explain_all(), end="")


def _advise(options: argparse.Namespace) -> None:
    from curation_scaling.frontier.advise import advise

    layout = Layout(options.results)
    study = load_study(layout.study)
    if isinstance(study, Rerun):
        raise InputError(f"study {study.study} is a rerun: it compares published numbers and advises on no budget")
    if not isinstance(study, Study):
        raise InputError(f"study {study.study} ends at its pools: give it runs and frontier to ask for advice")
    print(advise(study, layout, options.budget))


def _keep(options: argparse.Namespace) -> None:
    from curation_scaling.ranking.exchange import keep_file

    print(keep_file(options.scores, options.fraction, options.select, options.out))


def _stage(options: argparse.Namespace) -> None:
    from curation_scaling.study.keys import stage_digest

    layout = Layout(options.results)
    study = load_study(layout.study)
    if isinstance(study, Rerun) != (options.stage in _RERUN_STAGES):
        kind, others = ("a rerun", _RERUN_STAGES) if isinstance(study, Rerun) else ("no rerun", _STAGES)
        raise InputError(f"study {study.study} is {kind}: its stages are {', '.join(others)}")
    if isinstance(study, Rerun):
        _rerun_stage(study, layout, options)
        return
    _, run, identity = (_STAGES | _SHARD_STAGES)[options.stage]
    arguments: dict[str, Any] = {name: getattr(options, name) for name in identity}
    _check_identity(study, options.stage, arguments)
    if options.settings and options.settings != stage_digest(study, options.stage, **arguments):
        raise InputError(_CHANGED.format(layout.study))
    if options.stage == "shards-ingest":
        arguments["shards"] = options.shards
    run(study, layout, **arguments)


def _rerun_stage(rerun: Rerun, layout: Layout, options: argparse.Namespace) -> None:
    from curation_scaling.study.rerun_keys import rerun_digest

    if options.settings and options.settings != rerun_digest(rerun, options.stage):
        raise InputError(_CHANGED.format(layout.study))
    _RERUN_STAGES[options.stage][1](rerun, layout)


_CHANGED = "{} changed since this workflow started: start it again"


def _check_identity(study: PoolStudy, stage: str, identity: Mapping[str, str | int]) -> None:
    """A job that is not among the study's ends in one sentence, too."""
    if stage in _SHARD_STAGES:
        known: Mapping[str, Collection[str | int]] = shard_jobs(study, stage, identity)
    elif not isinstance(study, Study):
        if stage not in ("samples", "buckets", "union", "pools", "pool-report"):
            raise InputError(f"study {study.study} ends at its pools: it has no stage {stage}")
        known = {"pool": list(study.pools.unions), "draw": range(study.pools.draws)}
    elif stage == "train" and isinstance(study.runs, Import):
        raise InputError(f"study {study.study} imports its runs: there is nothing to train")
    else:
        draws = study.pools.draws
        if stage in ("task", "rank", "prune", "prune-train", "pruning"):
            if study.pruning is None:
                raise InputError(f"study {study.study} has no key pruning: there is nothing to rank")
            draws = study.pruning.draws
        pools = {"union": list(study.pools.unions), "train": study.trained_pools}.get(stage, [])
        seeds = study.runs.seeds if isinstance(study.runs, Train) else 0
        sizes = study.pruning.sizes if study.pruning else []
        known = {"pool": pools, "draw": range(draws), "seed": range(seeds), "size": sizes}
    for name, value in identity.items():
        if value not in known[name]:
            text = ", ".join(map(str, known[name]))
            raise InputError(f"--{name} {value} is not in study {study.study}: the choices are {text or 'none'}")


def _samples(study: Study, layout: Layout) -> None:
    from curation_scaling.pools.samples import build_samples

    build_samples(study, layout)


def _buckets(study: Study, layout: Layout, draw: int) -> None:
    from curation_scaling.pools.cut import build_buckets

    build_buckets(study, layout, draw)


def _union(study: Study, layout: Layout, pool: str, draw: int) -> None:
    from curation_scaling.pools.unions import build_union

    build_union(study, layout, pool, draw)


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


def _theory(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.perceptron.stage import build_theory

    build_theory(rerun, layout)


def _reproduction(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.laws.reproduction.stage import reproduce

    reproduce(rerun, layout)


def _reproduction_report(rerun: Rerun, layout: Layout) -> None:
    from curation_scaling.report.reproduction import build_reproduction_report

    build_reproduction_report(rerun, layout)


# name: (help, function, what identifies one job of it)
_STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
    "samples": ("read and score the source", _samples, ()),
    "buckets": ("take one draw and cut it into buckets", _buckets, ("draw",)),
    "union": ("join buckets", _union, ("pool", "draw")),
    "pools": ("collect edges and summaries", _pools, ()),
    "train": ("train one run", _train, ("pool", "draw", "seed")),
    "runs": ("collect or import runs", _runs, ()),
    "laws": ("fit the laws", _laws, ()),
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
_SHARD_STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
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
_NAMED = ("pool", "table", "score", "select")  # identities that are text
# The same for the stages of a rerun.
_RERUN_STAGES: dict[str, tuple[str, Callable[..., None], tuple[str, ...]]] = {
    "points": ("read the published runs of a rerun", _points, ()),
    "published-scores": ("compare the published scores of a rerun", _published_scores, ()),
    "theory": ("compute and simulate the perceptron theory", _theory, ()),
    "reproduction": ("make a paper's fits again and compare its numbers", _reproduction, ()),
    "reproduction-report": ("write the report of a rerun", _reproduction_report, ()),
}
