"""The whole study file."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.study.base import Index, Name, Part
from curation_scaling.study.frontier import Frontier, Laws
from curation_scaling.study.pools import DeclaredSource, Pools
from curation_scaling.study.pruning import Pruning
from curation_scaling.study.published import Published
from curation_scaling.study.regimes import PoolRegimes
from curation_scaling.study.runs import CommandTrainer, Import, ImportedEval, MlpTrainer, Runs, Train
from curation_scaling.study.shards import ShardsSource

_INPUTS = {"docstrings": "characters", "images": "features"}
# What a source's samples are, and what scores and trainers read.
_PAYLOAD = {
    "docstrings": "text",
    "ngram_cross_entropy": "text",
    "characters": "text",
    "images": "pixels",
    "sharpness": "pixels",
    "features": "pixels",
}


class PoolStudy(Part):
    """A study that ends at its pools: what a study without `runs` and `frontier` is."""

    study: Name = Field(description="name of the study and of its folder below results/")
    title: str = Field(description="one line for the report")
    seed: Index = Field(description="every random choice derives from it")
    unit: Literal["samples", "tokens", "characters"] = Field("samples", description="unit of sizes and budgets")
    data_root: str | None = Field(None, description="folder of local copies of data files")
    pools: Pools

    @model_validator(mode="after")
    def _measured(self) -> "PoolStudy":
        source = self.pools.source
        if isinstance(source, ShardsSource):
            if self.unit == "characters":
                raise ValueError("unit: shards are measured in samples or tokens; choose one of them")
            if self.unit == "tokens" and source.tokens is None:
                raise ValueError("pools.source.tokens is missing; the unit is tokens, name their column")
        return self


class Study(PoolStudy):
    """One study: a dataset, its runs, and the budgets to decide for."""

    runs: Runs
    laws: Laws = Laws()
    frontier: Frontier
    pruning: Pruning | None = Field(None, description="a second task, whose samples are ranked and pruned")
    published: Published | None = Field(None, description="a paper's numbers on these pools, to compare")
    regimes: PoolRegimes | None = Field(None, description="dimension of the pools' samples, and each curve's regime")

    @model_validator(mode="after")
    def _handed_over(self) -> "Study":
        source = self.pools.source
        trainer = self.runs.trainer if isinstance(self.runs, Train) else None
        reads = isinstance(trainer, CommandTrainer) and "{uids}" in trainer.command
        if reads and isinstance(source, ShardsSource) and not source.subset_files:
            raise ValueError("runs.trainer.command: {uids} is a subset file; set pools.source.subset_files to true")
        return self

    @property
    def trained_pools(self) -> list[str]:
        """Pools with runs of this workflow; empty where runs are imported."""
        if isinstance(self.runs, Import):
            return []
        return self.runs.pools if self.runs.pools is not None else list(self.pools.members)

    @property
    def unscored(self) -> list[str]:
        """Candidates that need no scores, beside all buckets in proportion: the named ones and the random pools."""
        return [*self.frontier.unscored, *(n for n, pool in self.pools.pruned.items() if pool.metric == "random")]

    @property
    def candidates(self) -> list[str]:
        """Pools that the frontier compares."""
        return self.frontier.candidates if self.frontier.candidates is not None else self.pools.candidates

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        declared = isinstance(self.pools.source, DeclaredSource)
        if declared != isinstance(self.runs, Import):
            raise ValueError(
                "runs.kind: declared pools have no samples to train on, import their runs"
                if declared
                else "pools.source.kind: imported runs need declared pools with their sizes"
            )
        known = self.pools.members
        for key, names in (("runs.pools", self.trained_pools), ("frontier.candidates", self.candidates)):
            for name in names:
                if name not in known:
                    raise ValueError(f"{key}: {name!r} is no pool of this study; these are: {listed(name, known)}")
        buckets = self.pools.bucket_names
        for name in [name for pair in self.laws.same_quality.items() for name in pair]:
            if name not in buckets:
                raise ValueError(f"laws.same_quality: {name!r} is no bucket; these are: {listed(name, buckets)}")
        self._check_mixes()
        self._check_budgets()
        self._check_imports()
        self._check_trainer()
        self._check_regimes()
        return self

    def _check_mixes(self) -> None:
        """Mixes name disjoint buckets, and have names of their own."""
        buckets = self.pools.disjoint
        for i, mix in enumerate(self.frontier.mixes):
            if mix.name in self.pools.members:
                raise ValueError(f"frontier.mixes[{i}].name: {mix.name!r} is a pool of this study; choose another name")
            for name in mix.weights:
                if name not in buckets:
                    raise ValueError(
                        f"frontier.mixes[{i}].weights: {name!r} is no bucket that can be mixed (they must share no "
                        f"samples); these are: {', '.join(buckets)}"
                    )
        known = [*self.candidates, *(mix.name for mix in self.frontier.mixes)]
        for i, name in enumerate(self.frontier.unscored):
            if name not in known:
                raise ValueError(f"frontier.unscored[{i}]: {name!r} is no candidate; these are: {listed(name, known)}")

    def _check_budgets(self) -> None:
        """Where sizes are known before any job, a budget below one pool is refused here, else by the frontier."""
        source, sample = self.pools.source, self.pools.sample
        if self.frontier.unit != "samples":
            return
        if isinstance(source, DeclaredSource):
            smallest = min(source.sizes.values())
        elif sample is not None and self.pools.buckets is not None:
            smallest = sample.size // self.pools.buckets
        else:
            return
        # A draw is filled with whole samples: its buckets differ a little from their nominal size.
        if self.frontier.budgets[0] < 0.9 * smallest:
            raise ValueError(
                f"frontier.budgets[0] = {self.frontier.budgets[0]:g} is below one pool (the smallest holds {smallest} "
                f"{self.unit}); raise it"
            )

    def _check_imports(self) -> None:
        if not isinstance(self.runs, Import):
            return
        known = self.pools.members
        named = [(f"runs.points[{i}].pool", points.pool) for i, points in enumerate(self.runs.points)]
        for i, item in enumerate(self.runs.files):
            if isinstance(item, ImportedEval):
                named.append((f"runs.files[{i}].pool", item.pool))
            else:
                named += [(f"runs.files[{i}].pools.{theirs}", ours) for theirs, ours in item.pools.items()]
        for key, name in named:
            if name not in known:
                raise ValueError(f"{key}: {name!r} is no pool of this study; these are: {listed(name, known)}")

    def _check_regimes(self) -> None:
        if self.regimes is None:
            return
        kind = self.pools.source.kind
        if kind in ("declared", "shards"):
            raise ValueError(f"regimes: {kind} pools hold no samples here whose dimension could be told; leave it out")
        if self.regimes.embeddings is None and kind != "images":
            raise ValueError(
                f"regimes.embeddings is missing: samples of {kind} have no features; name their embeddings"
            )

    def _check_trainer(self) -> None:
        """What a pool's samples hold is known before any job, and so is which pools the laws can be fitted to."""
        if not isinstance(self.runs, Train):
            return
        kind, score, trainer = self.pools.source.kind, self.pools.score, self.runs.trainer
        if score is not None and _PAYLOAD[score.kind] != _PAYLOAD[kind]:
            raise ValueError(f"pools.score.kind: {score.kind} reads {_PAYLOAD[score.kind]}, but {kind} are not that")
        if isinstance(trainer, MlpTrainer):
            if kind in ("table", "shards"):
                held = "a table holds" if kind == "table" else "shards hold"
                raise ValueError(f"runs.trainer.kind: mlp needs text or pixels, {held} neither; use command")
            if _PAYLOAD[trainer.inputs] != _PAYLOAD[kind]:
                raise ValueError(f"runs.trainer.inputs: {kind} are {_PAYLOAD[kind]}; use {_INPUTS[kind]}")
        trained = self.trained_pools
        for key, names in (("runs.pools", trained), ("frontier.candidates", self.candidates)):
            for name in names:
                for member in self.pools.members[name]:
                    if member not in trained:
                        part = "is" if member == name else f"contains {member!r}, which is"
                        raise ValueError(f"{key}: {name!r} {part} not trained alone; add it to runs.pools")
