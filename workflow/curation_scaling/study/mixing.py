"""The `mixing` part of a rerun: mixtures with their losses by domain, and how well small runs rank larger ones."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, check_once
from curation_scaling.study.checks_base import ScalarCheck
from curation_scaling.study.files import DataFile

Method = Literal["mixing_law", "linear", "boosted_trees"]
METHODS: tuple[Method, ...] = ("mixing_law", "linear", "boosted_trees")


class MixtureRuns(Part):
    """Runs of one model size on many mixtures."""

    name: Name
    weights: DataFile = Field(description="table with a column a domain: its sampling weight; rows sum to 1")
    losses: DataFile = Field(description="table with a column a domain that the loss is measured on")


class Target(Part):
    """What a mixture is chosen for: the mean loss on some domains."""

    name: Name
    losses: list[str] | None = Field(None, min_length=1, description="columns of the losses; default all")


class Mixing(Part):
    """Losses as a function of the sampling weights, fitted on small runs and judged on others."""

    index: str = Field("index", description="column that both tables share and that names a run")
    fitted: MixtureRuns = Field(description="runs that every method is fitted to")
    tests: list[MixtureRuns] = Field(min_length=1, description="runs that are ranked; losses are not seen")
    targets: list[Target] = Field(min_length=1)
    bootstrap: Count = Field(1000, description="bootstrap replicates over the ranked runs, for the intervals")

    @model_validator(mode="after")
    def _once(self) -> "Mixing":
        check_once("tests", [runs.name for runs in self.tests])
        check_once("targets", [target.name for target in self.targets])
        return self

    @property
    def files(self) -> list[DataFile]:
        """All files that it reads."""
        return [file for runs in (self.fitted, *self.tests) for file in (runs.weights, runs.losses)]


class MixtureRankingCheck(ScalarCheck):
    """The Spearman correlation of predicted and measured losses over the runs of one test."""

    kind: Literal["mixture_ranking"]
    test: Name
    target: Name
    method: Method
