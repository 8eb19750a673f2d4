"""The whole study file."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Index, Name, Part
from curation_scaling.study.frontier import Frontier, Laws
from curation_scaling.study.pools import DeclaredSource, Pools
from curation_scaling.study.runs import CommandTrainer, Import, Runs, Train


class Study(Part):
    """One study: a dataset, its runs, and the budgets to decide for."""

    study: Name = Field(description="name of the study and of its folder below results/")
    title: str = Field(description="one line for the report")
    seed: Index = Field(description="every random choice derives from it")
    unit: Literal["samples", "tokens", "characters"] = Field("samples", description="unit of sizes and budgets")
    data_root: str | None = Field(None, description="folder of local copies of data files")
    pools: Pools
    runs: Runs
    laws: Laws = Laws()
    frontier: Frontier

    @property
    def trained_pools(self) -> list[str]:
        """Pools with runs of this workflow; empty where runs are imported."""
        if isinstance(self.runs, Import):
            return []
        return self.runs.pools if self.runs.pools is not None else list(self.pools.members)

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
                    raise ValueError(f"{key}: {name!r} is no pool of this study; these are: {', '.join(known)}")
        self._check_budgets()
        self._check_imports()
        self._check_resources()
        return self

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
        named = [("points", i, p.pool) for i, p in enumerate(self.runs.points)]
        for i, item in enumerate(self.runs.files):
            pools = [item.pool] if item.format == "eval_results" else list(item.pools.values())
            named += [("files", i, pool) for pool in pools]
        for key, i, name in named:
            if name not in known:
                raise ValueError(f"runs.{key}[{i}]: {name!r} is no pool of this study; these are: {', '.join(known)}")

    def _check_resources(self) -> None:
        if isinstance(self.runs, Train) and isinstance(self.runs.trainer, CommandTrainer):
            return
        if isinstance(self.runs, Train) and self.pools.source.kind == "table":
            raise ValueError("runs.trainer.kind: the built-in trainer needs text or pixels; a table needs `command`")
