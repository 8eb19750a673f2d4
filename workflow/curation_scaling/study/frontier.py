"""The `laws` and `frontier` parts of a study."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Positive, Real, Share, check_once

RepetitionLaw = Literal["goyal_eq3", "goyal_anchored", "released_utility", "released_data"]


class Laws(Part):
    """Which laws are fitted to the runs, and how."""

    names: list[RepetitionLaw] = Field(
        ["goyal_eq3", "released_utility", "released_data"], min_length=1, description="repetition laws to fit"
    )
    main: Literal[RepetitionLaw, "auto"] = Field(
        "auto",
        description="the law that the answer and the figures use; auto: the one that extrapolates best on single pools",
    )
    gammas: list[Real] = Field(
        [0.0, 1.0],
        min_length=1,
        description="rules for mixtures: a pool with sampling weight q has half-life tau q^-gamma",
    )
    gamma: Real = Field(0.0, description="the rule, one of gammas, that the answer uses")
    n0: Positive | None = Field(
        None, description="samples at which pools with a shared amplitude cross; default a tenth of the smallest pool"
    )
    untrained: Positive | None = Field(
        None,
        description="goyal_anchored: the error of a model that has seen nothing, where known (chance); default fitted",
    )
    onset: Positive | None = Field(
        None,
        description="goyal_anchored: samples at which the power law sets in, known from runs on pools of several sizes; "
        "default fitted, which pools of one size hardly allow",
    )
    half_lives: Literal["each", "one"] = Field(
        "each",
        description="each: every pool has its own half-life; one: all share one, which grows with the samples seen "
        "between two sights of a sample to the power of gamma",
    )
    max_repetitions: Positive | None = Field(
        None, description="evaluations beyond this many passes over a pool are predicted but not fitted"
    )
    loss: Literal["log_huber", "mse", "lad", "log_mse"] = Field("log_huber", description="loss of the fit")
    bootstrap: Count = Field(1000, description="bootstrap replicates")
    level: Share = Field(0.95, description="level of all intervals")

    @model_validator(mode="after")
    def _main_is_fitted(self) -> "Laws":
        check_once("names", self.names)
        check_once("gammas", self.gammas)
        if self.main not in (*self.names, "auto"):
            raise ValueError(f"main: {self.main!r} is not among names; add it or choose one of {', '.join(self.names)}")
        if self.gamma not in self.gammas:
            known = ", ".join(f"{g:g}" for g in self.gammas)
            raise ValueError(f"gamma: {self.gamma:g} is not among gammas; add it or choose one of {known}")
        return self


class Frontier(Part):
    """The budgets at which all pools are compared."""

    budgets: list[Positive] = Field(min_length=1, description="compute budgets, strictly increasing")
    unit: Literal["samples", "flops"] = Field(
        "samples", description="samples: samples seen in the study's unit; flops: floating-point operations of training"
    )
    candidates: list[Name] | None = Field(
        None, min_length=1, description="pools to compare; default all buckets and unions"
    )

    @model_validator(mode="after")
    def _increasing(self) -> "Frontier":
        check_once("candidates", self.candidates or [])
        for i, (a, b) in enumerate(zip(self.budgets, self.budgets[1:], strict=False)):
            if b <= a:
                raise ValueError(f"budgets[{i + 1}] = {b:g} does not exceed budgets[{i}] = {a:g}; sort them, once each")
        return self
