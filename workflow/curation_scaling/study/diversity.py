"""The `diversity` part of a rerun: laws in the number of groups and of samples a group, and what a budget buys."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Share, check_once
from curation_scaling.study.checks_base import ScalarCheck

Axis = Literal["samples", "groups", "per_group"]
AXES: tuple[Axis, ...] = ("samples", "groups", "per_group")
JOINT = "groups_joint"
LAWS = [JOINT, "groups_power", "per_group_power", "pruned_power"]


class Diversity(Part):
    """Laws compared by rollout, and more groups or more of each at a fixed number of samples."""

    table: Name = Field(description="table with groups, per_group, unique_samples: a table, or trainings")
    laws: list[str] = Field(LAWS, min_length=1, description=f"laws that are compared; {JOINT} gives the verdict")
    floor: bool = Field(True, description="whether the laws have a floor d; false holds it at 0")
    budgets: list[Count] = Field(min_length=1, description="numbers of samples, groups times samples a group")
    bootstrap: Count = Field(500, description="bootstrap replicates of the joint law, over draws")
    level: Share = Field(0.95, description="level of the intervals")

    @model_validator(mode="after")
    def _once(self) -> "Diversity":
        check_once("laws", self.laws)
        check_once("budgets", self.budgets)
        if JOINT not in self.laws:
            raise ValueError(f"laws: {JOINT} is missing; it is the law that gives the verdict, add it")
        return self


class DiversityRolloutCheck(ScalarCheck):
    """The root mean square of ln(predicted / error), the larger values of an axis predicted from the smaller ones."""

    kind: Literal["diversity_rollout"]
    law: str
    axis: Axis


class DiversityBalanceCheck(ScalarCheck):
    """The samples a group from which on another group is worth more than more of the same, by the joint law."""

    kind: Literal["diversity_balance"]


DiversityChecks = DiversityRolloutCheck | DiversityBalanceCheck
