"""The `reproduction` part of a rerun: published numbers, and how each is computed again."""

from typing import Annotated, Literal

from pydantic import Field

from curation_scaling.study.base import Name, Positive, Real, Share
from curation_scaling.study.checks_base import TOLERANCE, Check, ScalarCheck
from curation_scaling.study.diversity import DiversityChecks
from curation_scaling.study.domains import DomainChecks
from curation_scaling.study.mixing import MixtureRankingCheck
from curation_scaling.study.ranking_checks import RankingCheck
from curation_scaling.study.recipe import RecipeChecks
from curation_scaling.study.regimes import ExponentCheck
from curation_scaling.study.selectors import SelectorCheck
from curation_scaling.study.sources import SourceErrorCheck
from curation_scaling.study.theory_checks import TheoryCheck


class ObjectiveCheck(ScalarCheck):
    """The summed loss of a fit at its optimum, or at given parameters."""

    kind: Literal["objective"]
    fit: Name
    at: dict[str, Real] = Field({}, description="parameters to evaluate at; the others keep their fitted values")


class RSquaredCheck(ScalarCheck):
    """R^2 on the raw error, of a fit or of another law with the same parameters."""

    kind: Literal["r_squared"]
    fit: Name
    at: dict[str, Real] = Field({}, description="parameters to evaluate at; the others keep their fitted values")
    law: str | None = Field(None, description="another law to evaluate, such as the same one without decay")


class PredictionCheck(ScalarCheck):
    """The absolute relative error of the prediction of a held-out run."""

    kind: Literal["prediction"]
    fit: Name
    run: str = Field(min_length=1, description="the held-out run")


class BestShareCheck(Check):
    """The share of a group's curves that one fit extrapolates best; it agrees where it reaches the published share."""

    kind: Literal["best_share"]
    published: Share
    fit: Name
    among: list[Name] = Field(min_length=2, description="the fits that are compared")
    group: str = Field(min_length=1, description="the group of runs that is counted")


class ParameterCheck(Check):
    """Fitted parameters; without a tolerance they agree where the fit's interval holds the published value."""

    kind: Literal["parameter"]
    fit: Name
    published: dict[str, Real | None] = Field(
        min_length=1, description="parameter: published value, or null where none was published"
    )
    tolerance: Positive | None = Field(None, description=f"{TOLERANCE}; default: the interval decides")


class ProfileRangeCheck(Check):
    """Where a parameter may lie while the best objective stays within a share of the optimum's."""

    kind: Literal["profile_range"]
    fit: Name
    parameter: str
    within: Share = Field(0.01, description="share by which the objective may exceed the optimum's")
    published: Real


class ExtrapolationCheck(Check):
    """The mean over a group's curves of the root mean square of ln(predicted / error), held-out evaluations only."""

    kind: Literal["extrapolation"]
    group: str = Field(min_length=1, description="the group of runs that is averaged")
    published: dict[Name, Real | None] = Field(
        min_length=1, description="fit: published value, or null where none was published"
    )
    tolerance: Positive = Field(description=TOLERANCE)


class HeldOutErrorCheck(ScalarCheck):
    """The mean over held-out runs of the mean absolute error of their evaluations."""

    kind: Literal["held_out_error"]
    fit: Name


FitCheck = (
    ObjectiveCheck
    | RSquaredCheck
    | PredictionCheck
    | BestShareCheck
    | ParameterCheck
    | ProfileRangeCheck
    | ExtrapolationCheck
    | HeldOutErrorCheck
)
PartCheck = (
    RankingCheck
    | TheoryCheck
    | MixtureRankingCheck
    | SelectorCheck
    | ExponentCheck
    | SourceErrorCheck
    | RecipeChecks
    | DiversityChecks
    | DomainChecks
)
AnyCheck = Annotated[FitCheck | PartCheck, Field(discriminator="kind")]


def fits_of(check: AnyCheck) -> list[tuple[str, str]]:
    """The fits that a check names, with the key that names each."""
    if isinstance(check, PartCheck):
        return []
    if isinstance(check, ExtrapolationCheck):
        return [(f"published.{name}", name) for name in check.published]
    among = check.among if isinstance(check, BestShareCheck) else []
    return [("fit", check.fit), *((f"among[{i}]", name) for i, name in enumerate(among))]
