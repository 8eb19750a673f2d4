"""What every check of a rerun says about its published number."""

from pydantic import Field, model_validator

from curation_scaling.study.base import Part, Positive, Real

TOLERANCE = "largest absolute difference that agrees, by the printed digits"


class Check(Part):
    """What every check says about its published number."""

    source: str = Field(min_length=1, description="where the published number stands")
    note: str = Field("", description="what a reader must know, above all why the numbers differ")


class ScalarCheck(Check):
    """A check of one number."""

    quantity: str = Field(min_length=1, description="what the number is, in words")
    published: Real | None = Field(None, description="the published number, if there is one")
    tolerance: Positive | None = Field(None, description=f"{TOLERANCE}; needed with a published number")

    @model_validator(mode="after")
    def _decidable(self) -> "ScalarCheck":
        if self.published is not None and self.tolerance is None:
            raise ValueError("tolerance is missing; say how large a difference still agrees, by the printed digits")
        return self
