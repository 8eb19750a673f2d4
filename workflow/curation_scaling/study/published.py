"""The `published` part of a study: a paper's printed parameters, evaluated as they stand, and its numbers."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Name, Part, Positive, Real, check_once
from curation_scaling.study.checks import ParameterCheck
from curation_scaling.study.checks_base import Check, ScalarCheck
from curation_scaling.study.frontier import RepetitionLaw


class PrintedRow(Part):
    """Parameters that a paper prints, for every single pool."""

    name: Name
    law: RepetitionLaw
    source: str = Field(min_length=1, description="where the row stands")
    parameters: dict[str, Real] = Field(min_length=1, description="d, a, gamma, b[pool] and tau[pool] of every bucket")


class HiddenPoint(Part):
    """A measured error that is known only to lie in an interval."""

    pool: Name
    samples_seen: Positive
    lower: Real
    upper: Real

    @model_validator(mode="after")
    def _ordered(self) -> "HiddenPoint":
        if self.lower > self.upper:
            raise ValueError(f"upper = {self.upper:g} is below lower = {self.lower:g}; swap them")
        return self


class Of(Part):
    """What is evaluated: a printed row, or a law of the study under a rule."""

    of: Name = Field(description="a printed row, or one of laws.names")
    gamma: Real | None = Field(None, description="the rule, for one of laws.names; default laws.gamma")


class PointsCheck(ScalarCheck, Of):
    """How far predictions lie from measured means, in units of the error; hidden points count from their interval."""

    kind: Literal["points"]
    pools: list[Name] = Field(min_length=1, description="whose points count")
    statistic: Literal["rmse", "pool_sum", "coverage", "interval_score", "interval_width"] = Field(
        "rmse",
        description="pool_sum: squared errors summed over a pool's points, mean over pools; coverage: points inside "
        "the new-run interval; interval_score: its mean score (Gneiting and Raftery 2007); interval_width: its mean",
    )
    hidden: bool = Field(False, description="whether hidden points count too")


class SwitchCheck(Check, Of):
    """The budget at which one pool overtakes another; without a tolerance the interval decides."""

    kind: Literal["switch"]
    quantity: str = Field(min_length=1, description="what the number is, in words")
    from_pool: Name
    to_pool: Name
    published: Positive | None = Field(None, description="the published budget, if there is one")
    tolerance: Positive | None = Field(
        None, description="largest absolute difference that agrees; a printed row needs one"
    )


class RegretCheck(Check, Of):
    """The measured regret of the pool that is predicted best, at each budget at which every candidate was measured."""

    kind: Literal["regret"]
    quantity: str = Field(min_length=1, description="what the numbers are, in words")


StudyCheck = Annotated[PointsCheck | SwitchCheck | RegretCheck | ParameterCheck, Field(discriminator="kind")]


class Published(Part):
    """What a paper says about this study's pools, beside the same computed here."""

    about: str = Field("", description="a paragraph for the report: what was published, and why numbers differ")
    rows: list[PrintedRow] = Field([], description="parameters as printed")
    hidden: list[HiddenPoint] = Field([], description="measured points that are known only to lie in an interval")
    reproduction: list[StudyCheck] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> "Published":
        check_once("rows", [row.name for row in self.rows])
        return self
