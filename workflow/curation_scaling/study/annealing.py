"""The schedule that a study's checkpoints were taken from before it had ended."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Part, Positive, Real

MOST_STEPS = 10_000_000


class Annealing(Part):
    """Checkpoints of runs that were not finished are corrected to what a run that ends there would give."""

    schedule: Literal["cosine", "linear"] = Field("cosine", description="decay of the learning rate to 0")
    ends_at: Positive = Field(description="samples at which the schedule ends, in the study's unit")
    warm_up: Real = Field(0, ge=0, description="samples of linear warm-up, in the study's unit")
    batch: Count = Field(description="samples a step, in the study's unit")
    momentum: Real = Field(0.999, ge=0, lt=1, description="of the annealing, a step")
    effect: Real | None = Field(
        None,
        ge=0,
        description="by how much ln(error) falls with the whole of the annealing; default: fitted with each law",
    )

    @model_validator(mode="after")
    def _steps(self) -> "Annealing":
        steps = self.ends_at / self.batch
        if not 2 <= steps <= MOST_STEPS:
            raise ValueError(f"batch: {steps:.3g} steps to the end of the schedule; 2 to {MOST_STEPS:,} are possible")
        if self.warm_up >= self.ends_at:
            raise ValueError(f"warm_up: {self.warm_up:g} is not below ends_at = {self.ends_at:g}; mend one of them")
        return self
