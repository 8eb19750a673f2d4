# The study, checked before anything else, and what all rules share.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from curation_scaling.cluster import begin_record, end_record, refuse_orphans
from curation_scaling.code import code_digest
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.runs.identity import run_identities
from curation_scaling.study import Rerun, Study, parse_study
from curation_scaling.study.figures import figures_of
from curation_scaling.study.keys import stage_digest
from curation_scaling.study.folder import check_folder, check_moved
from curation_scaling.study.locate import check_disk, check_inputs, data_files, files_at, path_of, shard_lists
from curation_scaling.study.pruning import cells_of
from curation_scaling.study.modules import stage_modules
from curation_scaling.study.rerun_keys import rerun_digest, rerun_modules, training_jobs
from curation_scaling.study.save import save_study, study_text

# Not of the study: what `snakemake advise --config budget=128e6` asks; several are joined by commas.
BUDGETS = str(config.pop("budget", ""))


def refuse(check):
    """What `check` returns; bad input as Snakemake's own error."""
    try:
        return check()
    except InputError as error:
        raise WorkflowError(str(error)) from None


STUDY = refuse(lambda: parse_study(config, ", ".join(map(str, workflow.overwrite_configfiles)) or "config/config.yaml"))
refuse(lambda: check_inputs(STUDY))

PATHS = Layout(Path("results") / STUDY.study)
refuse(lambda: check_folder(PATHS))
refuse(lambda: check_moved(STUDY, PATHS, Path(".snakemake")))
LOGS = f"logs/{STUDY.study}"
DATA_FILES = [path for file in data_files(STUDY) for path in files_at(path_of(STUDY, file))]
RERUN = isinstance(STUDY, Rerun)
ENDS_AT_POOLS = not RERUN and not isinstance(STUDY, Study)
SHARDS = not RERUN and STUDY.pools.source.kind == "shards"
SHARD_LISTS = shard_lists(STUDY) if SHARDS else []
CODE: dict[str, str] = {}  # by stage
POOLS = STUDY.pools.members if ENDS_AT_POOLS or not RERUN and run_identities(STUDY) else {}

FIGURES = PATHS.drawn(figures_of(STUDY))
# What the report counts by score: the histogram of shards, or the buckets of the first draw.
SCORED = [PATHS.histogram] if SHARDS else [PATHS.pool(name, 0) for name in STUDY.pools.bucket_names] if POOLS else []

# Jobs run under the interpreter of this Snakemake, or of the rule's own environment where one is deployed, and with
# the package that belongs to these rules.
for variable, folder in (
    ("PATH", Path(sys.executable).parent),
    ("PYTHONPATH", Path(str(workflow.current_basedir)).parent),
):
    os.environ[variable] = os.pathsep.join([str(folder), *filter(None, [os.environ.get(variable)])])

os.environ |= {"CURATION_SCALING_PROGRESS": "log"}  # standard error of a job is its log: a line now and then


def budgets(wildcards):
    """The options of `advise`; raise WorkflowError where no budget, or no number, was given."""
    try:
        return [f"--budget {float(budget)!r}" for budget in BUDGETS.split(",")]
    except ValueError:
        raise WorkflowError(f"budget is {BUDGETS!r}, not a number: snakemake advise --config budget=128e6") from None


def pool_files(pool, draw):
    """The files of a pool: its manifest and its subset file; of shards, a manifest in parts."""
    if SHARDS:
        source = STUDY.pools.source
        parts = [PATHS.part(pool, part) for part in range(source.part_count)]
        return [*parts, *([PATHS.whole_subset(pool)] if source.subset_files else [])]
    return [PATHS.pool(pool, draw), PATHS.subset(pool, draw)]


def notes_on_inputs():
    """Where the first stage noted what it read."""
    if SHARDS:
        return [PATHS.work.read(t, b) for t in PLAN.tables for b in range(len(PLAN.batches(t)))]
    return [PATHS.source_counts] if POOLS else []


in_report = report  # at the start of a line, report is a keyword


def figures():
    """The figures of a report; in `snakemake --report` each SVG stands with the caption that was written with it."""
    return [
        (
            in_report(path, category="Figures", caption=str(path.with_suffix(".rst").resolve()))
            if path.suffix == ".svg"
            else path
        )
        for path in FIGURES
    ]


def command(stage, settings=True):
    """The shell line of a stage; its rule adds what identifies the job."""
    line = f"python -m curation_scaling {stage} {PATHS.root}"
    return f"{line} --settings {{params.settings}}" if settings else line


def settings(stage, **fixed):
    """A params function: the digest of the study's keys that a job depends on; `fixed` is identity without a wildcard."""
    kinds, digest = {"draw": int, "seed": int, "size": int}, rerun_digest if RERUN else stage_digest
    return lambda wildcards: digest(STUDY, stage, **fixed, **{k: kinds.get(k, str)(v) for k, v in wildcards.items()})


def code(stage):
    """The digest of the package's modules that compute a stage; the Snakemake that a job starts compares none."""
    if not workflow.is_main_process:
        return ""
    if stage not in CODE:
        CODE[stage] = code_digest(*(rerun_modules(stage) if RERUN else stage_modules(STUDY, stage)))
    return CODE[stage]


def grow(amount):
    """A resource function: twice as much at each further try, so that what a job lacked its retry has."""
    return lambda wildcards, attempt: amount * 2 ** (attempt - 1)


def cells(wildcards):
    """The pruned pools of one initial size."""
    return [cell.pool for cell in cells_of(STUDY.pruning, int(wildcards.size))]
