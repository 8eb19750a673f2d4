"""The `recipe` part of a rerun: a large training's curve foretold from the constants of small ones; and its checks."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Few, Index, Name, Part, Positive, Real, Share, check_once
from curation_scaling.study.checks_base import Check, ScalarCheck

SIMULATION = "simulation"  # the name of the table of its points
Constant = Literal["N_c", "alpha_N", "S_c", "alpha_S", "B_star", "alpha_B"]


class Constants(Part):
    """Constants of L(N, S) = (N_c/N)^alpha_N + (S_c/S_min)^alpha_S and B_crit = B_star / L^(1/alpha_B)."""

    N_c: Positive = Field(description="parameters")
    alpha_N: Positive  # noqa: N815
    S_c: Positive = Field(description="steps")
    alpha_S: Positive  # noqa: N815
    B_star: Positive = Field(description="examples a step at a loss of 1")
    alpha_B: Positive  # noqa: N815


class SimulatedSet(Part):
    """Simulated trainings of all combinations of sizes and batch sizes."""

    name: Name
    params: list[Count] = Field(min_length=1, description="parameters of the models")
    batch_size: list[Count] = Field(min_length=1, description="examples a step")
    steps: list[Count] = Field(min_length=1, description="steps at which the loss is noted, increasing")
    held_out: bool = Field(False, description="laws are not fitted to these trainings, but predict them")


class Simulation(Part):
    """Trainings that follow known constants, with noise: what the recipe must find again."""

    constants: Constants
    noise: Positive = Field(0.002, description="standard deviation of the log of each noted loss")
    draws: Few = Field(1, description="repetitions of every training")
    sets: list[SimulatedSet] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> "Simulation":
        check_once("sets", [one.name for one in self.sets])
        for i, one in enumerate(self.sets):
            for j, (a, b) in enumerate(zip(one.steps, one.steps[1:], strict=False)):
                if b <= a:
                    raise ValueError(f"sets[{i}].steps[{j + 1}] = {b} does not exceed steps[{j}] = {a}; sort them")
        return self


class Recipe(Part):
    """Step by step from small runs to constants: L(N), the critical batch size, L(N, S), and a curve unseen."""

    table: Name = Field(description="table with params, batch_size, steps: a table, trainings, or simulation")
    levels: Count = Field(12, description="levels of the loss at which steps are traded for examples")
    burn_in: Index = Field(0, description="evaluations after fewer steps are neither fitted nor judged")
    level: Share = Field(0.95, description="level of the intervals, over draws")


class RecipeCheck(Check):
    """Constants of the recipe; they agree where the interval holds the published value."""

    kind: Literal["recipe"]
    step: Literal["steps", "joint"] = Field(
        "steps", description="steps: one constant after the other; joint: those of L(N, S) fitted at once"
    )
    published: dict[Constant, Real | None] = Field(min_length=1, description="constant: published value, or null")


class RecipeTrajectoryCheck(ScalarCheck):
    """The root mean square of ln(predicted / loss) over the held-out trainings."""

    kind: Literal["recipe_trajectory"]
    method: Literal["predicted", "joint", "last"] = Field(
        "predicted", description="predicted: the steps' constants; joint: the joint ones; last: the largest fitted run"
    )


RecipeChecks = RecipeCheck | RecipeTrajectoryCheck
