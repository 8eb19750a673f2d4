"""The `selectors` part of a rerun: runs on data that several methods chose, with what choosing cost."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Positive, Real, check_once
from curation_scaling.study.checks_base import Check, ScalarCheck
from curation_scaling.study.files import DataFile


class SelectorColumns(Part):
    """The columns of the table of runs."""

    task: str = Field("task", description="what the score is measured on")
    model: str = Field("model", description="name of the model that is trained")
    method: str = Field("method", description="how its data were chosen")
    share: str = Field("share", description="percent of all data that it was trained on")
    flops: str = Field("flops", description="floating-point operations of choosing and training")
    score: str = Field("score", description="higher is better")


class ModelSize(Part):
    """A model that was trained."""

    name: str = Field(min_length=1, description="as the column `model` names it")
    params: Positive = Field(description="parameters")


class Selectors(Part):
    """Scores of models trained on chosen shares of the data, and which way of choosing is worth its compute."""

    file: DataFile = Field(description="table of runs")
    columns: SelectorColumns = SelectorColumns()
    best: Real = Field(100, description="the best score there can be")
    free: Name = Field(description="the method that costs nothing: the others' cost is the difference from it")
    scorer: Positive = Field(description="parameters of the model that scores the data")
    models: list[ModelSize] = Field(min_length=1)
    budgets: Count = Field(40, description="budgets, from the cheapest run to training on everything")
    bootstrap: Count = Field(400, description="bootstrap replicates of each fit")

    @model_validator(mode="after")
    def _once(self) -> "Selectors":
        check_once("models", [model.name for model in self.models])
        return self


class SelectionCostCheck(ScalarCheck):
    """What a method costs, as a multiple of training one model on everything."""

    kind: Literal["selection_cost"]
    method: Name
    model: str


class SelectionRatioCheck(Check):
    """How many times larger than the scorer a model must be for a method to be the best at some budget.

    The median over tasks and models; it agrees where the interval holds the published number.
    """

    kind: Literal["selection_ratio"]
    quantity: str = Field(min_length=1, description="what the number is, in words")
    published: Real | None = Field(None, description="the published number, if there is one")
    method: Name


SelectorCheck = SelectionCostCheck | SelectionRatioCheck
