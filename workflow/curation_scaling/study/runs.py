"""The `runs` part of a study: trainings to do, or results of trainings done elsewhere."""

import difflib
import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.study.base import Count, Few, Index, Name, Part, Positive, Real, Share, check_once
from curation_scaling.study.files import DataFile

PLACEHOLDERS = ("manifest", "uids", "weights", "samples_seen", "checkpoints", "params", "seed", "output")


class MlpTrainer(Part):
    """scikit-learn's multilayer perceptron, on pixels or on the preceding characters."""

    kind: Literal["mlp"]
    inputs: Literal["characters", "features"] = Field(description="characters: one-hot context; features: pixels")
    metric: Literal["bits_per_character", "error_rate"] = Field(description="the error that is measured")
    hidden: list[Count] = Field([128], min_length=1, description="units of each hidden layer")
    solver: Literal["adam", "sgd"] = Field("adam", description="optimiser")
    learning_rate: Positive = Field(0.002, description="constant learning rate")
    momentum: Annotated[Real, Field(ge=0, lt=1)] = Field(0.9, description="momentum of sgd")
    batch_size: Count = Field(256, description="examples a step")
    weight_average: Share | None = Field(None, description="decay of the averaged weights that are evaluated")
    context: Count = Field(8, description="characters: length of the context")
    pca: Count | None = Field(None, description="features: principal components kept")


class CommandTrainer(Part):
    """The user's own training command, one job a run.

    Placeholders, each replaced by one quoted word: {manifest} {uids} {weights} {samples_seen} {checkpoints} {params}
    {seed} {output}. The command writes one JSON object a line to {output}: samples_seen, metric, error, and optionally
    params and flops.
    """

    kind: Literal["command"]
    command: str = Field(min_length=1, description="the command line, run by bash")
    metric: str = Field(min_length=1, description="which metric of its output is the error")
    params: Count | None = Field(None, description="parameters of the model, for {params} and the FLOPs 6 N D")
    inputs: list[str] = Field([], description="files the command reads; a change of them runs it again")
    cpus: Count = Field(1, description="processors a run, and threads of its OMP, BLAS and polars")
    mem_mb: Count = Field(1000, description="memory a run, MB")
    gpus: Index = Field(0, description="GPUs a run")
    minutes: Count = Field(60, description="time limit of a run, minutes")

    @model_validator(mode="after")
    def _placeholders(self) -> "CommandTrainer":
        """Other braces are the shell's, but what is nearly a placeholder is a slip."""
        for word in re.findall(r"(?<!\$)\{([a-z_]+)\}", self.command):
            near = difflib.get_close_matches(word, PLACEHOLDERS, 1, cutoff=0.8)
            if near and word not in PLACEHOLDERS:
                raise ValueError(f"command: {{{word}}} is no placeholder; did you mean {{{near[0]}}}?")
        if "{output}" not in self.command:
            raise ValueError("command: {output} is missing; it says where the command writes its results")
        return self


class Train(Part):
    """Trainings that the workflow does."""

    kind: Literal["train"]
    trainer: Annotated[MlpTrainer | CommandTrainer, Field(discriminator="kind")]
    seeds: Few = Field(1, description="trainings of each pool in each draw")
    checkpoints: list[Count] = Field(
        min_length=2, description="samples seen at which the error is measured, increasing"
    )
    pools: list[Name] | None = Field(None, min_length=1, description="pools to train on; default all")

    @model_validator(mode="after")
    def _increasing(self) -> "Train":
        check_once("pools", self.pools or [])
        for i, (a, b) in enumerate(zip(self.checkpoints, self.checkpoints[1:], strict=False)):
            if b <= a:
                raise ValueError(f"checkpoints[{i + 1}] = {b} does not exceed checkpoints[{i}] = {a}; sort them")
        return self


class ImportedTable(Part):
    """A CSV or Parquet file, one row an evaluation."""

    format: Literal["csv", "parquet"]
    file: DataFile
    columns: dict[str, str] = Field(description="column of runs: column of the file; needs pool, samples_seen, error")
    constants: dict[str, str | int | float] = Field({}, description="column of runs: the value of all rows")
    pools: dict[str, Name] = Field({}, description="name in the file: name in the study; other pools are left out")
    percent: bool = Field(False, description="errors are percentages")
    accuracy: bool = Field(False, description="the column error holds accuracies; error = 1 - accuracy")

    @model_validator(mode="after")
    def _complete(self) -> "ImportedTable":
        known = {"pool", "samples_seen", "error", "metric", "run_id", "draw", "seed", "params", "flops", "schedule",
                 "trials"}  # fmt: skip
        for key, names in (("columns", self.columns), ("constants", self.constants)):
            for name in names:
                if name not in known:
                    raise ValueError(
                        f"{key}.{name}: no such column can be imported; the choices are {listed(name, sorted(known))}"
                    )
                if key == "constants" and name in self.columns:
                    raise ValueError(f"constants.{name}: is among columns too; keep one of the two")
        for name in ("pool", "samples_seen", "error"):
            if name not in self.columns and name not in self.constants:
                raise ValueError(f"columns.{name} is missing; name the file's column, or give it in constants")
        return self


class ImportedEval(Part):
    """A DataComp `eval_results.jsonl`: one evaluation task a line; one file is one trained model."""

    format: Literal["eval_results"]
    file: DataFile
    task: str = Field(description="the key (`key` or `dataset`) of the evaluation task, such as imagenet1k")
    metric: str = Field("main_metric", description="the metric inside `metrics`; an accuracy")
    pool: Name
    samples_seen: Count
    draw: Index = 0
    seed: Index = 0
    params: Count | None = None
    schedule: str = "final"

    @property
    def error_name(self) -> str:
        """What 1 - accuracy is called: a task's main error bears the task's name alone."""
        return f"{self.task}_error" if self.metric == "main_metric" else f"{self.task}_error_{self.metric}"


class Points(Part):
    """Published numbers that stand in the study itself, with their source."""

    pool: Name
    samples_seen: list[Count] = Field(min_length=1)
    error: list[Positive] = Field(min_length=1)

    @model_validator(mode="after")
    def _paired(self) -> "Points":
        if len(self.samples_seen) != len(self.error):
            raise ValueError(f"error has {len(self.error)} values for {len(self.samples_seen)} samples_seen; pair them")
        return self


class Import(Part):
    """Results of trainings done elsewhere."""

    kind: Literal["import"]
    metric: str = Field(description="the metric of points, and of files that name none")
    params: Count | None = Field(None, description="parameters of the model, for the FLOPs 6 N D")
    flops_per_sample: Positive | None = Field(None, description="instead of params: training FLOPs a sample")
    schedule: str = Field("unknown", description="the learning-rate schedule of the runs")
    source: str = Field(description="where the numbers come from")
    files: list[Annotated[ImportedTable | ImportedEval, Field(discriminator="format")]] = []
    points: list[Points] = []

    @model_validator(mode="after")
    def _something(self) -> "Import":
        if not self.files and not self.points:
            raise ValueError("files: nothing to import; give files or points")
        return self


Runs = Annotated[Train | Import, Field(discriminator="kind")]
