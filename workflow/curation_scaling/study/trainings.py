"""The `trainings` part of a rerun: small trainings by model size, batch size, and groups of the data, of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Few, Name, Part, Positive, Weight, check_once
from curation_scaling.study.runs import MlpTrainer

TRAININGS = "trainings"  # the name of the table of its points


class ModuleSource(Part):
    """Docstrings of installed packages in chunks; a group is a module, and whole modules are held out for the error."""

    packages: list[str] | None = Field(None, min_length=1, description="packages whose docstrings are read")
    domains: dict[Name, list[str]] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="instead of packages: the packages of each of two domains, which `share` mixes",
    )
    chunk: Count = Field(200, description="characters a sample")
    smallest: Count = Field(32, description="samples that a module must hold to be a group; smaller ones are left out")
    test_modules: Count = Field(40, description="modules (of each domain) that make the test set; never trained on")
    test_chunks: Count = Field(10, description="samples of each of them; at most `smallest`")

    @property
    def parts(self) -> dict[str, list[str]]:
        """The packages of each domain; without domains of one that is called `all`."""
        return self.domains or {"all": self.packages or []}

    @property
    def all_packages(self) -> list[str]:
        """The packages, domain after domain."""
        return [package for packages in self.parts.values() for package in packages]

    @model_validator(mode="after")
    def _held(self) -> "ModuleSource":
        if (self.packages is None) == (self.domains is None):
            raise ValueError("packages: give exactly one of packages and domains")
        for name, packages in self.parts.items():
            if not packages:
                raise ValueError(f"domains.{name}: a domain without packages holds no text; name some")
        check_once("domains" if self.domains else "packages", self.all_packages)
        if self.test_chunks > self.smallest:
            raise ValueError(f"test_chunks = {self.test_chunks} exceeds smallest = {self.smallest}; lower it")
        return self


@dataclass(frozen=True)
class Cell:
    """One training of a set, in every draw: its model, its batch, and what it sees (None: all groups, samples)."""

    name: str
    hidden: list[int]
    batch_size: int
    groups: int | None
    per_group: int | None
    share: float | None


class TrainingSet(Part):
    """Trainings of all combinations of the values given here; what is left out is the trainer's, or all there is."""

    name: Name
    hidden: list[Count] | None = Field(None, min_length=1, description="units of the one hidden layer")
    batch_size: list[Count] | None = Field(None, min_length=1, description="examples a step")
    groups: list[Count] | None = Field(None, min_length=1, description="groups that are trained on; default all")
    per_group: list[Count] | None = Field(None, min_length=1, description="samples of each group; default all")
    share: list[Weight] | None = Field(
        None,
        min_length=1,
        description="of the characters seen, the share of the source's first domain; none is seen twice",
    )
    checkpoints: list[Count] | None = Field(
        None, min_length=1, description="examples seen at which the error is measured; rounded to whole steps"
    )
    passes: list[Positive] | None = Field(
        None, min_length=1, description="instead of checkpoints: passes over what is trained on"
    )
    held_out: bool = Field(False, description="laws are not fitted to these trainings, but predict them")

    @model_validator(mode="after")
    def _consistent(self) -> "TrainingSet":
        for key in ("hidden", "batch_size", "groups", "per_group", "share"):
            check_once(key, getattr(self, key) or [])
        if self.share and (self.groups or self.per_group or self.passes):
            raise ValueError("share: a share of the characters seen needs checkpoints, and no groups or per_group")
        if (self.checkpoints is None) == (self.passes is None):
            raise ValueError("checkpoints: give exactly one of checkpoints and passes")
        for key in ("checkpoints", "passes"):
            values = getattr(self, key) or []
            for i, (a, b) in enumerate(pairwise(values)):
                if b <= a:
                    raise ValueError(f"{key}[{i + 1}] = {b:g} does not exceed {key}[{i}] = {a:g}; sort them")
        if self.per_group == [1]:
            raise ValueError(
                "per_group: groups of one sample cannot tell groups from samples; give several numbers a group"
            )
        return self

    def cells(self, trainer: MlpTrainer) -> Iterator[Cell]:
        """Every training of one draw."""
        keys = ("hidden", "batch_size", "groups", "per_group", "share")
        given: list[list[Any]] = [getattr(self, key) or [None] for key in keys]
        for hidden, batch, groups, per_group, share in product(*given):
            parts = {"h": hidden, "b": batch, "m": groups, "n": per_group, "p": share}
            yield Cell(
                name=".".join([self.name, *(f"{k}{v}" for k, v in parts.items() if v is not None)]),
                hidden=[hidden] if hidden is not None else trainer.hidden,
                batch_size=batch or trainer.batch_size,
                groups=groups,
                per_group=per_group,
                share=share,
            )


class Trainings(Part):
    """Trainings of the study's own, one table of points for laws: `trainings`."""

    source: ModuleSource
    trainer: MlpTrainer = Field(description="the trainer, with what the sets do not vary; reads characters")
    rate_exponent: Weight = Field(
        0.0, description="the learning rate grows with the batch size to this power, from the trainer's own batch size"
    )
    draws: Few = Field(1, description="trainings of each combination, each on other groups and samples")
    sets: list[TrainingSet] = Field(min_length=1)
    early_stopping: bool = Field(
        False, description="points keep each run's lowest error alone; without it every checkpoint is one"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Trainings":
        check_once("sets", [one.name for one in self.sets])
        if self.trainer.inputs != "characters":
            raise ValueError("trainer.inputs: docstrings are text; use characters")
        for i, one in enumerate(self.sets):
            if max(one.per_group or [0]) > self.source.smallest:
                raise ValueError(
                    f"sets[{i}].per_group: {max(one.per_group or [])} samples a group, but groups may hold only "
                    f"source.smallest = {self.source.smallest}; raise it"
                )
            if one.share is None and self.source.domains:
                raise ValueError(f"sets[{i}].share is missing: the source has domains; say how they are mixed")
            if one.share is not None and not self.source.domains:
                raise ValueError(f"sets[{i}].share: the source has no domains to mix; give source.domains")
        return self

    def set_named(self, name: str) -> TrainingSet:
        """The set of a name."""
        return next(one for one in self.sets if one.name == name)
