"""Checks of a rerun that compare published numbers of the perceptron theory with the same solved again."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Part, Positive, Real
from curation_scaling.study.checks_base import TOLERANCE, Check, ScalarCheck
from curation_scaling.study.theory import Kept, Ranked


class SimulatedError(Part):
    """A simulation of the same setting."""

    dimension: Count = 200
    draws: Count = 12
    errors: Positive = Field(3.0, description="standard errors within which theory and simulation agree")


class TheorySolutionCheck(Ranked, Check):
    """One solution: R, rho, kappa, error; optionally simulated as well."""

    kind: Literal["theory_solution"]
    alpha_tot: Positive
    fraction: Kept
    published: dict[Literal["R", "rho", "kappa", "error"], Real] = Field(
        min_length=1, description="published values by name"
    )
    tolerance: Positive = Field(5e-5, description=TOLERANCE)
    simulate: SimulatedError | None = Field(None, description="compare the theory's error with a simulation, too")


class TheoryBestCheck(Ranked, Check):
    """The best fraction at a number of examples kept, and its error."""

    kind: Literal["theory_best"]
    alpha_prune: Positive
    published: dict[Literal["fraction", "error"], Real] = Field(min_length=1, description="published values by name")
    tolerance: dict[Literal["fraction", "error"], Positive] = Field(description=TOLERANCE)

    @model_validator(mode="after")
    def _complete(self) -> "TheoryBestCheck":
        for name in self.published:
            if name not in self.tolerance:
                raise ValueError(f"tolerance.{name} is missing; say how large a difference still agrees")
        return self


class TheoryBoundaryCheck(ScalarCheck):
    """The alpha_tot above which keeping hard examples beats another rule at a fraction."""

    kind: Literal["theory_boundary"]
    fraction: Kept
    against: Literal["easy", "random"]


class TheoryTailCheck(ScalarCheck):
    """alpha_tot times the error on the unpruned or pruned curve far out."""

    kind: Literal["theory_tail"]
    fraction: Kept = 1.0
    alpha_tot: Positive = 1e4


TheoryCheck = TheorySolutionCheck | TheoryBestCheck | TheoryBoundaryCheck | TheoryTailCheck
