"""The `theory` part of a rerun: which curves of the perceptron theory are drawn, and where they are simulated."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Part, Positive, Real, check_once

Angle = Annotated[Real, Field(ge=0, lt=90)]
Kept = Annotated[Real, Field(gt=0, le=1)]
KeepRule = Literal["hard", "easy", "band"]
ScoreRule = Literal["abs", "signed"]


class Range(Part):
    """Points from `low` to `high`, equally spaced in the logarithm."""

    low: Positive
    high: Positive
    points: Annotated[Count, Field(ge=3)]

    @model_validator(mode="after")
    def _rising(self) -> "Range":
        if self.high <= self.low:
            raise ValueError(f"high = {self.high:g} does not exceed low = {self.low:g}; raise it")
        return self

    @property
    def values(self) -> list[float]:
        """The points."""
        steps = self.points - 1
        return [self.low * (self.high / self.low) ** (i / steps) for i in range(steps)] + [self.high]


class Ranked(Part):
    """How examples are ranked and which are kept."""

    keep: KeepRule = Field("hard", description="hard: the lowest scores; easy: the highest; band: the middle")
    score: ScoreRule = Field("abs", description="abs: |J_probe.x|; signed: the probe's margin y J_probe.x")
    theta_degrees: Angle = Field(0.0, description="angle between the probe and the teacher, degrees")

    @property
    def theta(self) -> float:
        """The angle in radians."""
        return math.radians(self.theta_degrees)


class TheoryCurves(Ranked):
    """Error against the number of examples, one curve a fraction."""

    fractions: list[Kept] = Field(min_length=1, description="fractions kept")
    alpha_tot: Range = Field(description="examples a dimension before pruning")
    simulated: list[Positive] = Field([], description="alpha_tot at which each curve is simulated")

    @model_validator(mode="after")
    def _once(self) -> "TheoryCurves":
        check_once("fractions", self.fractions)
        return self


class TheoryEnvelope(Ranked):
    """The least error over fractions against the number of examples kept."""

    alpha_prune: Range = Field(description="examples a dimension after pruning")
    most: Positive | None = Field(None, description="cap on the examples a dimension before pruning")


class TheoryBest(Ranked):
    """The best fraction against the number of examples before pruning."""

    alpha_tot: Range


class Theory(Part):
    """What is computed of the perceptron theory (Sorscher et al. 2022)."""

    curves: list[TheoryCurves] = Field(min_length=1)
    envelopes: list[TheoryEnvelope] = []
    best: list[TheoryBest] = []
    boundaries: list[Kept] = Field([], description="fractions whose hard-easy and hard-random boundaries are computed")
    dimension: Count = Field(200, description="dimension of the simulations")
    draws: Annotated[Count, Field(ge=2)] = Field(12, description="students a simulated point")
