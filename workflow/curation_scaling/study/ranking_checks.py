"""Checks of a rerun that compare rankings, and groups of runs along the size of what is kept."""

from typing import Literal

from pydantic import Field

from curation_scaling.study.base import Count, Name, Positive, Real
from curation_scaling.study.checks_base import TOLERANCE, Check, ScalarCheck


class RankCorrelationCheck(ScalarCheck):
    """Correlation of two metrics of one score file, over all samples."""

    kind: Literal["rank_correlation"]
    ranking: Name
    first: Name
    second: Name
    method: Literal["spearman", "kendall"] = "spearman"


class ReliabilityCheck(ScalarCheck):
    """Mean Spearman correlation of a metric between two scorers with other seeds."""

    kind: Literal["reliability"]
    ranking: Name
    metric: Name


class GroupMeansCheck(Check):
    """Mean error of a group of runs at each size of its pool."""

    kind: Literal["group_means"]
    table: Name
    group: str = Field(min_length=1)
    published: dict[Count, Real] = Field(min_length=1, description="unique samples: published mean error")
    tolerance: Positive = Field(description=TOLERANCE)


class CrossoverCheck(ScalarCheck):
    """The number of unique samples at which one group of runs becomes better than another, with an interval.

    Between sizes the difference of mean errors is a line in the logarithm of the size; the interval resamples the runs
    of every group and size.
    """

    kind: Literal["crossover"]
    table: Name
    group: str = Field(min_length=1, description="the group that is better above")
    against: str = Field(min_length=1, description="the group that is better below")
    replicates: Count = Field(2000, description="bootstrap replicates")


RankingCheck = RankCorrelationCheck | ReliabilityCheck | GroupMeansCheck | CrossoverCheck
