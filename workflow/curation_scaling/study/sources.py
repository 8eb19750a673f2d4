"""The `sources` part of a rerun: sources seen only in part, trainings on mixtures of them, and a choice of weights."""

from itertools import combinations, pairwise
from math import comb
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.study.base import Count, Few, Index, Name, Part, Share, check_once
from curation_scaling.study.checks_base import ScalarCheck
from curation_scaling.study.files import DataFile
from curation_scaling.study.frontier import RepetitionLaw
from curation_scaling.study.pruning import PruningTrainer

Form = Literal["pq", "cs"]
Model = Literal["pq", "cs", "linear", "pseudo_quadratic", "rational", "mixing_law", "repetition"]
FORMS: tuple[Form, ...] = get_args(Form)
MODELS: tuple[Model, ...] = get_args(Model)
_MOST = 2000  # mixtures of a grid: each is trained and transported


class ClassSource(Part):
    """One source of images, in which some classes are more frequent than the others."""

    classes: list[Index] = Field(min_length=1, description="classes that it mostly holds")
    share: Share = Field(description="their share of it, spread evenly over them; the rest is spread over the others")
    size: Count = Field(description="samples that it holds; only the largest of `sizes` are revealed")


class ImageSources(Part):
    """Class-unbalanced sources cut from labelled images, a balanced validation set, and the data set's own test set."""

    kind: Literal["images"]
    dataset: Literal["digits", "fashion_mnist"] = Field(description="digits comes with scikit-learn")
    test_images: Count = Field(500, description="size of the test set of digits; Fashion-MNIST has its own")
    folder: str | None = Field(None, description="folder of local copies of the Fashion-MNIST files, below data_root")
    download: bool = Field(True, description="whether Fashion-MNIST may be fetched when no local copy is found")
    sources: dict[Name, ClassSource] = Field(min_length=2)
    validation: Count = Field(500, description="balanced samples that the transport leads to")
    dimensions: Count = Field(
        64, description="principal components of what is revealed; transport and trainer use them"
    )


class TableSources(Part):
    """Sources of your own: a Parquet file each, with features (such as embeddings) and, to train, labels."""

    kind: Literal["table"]
    sources: dict[Name, DataFile] = Field(min_length=2, description="what each source reveals, a row a sample")
    validation: DataFile = Field(description="samples that the transport leads to")
    test: DataFile | None = Field(None, description="samples that the error is measured on; needed to train")
    features: str = Field("embedding", min_length=1, description="column of the features, a list of numbers a row")
    label: str | None = Field(None, description="column of the class, a whole number; without one the features alone")
    sizes: dict[Name, Count] = Field({}, description="samples that a source can deliver; default those revealed")


class TrainMixtures(Part):
    """Small trainings on a grid of mixtures, at both disclosed sizes."""

    kind: Literal["train"]
    steps: Annotated[Count, Field(le=50)] = Field(10, description="the grid: weights are multiples of 1/steps")
    trainer: PruningTrainer = PruningTrainer()
    passes: list[Count] = Field([20], min_length=1, description="passes over the data at which the error is measured")
    seeds: Few = Field(1, description="trainings of each mixture at each disclosed size")
    larger: list[Count] = Field(
        [], description="undisclosed sizes that are trained, too, once a mixture, to judge the projection"
    )
    larger_steps: Annotated[Count, Field(le=50)] = Field(5, description="the grid of mixtures at those sizes")

    @model_validator(mode="after")
    def _rising(self) -> "TrainMixtures":
        for key in ("passes", "larger"):
            values = getattr(self, key)
            for i, (a, b) in enumerate(pairwise(values)):
                if b <= a:
                    raise ValueError(f"{key}[{i + 1}] = {b} does not exceed {key}[{i}] = {a}; sort them")
        return self


class ImportMixtures(Part):
    """Results of trainings on mixtures that were done elsewhere: a row a training."""

    kind: Literal["import"]
    file: DataFile = Field(description="table with a column of the weight for each source, named as the source")
    size: str = Field("size", min_length=1, description="its column of the samples trained on")
    error: str = Field("error", min_length=1, description="its column of the error, low = good")
    metric: str = Field("error", min_length=1, description="what the error is")


class HeldOut(Part):
    """Mixtures that no form is fitted to: those with at least so much of one source."""

    source: Name = Field(description="the source")
    at_least: Share = Field(description="its least weight in a mixture that is held out")


class Choose(Part):
    """Weights for a larger, undisclosed size, by the gradient of the projected error."""

    size: Count = Field(description="samples to buy")
    form: Form = Field("pq", description="the form whose projection is minimised")
    seeds: Annotated[Count, Field(ge=2, le=100)] = Field(
        4, description="trainings on the chosen, uniform and proportional weights each"
    )


