"""The `rankings` part of a rerun: published scores of samples."""

from pydantic import Field, model_validator

from curation_scaling.study.base import Name, Part, check_once
from curation_scaling.study.files import DataFile
from curation_scaling.study.theory import Kept


class ScoreFile(Part):
    """Published scores of all samples of a data set, high = keep; rows are named by their number."""

    name: Name
    file: DataFile = Field(description=".npz, .parquet or .csv")
    metrics: dict[Name, str] = Field(min_length=1, description="metric: array or column, one score a sample")
    seeds: dict[Name, str] = Field({}, description="metric: array with a column a scorer's seed")
    saw: str = Field(min_length=1, description="which data the scorers saw")
    fractions: list[Kept] = Field([0.1, 0.3, 0.5, 0.7, 0.9], description="fractions at which kept sets are compared")

    @model_validator(mode="after")
    def _known(self) -> "ScoreFile":
        check_once("fractions", self.fractions)
        for name in self.seeds:
            if name not in self.metrics:
                raise ValueError(f"seeds.{name}: no such metric; these are: {', '.join(self.metrics)}")
        return self
