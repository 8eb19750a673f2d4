"""The `laws` and `frontier` parts of a study."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.annealing import Annealing
from curation_scaling.study.base import Count, Index, Name, Part, Positive, Real, Share, check_once

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
    annealing: Annealing | None = Field(
        None, description="schedule of runs whose checkpoints are taken for finished runs; default: they are"
    )
    max_repetitions: Positive | None = Field(
        None, description="evaluations beyond this many passes over a pool are predicted but not fitted"
    )
    loss: Literal["log_huber", "mse", "lad", "log_mse", "binomial"] = Field(
        "log_huber",
        description="loss of the fit; binomial: the deviance of a share of failures, such as 1 - pass rate, on the "
        "scale of probabilities",
    )
    trials: Count | None = Field(
        None, description="loss binomial: trials behind each error, where the runs do not say; default: not known"
    )
    noise: Literal["estimate", "weigh"] | None = Field(
        None,
        description="estimate: the noise of evaluations, from runs that differ in draw or seed, and the signal against "
        "it go to laws/noise, laws/signal and the report; weigh: fits weigh evaluations by it, too; default: neither",
    )
    odd_curves: Literal["leave_out", "refuse"] = Field(
        "leave_out",
        description="single pools whose mean error rises again: leave out what follows, or refuse them; a pool whose "
        "error rises from the start is refused always",
    )
    metric: str | None = Field(None, min_length=1, description="which metric is fitted, where runs have several")
    bootstrap: Count = Field(1000, description="bootstrap replicates")
    level: Share = Field(0.95, description="level of all intervals")

    @model_validator(mode="after")
    def _noise_is_one(self) -> "Laws":
        if self.loss == "binomial" and self.noise == "weigh":
            raise ValueError("noise: a binomial loss weighs by trials already; use estimate, or another loss")
        if self.trials is not None and self.loss != "binomial":
            raise ValueError(f"trials: loss {self.loss} knows of no trials; use loss binomial, or leave it out")
        return self

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
        if self.annealing is not None and self.loss not in ("log_huber", "log_mse"):
            raise ValueError(f"annealing: corrects ln(error), which loss {self.loss} does not read; use a log loss")
        if self.gamma not in self.gammas:
            known = ", ".join(f"{g:g}" for g in self.gammas)
            raise ValueError(f"gamma: {self.gamma:g} is not among gammas; add it or choose one of {known}")
        return self


class Generate(Part):
    """Candidates that are generated from the study's buckets, beside the named ones."""

    prefixes: bool = Field(False, description="the best bucket, the best two, and so on")
    unions_up_to: Index = Field(0, description="all unions of up to so many buckets, sampled in proportion to size")
    simplex_steps: Index = Field(0, description="all sampling weights of the buckets that are multiples of 1 / steps")
    epochs: list[Positive] = Field(
        [], description="each candidate's random part that is just so large as to be repeated so often at the budget"
    )

    @model_validator(mode="after")
    def _something(self) -> "Generate":
        check_once("epochs", self.epochs)
        if not (self.prefixes or self.unions_up_to or self.simplex_steps or self.epochs):
            raise ValueError("prefixes: nothing to generate; set prefixes, unions_up_to, simplex_steps or epochs")
        return self


class Mix(Part):
    """A candidate with sampling weights of its own."""

    name: Name
    weights: dict[Name, Positive] = Field(min_length=1, description="bucket: its sampling weight; they sum to 1")

    @model_validator(mode="after")
    def _sums_to_one(self) -> "Mix":
        if abs(sum(self.weights.values()) - 1) > 1e-9:
            raise ValueError(f"weights: they sum to {sum(self.weights.values()):.10g}, not 1; rescale them")
        return self


class Scorer(Part):
    """What it costs to score the pool: charged to the budget of every candidate that needs scores."""

    name: Name
    flops_per_sample: Positive | None = Field(None, description="FLOPs to score one unit of the study")
    samples_per_sample: Positive | None = Field(
        None,
        description="instead: the same in units of training, that is cost of scoring one / cost of training on one",
    )
    scored: Count | None = Field(
        None, description="units that must be scored before any can be chosen; default all buckets together"
    )

    @model_validator(mode="after")
    def _one_cost(self) -> "Scorer":
        if (self.flops_per_sample is None) == (self.samples_per_sample is None):
            raise ValueError("flops_per_sample: give exactly one of flops_per_sample and samples_per_sample")
        return self


class Frontier(Part):
    """The budgets at which all pools are compared."""

    budgets: list[Positive] = Field(min_length=1, description="compute budgets, strictly increasing")
    unit: Literal["samples", "tokens", "flops"] = Field(
        "samples",
        description="samples: samples seen in the study's unit; tokens: needs tokens_per_sample; flops: floating-point "
        "operations of training",
    )
    tokens_per_sample: Positive | None = Field(
        None, description="tokens in one unit of the study; 1 where that is the token"
    )
    params: Count | None = Field(
        None, description="parameters of the model that the budget is for: 6 N FLOPs a token; default that of the runs"
    )
    flops_per_sample: Positive | None = Field(
        None, description="instead of params: training FLOPs of one unit of the study"
    )
    candidates: list[Name] | None = Field(None, min_length=1, description="pools to compare; default all")
    mixes: list[Mix] = Field([], description="more candidates: buckets with sampling weights of their own")
    generate: Generate | None = Field(None, description="more candidates, generated from the buckets")
    scorers: list[Scorer] = Field([], description="ways to score the pool, whose cost is charged to the budget")
    unscored: list[Name] = Field(
        [], description="candidates that need no score; those that hold every bucket in proportion to size need none"
    )

    @model_validator(mode="after")
    def _increasing(self) -> "Frontier":
        check_once("candidates", self.candidates or [])
        check_once("mixes", [mix.name for mix in self.mixes])
        check_once("scorers", [scorer.name for scorer in self.scorers])
        if self.params is not None and self.flops_per_sample is not None:
            raise ValueError("flops_per_sample: params says the same; give one of the two")
        for i, (a, b) in enumerate(zip(self.budgets, self.budgets[1:], strict=False)):
            if b <= a:
                raise ValueError(f"budgets[{i + 1}] = {b:g} does not exceed budgets[{i}] = {a:g}; sort them, once each")
        return self
