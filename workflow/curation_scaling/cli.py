"""The command line: each stage of the workflow is one subcommand, and so is what a person asks a finished study."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.stages import NAMED, RERUN_STAGES, SHARD_STAGES, STAGES
from curation_scaling.study import PoolStudy, Rerun, Study, json_schema, load_study
from curation_scaling.study.rerun_jobs import check_rerun_job
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

    new = commands.add_parser("new", help="draft a study file from the columns of your data")
    new.add_argument("name", help="of the study")
    new.add_argument("--from", dest="kind", required=True, help="parquet, csv, datacomp or eval-jsonl")
    new.add_argument("path", type=Path, help="a file, or a folder of files")
    new.add_argument("--column", action="append", default=[], metavar="ROLE=NAME", help="where names do not tell")
    new.add_argument("--size", action="append", default=[], metavar="POOL=NUMBER", help="unique samples of a pool")
    new.add_argument("--pools", type=Path, help="results/<study> that cut the pools of these runs")
    new.add_argument("--out", type=Path, help="the study file; default config/studies/<name>.yaml")
    new.set_defaults(action=_new)

    check = commands.add_parser("check", help="check a study file and print its plan")
    check.add_argument("study", type=Path, help="a study file")
    check.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="that the estimated time is for")
    check.add_argument("--data-root", help="folder of local copies of data files; default the study's data_root")
    check.set_defaults(action=_check)

    answer = commands.add_parser("answer", help="print the answer of a finished study and the path of its report")
    answer.add_argument("results", type=Path, help="results/<study>")
    answer.set_defaults(action=_answer)

    cancel = commands.add_parser(
        "cancel", help="cancel the Slurm jobs that a killed workflow left, and wait for their end"
    )
    cancel.add_argument("results", type=Path, help="results/<study>")
    cancel.set_defaults(action=_cancel)

    explain = commands.add_parser("explain", help="formula, source, columns and parameters of a law")
    explain.add_argument("law", nargs="?", help="its name; all laws without one")
    explain.set_defaults(action=_explain)

    advise = commands.add_parser("advise", help="the answer at any budget, from the saved fits of a finished study")
    advise.add_argument("results", type=Path, help="results/<study>")
    advise.add_argument(
        "--budget", type=float, required=True, action="append", help="in the unit of the study's budgets; repeatable"
    )
    advise.set_defaults(action=_advise)

    same = commands.add_parser("same", help="two results of one study, artifact by artifact")
    same.add_argument("results", type=Path, nargs=2, help="results/<study>, twice")
    same.add_argument(
        "--tolerance", type=float, default=1e-6, help="largest relative difference where environments differ"
    )
    same.set_defaults(action=_same)

    compare = commands.add_parser("compare", help="finished studies side by side: differences, crossings, dominance")
    compare.add_argument("sides", nargs="+", help="study, study:pool, or rerun:fit, finished below the results folder")
    compare.add_argument("--results", type=Path, default=Path("results"), help="the folder of finished studies")
    compare.add_argument(
        "--budget",
        type=float,
        action="append",
        default=[],
        help="FLOPs, or samples where a study knows none; repeatable",
    )
    compare.set_defaults(action=_compare)

    keep = commands.add_parser("keep", help="the samples that a published score file (CSV: image, score) keeps")
    keep.add_argument("scores", type=Path, help="a score file, high = keep")
    keep.add_argument("--fraction", type=float, required=True, help="share to keep, above 0 and at most 1")
    keep.add_argument(
        "--select", choices=("hard", "easy", "band"), default="hard", help="highest, lowest, middle scores"
    )
    keep.add_argument("--out", type=Path, required=True, action="append", help=".parquet, .npy or .txt; repeatable")
    keep.set_defaults(action=_keep)

    for name, (help_text, _, identity) in (STAGES | SHARD_STAGES | RERUN_STAGES).items():
        stage = commands.add_parser(name, help=help_text)
        stage.add_argument("results", type=Path, help="results/<study>, with its study.yaml")
        stage.add_argument("--settings", help="digest of the study's keys that the caller means")
        for argument in identity:
            stage.add_argument(f"--{argument}", type=str if argument in NAMED else int, required=True)
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


def _new(options: argparse.Namespace) -> None:
    from curation_scaling.draft import draft_study, write_draft

    columns = dict(_pair("--column", text) for text in options.column)
    sizes = {}
    for pool, text in (_pair("--size", text) for text in options.size):
        try:
            sizes[pool] = float(text)
        except ValueError:
            raise InputError(f"--size {pool}={text}: {text!r} is no number") from None
    draft = draft_study(options.name, options.kind, options.path, columns=columns, sizes=sizes, pools=options.pools)
    path = write_draft(draft, options.out)
    print(f"{path}: a valid study with {len(draft.questions)} guesses to look at:")
    for question in draft.questions:
        print(f"- {question}")
    print(f"Then: curation-scaling check {path} and snakemake --cores all --configfile {path}")


def _pair(option: str, text: str) -> tuple[str, str]:
    key, mark, value = text.partition("=")
    if not (key and mark and value):
        raise InputError(f"{option} {text}: give it as {option} NAME=VALUE")
    return key, value


def _check(options: argparse.Namespace) -> None:
    from curation_scaling.study.plan import describe_plan

    study = load_study(options.study)
    if options.data_root is not None:
        study = study.model_copy(update={"data_root": options.data_root})
    if options.cores < 1:
        raise InputError(f"--cores {options.cores}: at least 1 is needed")
    print(describe_plan(study, options.cores))


def _answer(options: argparse.Namespace) -> None:
    layout = Layout(options.results)
    try:
        print(layout.answer.read_text(encoding="utf-8"), end="")
    except FileNotFoundError:
        raise InputError(f"{layout.answer} is missing: run the workflow for this study first") from None
    print(f"Report: {layout.report}")


def _cancel(options: argparse.Namespace) -> None:
    from curation_scaling.cluster import cancel

    print(f"{cancel(Layout(options.results))} Slurm jobs of {options.results} were cancelled")


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


def _same(options: argparse.Namespace) -> None:
    from curation_scaling.report.sameness import DIFFERS, SAME, compare_results

    verdicts, reasons = compare_results(options.results[0], options.results[1], options.tolerance)
    for reason in reasons:
        print(f"environment: {reason}")
    for verdict in verdicts:
        if verdict.outcome != SAME:
            print(f"{verdict.name}: {verdict.outcome}{f' ({verdict.detail})' if verdict.detail else ''}")
    counts = Counter(verdict.outcome for verdict in verdicts)
    print(f"{len(verdicts)} artifacts: {', '.join(f'{n} {outcome}' for outcome, n in sorted(counts.items()))}")
    if counts[DIFFERS]:
        raise InputError(f"{options.results[1]} is not what {options.results[0]} is: the artifacts above differ")


def _compare(options: argparse.Namespace) -> None:
    from curation_scaling.compare import compare_studies
    from curation_scaling.report.compare import build_comparison

    compared, root = compare_studies(options.sides, options.results, options.budget)
    print(build_comparison(compared, root), end="")
    print(f"Report: {root / 'report.html'}")


def _keep(options: argparse.Namespace) -> None:
    from curation_scaling.ranking.exchange import keep_file

    print(keep_file(options.scores, options.fraction, options.select, options.out))


def _stage(options: argparse.Namespace) -> None:
    from curation_scaling.study.keys import stage_digest

    layout = Layout(options.results)
    study = load_study(layout.study)
    if isinstance(study, Rerun) != (options.stage in RERUN_STAGES):
        kind, others = ("a rerun", RERUN_STAGES) if isinstance(study, Rerun) else ("no rerun", STAGES)
        raise InputError(f"study {study.study} is {kind}: its stages are {', '.join(others)}")
    if isinstance(study, Rerun):
        _rerun_stage(study, layout, options)
        return
    _, run, identity = (STAGES | SHARD_STAGES)[options.stage]
    arguments: dict[str, Any] = {name: getattr(options, name) for name in identity}
    _check_identity(study, options.stage, arguments)
    if options.settings and options.settings != stage_digest(study, options.stage, **arguments):
        raise InputError(_CHANGED.format(layout.study))
    if options.stage == "shards-ingest":
        arguments["shards"] = options.shards
    run(study, layout, **arguments)


def _rerun_stage(rerun: Rerun, layout: Layout, options: argparse.Namespace) -> None:
    from curation_scaling.study.rerun_keys import rerun_digest

    _, run, identity = RERUN_STAGES[options.stage]
    arguments: dict[str, Any] = {name: getattr(options, name) for name in identity}
    check_rerun_job(rerun, options.stage, arguments)
    if options.settings and options.settings != rerun_digest(rerun, options.stage, **arguments):
        raise InputError(_CHANGED.format(layout.study))
    run(rerun, layout, **arguments)


_CHANGED = "{} changed since this workflow started: start it again"


def _check_identity(study: PoolStudy, stage: str, identity: Mapping[str, str | int]) -> None:
    """A job that is not among the study's ends in one sentence, too."""
    if stage in SHARD_STAGES:
        known: Mapping[str, Collection[str | int]] = shard_jobs(study, stage, identity)
    elif not isinstance(study, Study):
        if stage not in ("samples", "buckets", "union", "pruned", "pools", "pool-report"):
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