class Sources(Part):
    """Predict the error on any mixture of sources from few small trainings, at any size, and choose the weights."""

    samples: Annotated[ImageSources | TableSources, Field(discriminator="kind")]
    sizes: list[Count] = Field(min_length=2, max_length=2, description="the two disclosed sizes, the smaller first")
    runs: Annotated[TrainMixtures | ImportMixtures, Field(discriminator="kind")]
    held_out: HeldOut = Field(description="mixtures that judge the forms; the weights are chosen with all of them")
    choose: Choose
    repetition: RepetitionLaw = Field(
        "goyal_anchored", description="repetition law of the single sources that is compared, fitted to all mixtures"
    )
    bootstrap: Count = Field(1000, description="replicates over mixtures, for the intervals of mean absolute errors")
    level: Share = Field(0.95, description="level of all intervals")

    @model_validator(mode="after")
    def _consistent(self) -> "Sources":
        first, second = self.sizes
        if second <= first:
            raise ValueError(f"sizes: {first} and {second} span no range of ln N; give two sizes, the smaller first")
        if self.held_out.source not in self.names:
            raise ValueError(
                f"held_out.source: {self.held_out.source!r} is no source; these are: "
                f"{listed(self.held_out.source, self.names)}"
            )
        if self.choose.size <= second:
            raise ValueError(f"choose.size: {self.choose.size} does not exceed sizes[1] = {second}; raise it")
        if isinstance(self.samples, ImageSources):
            self._check_images(self.samples)
        elif isinstance(self.runs, TrainMixtures) and (self.samples.label is None or self.samples.test is None):
            key = "label" if self.samples.label is None else "test"
            raise ValueError(
                f"samples.{key} is missing; the trainings need labels and a test set: give it, or import runs"
            )
        if isinstance(self.runs, TrainMixtures):
            self._check_grid(self.runs)
        return self

    def _check_images(self, samples: ImageSources) -> None:
        for name, source in samples.sources.items():
            check_once(f"samples.sources.{name}.classes", source.classes)
            if max(source.classes) > 9 or len(source.classes) > 9:
                raise ValueError(f"samples.sources.{name}.classes: give some, not all, of the classes 0 to 9")
            if source.size < self.sizes[1]:
                raise ValueError(
                    f"samples.sources.{name}.size = {source.size} is below sizes[1] = {self.sizes[1]}, which a mixture "
                    "of it alone needs; raise it"
                )

    def _check_grid(self, runs: TrainMixtures) -> None:
        m = len(self.names)
        for key, steps in (("steps", runs.steps), ("larger_steps", runs.larger_steps)):
            if comb(steps + m - 1, m - 1) > _MOST:
                raise ValueError(f"runs.{key}: {steps} steps of {m} sources are more than {_MOST} mixtures; lower it")
        if runs.larger and runs.larger[0] <= self.sizes[1]:
            raise ValueError(
                f"runs.larger[0] = {runs.larger[0]} is disclosed already; give sizes above {self.sizes[1]}"
            )
        held = sum(self.is_held_out(weights) for weights in grid(runs.steps, m))
        fitted = comb(runs.steps + m - 1, m - 1) - held
        needed = 2 * (m + squares(m)) if self.choose.form == "pq" else m + 1
        if fitted <= needed:
            raise ValueError(
                f"runs.steps: {fitted} fitted mixtures are too few for the {needed} coefficients of form "
                f"{self.choose.form}; raise steps or held_out.at_least"
            )
        if not held:
            raise ValueError("held_out: no mixture of the grid is held out; lower at_least")

    @property
    def names(self) -> list[str]:
        """The sources, in the order of the study: the order of all weights."""
        return list(self.samples.sources)

    @property
    def all_sizes(self) -> list[int]:
        """Every size that a grid is trained at."""
        return [*self.sizes, *(self.runs.larger if isinstance(self.runs, TrainMixtures) else [])]

    @property
    def jobs(self) -> list[tuple[int, int]]:
        """(size, seed) of each job that trains a grid of mixtures."""
        if isinstance(self.runs, ImportMixtures):
            return []
        disclosed = [(size, seed) for size in self.sizes for seed in range(self.runs.seeds)]
        return [*disclosed, *((size, 0) for size in self.runs.larger)]

    @property
    def choice_seeds(self) -> range:
        """Seed of each job that trains on the chosen and on the plain weights."""
        return range(0 if isinstance(self.runs, ImportMixtures) else self.choose.seeds)

    @property
    def files(self) -> list[DataFile]:
        """All files that it reads."""
        found = []
        if isinstance(self.samples, TableSources):
            test = [self.samples.test] if self.samples.test is not None else []
            found += [*self.samples.sources.values(), self.samples.validation, *test]
        return [*found, *([self.runs.file] if isinstance(self.runs, ImportMixtures) else [])]

    def is_held_out(self, weights: tuple[float, ...]) -> bool:
        """Whether a mixture, by its weights in the order of `names`, judges the forms."""
        return weights[self.names.index(self.held_out.source)] >= self.held_out.at_least - 1e-9


def grid(steps: int, sources: int) -> list[tuple[float, ...]]:
    """All mixtures whose weights are multiples of 1/steps, in lexical order from (0, ..., 0, 1)."""
    found = []
    for bars in combinations(range(steps + sources - 1), sources - 1):
        ends = (-1, *bars, steps + sources - 1)
        found.append(tuple((b - a - 1) / steps for a, b in pairwise(ends)))
    return found


def grid_at(spec: Sources, runs: TrainMixtures, size: int) -> list[tuple[float, ...]]:
    """The mixtures that are trained at a size: a coarser grid at undisclosed ones."""
    return grid(runs.steps if size in spec.sizes else runs.larger_steps, len(spec.names))


def squares(sources: int) -> int:
    """How many squared weights tell mixtures apart beside the weights: of two sources, p_2^2 = p_1^2 + p_2 - p_1."""
    return sources if sources > 2 else 1


def mixture_name(weights: tuple[float, ...], size: int) -> str:
    """The name of a mixture at a size, of its runs: its weights in thousandths."""
    return f"mix-{'-'.join(f'{1000 * w:.0f}' for w in weights)}-n{size}"


class SourceErrorCheck(ScalarCheck):
    """The mean absolute error of a form or law on the held-out mixtures, in points, mean over both disclosed sizes."""

    kind: Literal["source_error"]
    model: Model
