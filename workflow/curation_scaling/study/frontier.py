"""The `laws` and `frontier` parts of a study."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Positive, Real, Share, check_once

RepetitionLaw = Literal["goyal_eq3", "goyal_anchored", "released_utility", "released_data"]


Range = Annotated[list[Real], Field(min_length=2, max_length=2)]


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
    gamma_range: Range | None = Field(
        None,
        description="where the answer's gamma may lie, lowest and highest: intervals and probabilities of the answer's "
        "rule draw it uniformly from here; default: it is taken as known",
    )
    joint: bool = Field(
        False,
        description="fit the unions' runs together with the buckets' and gamma with them, instead of predicting them; "
        "gammas, gamma and gamma_range are then not used",
    )
    same_quality: dict[Name, Name] = Field(
        {}, description="pool: pool of the same quality (a random part of it), which has the same utility b"
    )
    pooling: Positive | None = Field(
        None,
        description="partial pooling of the ordered buckets: relative standard deviation of b, and of tau where each "
        "bucket has its own, around a line in the bucket's order; default: none, buckets learn nothing from each other",
    )
    n0: Positive | None = Field(
        None, description="samples at which pools with a shared amplitude cross; default a tenth of the smallest pool"
    )
    untrained: Positive | None = Field(
        None,
        description="goyal_anchored: the error of a model that has seen nothing, where known (chance); default fitted",
    )
    onset: Positive | None = Field(
        None,
        description="goyal_anchored: samples at which the power law sets in, known from runs on pools of several "
        "sizes; default fitted, which pools of one size hardly allow",
    )
    onset_range: Range | None = Field(
        None, description="where the onset may lie: intervals draw it log-uniformly from here; default: onset is known"
    )
    one_half_life: list[RepetitionLaw] = Field(
        [],
        description="laws whose pools share one half-life, which grows with the samples seen between two sights of a "
        "sample to the power of gamma; in the others every pool has its own",
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
        for key, value, ends in (("gamma", self.gamma, self.gamma_range), ("onset", self.onset, self.onset_range)):
            if ends is not None and (value is None or not ends[0] <= value <= ends[1]):
                raise ValueError(
                    f"{key}_range: {ends[0]:g} to {ends[1]:g} does not hold {key} = {value}; mend one of them"
                )
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
