"""The `trainings` part of a rerun: small trainings by model size, batch size, and groups of the data, of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Annotated

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Few, Name, Part, Positive, Real, check_once
from curation_scaling.study.runs import MlpTrainer

TRAININGS = "trainings"  # the name of the table of its points


class ModuleSource(Part):
    """Docstrings of installed packages in chunks; a group is a module, and whole modules are held out for the error."""

    packages: list[str] = Field(min_length=1, description="packages whose docstrings are read")
    chunk: Count = Field(200, description="characters a sample")
    smallest: Count = Field(32, description="samples that a module must hold to be a group; smaller ones are left out")
    test_modules: Count = Field(40, description="modules that are never trained on and make the test set")
    test_chunks: Count = Field(10, description="samples of each of them; at most `smallest`")

    @model_validator(mode="after")
    def _held(self) -> "ModuleSource":
        if self.test_chunks > self.smallest:
            raise ValueError(f"test_chunks = {self.test_chunks} exceeds smallest = {self.smallest}; lower it")
        return self


@dataclass(frozen=True)
class Cell:
    """One training of a set, in every draw: its model, its batch, and the groups that it sees (None: all)."""

    name: str
    hidden: list[int]
    batch_size: int
    groups: int | None
    per_group: int | None


class TrainingSet(Part):
    """Trainings of all combinations of the values given here; what is left out is the trainer's, or all there is."""

    name: Name
    hidden: list[Count] | None = Field(None, min_length=1, description="units of the one hidden layer")
    batch_size: list[Count] | None = Field(None, min_length=1, description="examples a step")
    groups: list[Count] | None = Field(None, min_length=1, description="groups that are trained on; default all")
    per_group: list[Count] | None = Field(None, min_length=1, description="samples of each group; default all")
    checkpoints: list[Count] | None = Field(
        None, min_length=1, description="examples seen at which the error is measured; rounded to whole steps"
    )
    passes: list[Positive] | None = Field(
        None, min_length=1, description="instead of checkpoints: passes over what is trained on"
    )
    held_out: bool = Field(False, description="laws are not fitted to these trainings, but predict them")

    @model_validator(mode="after")
    def _consistent(self) -> "TrainingSet":
        for key in ("hidden", "batch_size", "groups", "per_group"):
            check_once(key, getattr(self, key) or [])
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
        given = [getattr(self, key) or [None] for key in ("hidden", "batch_size", "groups", "per_group")]
        for hidden, batch, groups, per_group in product(*given):
            parts = {"h": hidden, "b": batch, "m": groups, "n": per_group}
            yield Cell(
                name=".".join([self.name, *(f"{k}{v}" for k, v in parts.items() if v is not None)]),
                hidden=[hidden] if hidden is not None else trainer.hidden,
                batch_size=batch or trainer.batch_size,
                groups=groups,
                per_group=per_group,
            )


class Trainings(Part):
    """Trainings of the study's own, one table of points for laws: `trainings`."""

    source: ModuleSource
    trainer: MlpTrainer = Field(description="the trainer, with what the sets do not vary; reads characters")
    rate_exponent: Annotated[Real, Field(ge=0, le=1)] = Field(
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
        return self

    def set_named(self, name: str) -> TrainingSet:
        """The set of a name."""
        return next(one for one in self.sets if one.name == name)
