"""The `pruning` part of a study: a labelled task, the rankings of its samples, and pools pruned by them."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Index, Name, Part, Positive, Real, Share, check_once
from curation_scaling.study.theory import Kept

Metric = Literal[
    "random",
    "el2n",
    "grand",
    "forgetting",
    "margin",
    "least_confidence",
    "entropy",
    "aum",
    "ddd",
    "low_confidence",
    "dyn_unc",
    "dual",
    "memorization",
    "self_prototypes",
    "supervised_prototypes",
    "semdedup",
]
EASINESS: Metric = "low_confidence"  # 1 - the easiness that the selector dual samples by
SelectorName = Literal["hard", "easy", "band", "ccs", "dual", "k_center", "herding", "d2"]


class ChunkTask(Part):
    """Which package does a chunk of docstring come from? Text of installed packages; nothing is downloaded."""

    kind: Literal["package_chunks"]
    packages: list[str] = Field(min_length=2, description="import names of the packages, the classes")
    chunk: Count = Field(300, description="characters a sample")
    test_share: Share = Field(0.15, description="share of the docstrings that is held out")
    hashes: Count = Field(2**16, description="hashed character 2- to 4-grams")
    dimensions: Count = Field(128, description="dimensions of the singular value decomposition")


class ImageTask(Part):
    """Labelled images, without any defect."""

    kind: Literal["images"]
    dataset: Literal["digits", "fashion_mnist"] = Field(description="digits comes with scikit-learn")
    test_images: Count = Field(500, description="size of the test set of digits; Fashion-MNIST has its own")
    folder: str | None = Field(None, description="folder of local copies of the Fashion-MNIST files, below data_root")
    download: bool = Field(True, description="whether Fashion-MNIST may be fetched when no local copy is found")
    dimensions: Count | None = Field(64, description="principal components kept; null: the pixels")


class Scorer(Part):
    """Small perceptrons whose training dynamics rank the samples."""

    models: Count = Field(3, description="models with other seeds")
    epochs: Annotated[Count, Field(ge=2)] = Field(10, description="passes over what they see")
    el2n_epoch: Count = Field(3, description="epoch of EL2N and GraNd")
    subset: Annotated[Real, Field(gt=0, le=1)] = Field(
        1.0, description="random share that each model sees; below 1 for memorization"
    )
    hidden: Count = Field(128, description="units of the hidden layer")
    learning_rate: Positive = Field(0.002, description="of adam")
    batch_size: Count = 128
    clusters: Count = Field(60, description="k of the self-supervised prototypes and of SemDeDup")
    window: Annotated[Count, Field(ge=2)] = Field(5, description="epochs a window of dyn_unc and dual")

    @model_validator(mode="after")
    def _inside(self) -> "Scorer":
        for key in ("el2n_epoch", "window"):
            if getattr(self, key) > self.epochs:
                raise ValueError(f"{key} = {getattr(self, key)} is beyond epochs = {self.epochs}; lower it")
        return self


class PruningTrainer(Part):
    """The perceptron that is trained on each pruned pool (scikit-learn's, as in `runs.trainer` of kind mlp)."""

    hidden: list[Count] = Field([256], min_length=1, description="units of each hidden layer")
    solver: Literal["adam", "sgd"] = "adam"
    learning_rate: Positive = Field(0.001, description="constant learning rate")
    momentum: Annotated[Real, Field(ge=0, lt=1)] = Field(0.9, description="momentum of sgd")
    batch_size: Count = 64
    weight_average: Share | None = Field(0.99, description="decay of the averaged weights that are evaluated")


class PrunedSet(Part):
    """Pools pruned by one metric and selector at several fractions."""

    metric: Metric
    keep: SelectorName = Field("hard", description="selector")
    fractions: list[Kept] = Field(min_length=1, description="fractions kept, below 1")
    saw: Literal["all", "sample"] = Field("all", description="scorer trained on the whole pool, or on the sample alone")
    class_floor: Annotated[Real, Field(ge=0, le=1)] = Field(
        0.0, description="least share of equal pruning that each class keeps"
    )
    sizes: list[Count] | None = Field(None, description="initial sizes; default all")

    @model_validator(mode="after")
    def _partial(self) -> "PrunedSet":
        check_once("fractions", self.fractions)
        for i, fraction in enumerate(self.fractions):
            if fraction >= 1:
                raise ValueError(
                    f"fractions[{i}] = {fraction:g} prunes nothing: everything is trained on anyway; drop it"
                )
        return self

    @property
    def label(self) -> str:
        """The name of the set, without its fraction."""
        own = "-self" if self.saw == "sample" else ""
        return f"{self.metric}-{self.keep}{own}{'-balanced' if self.class_floor else ''}"


class Pruning(Part):
    """Rank the samples of a labelled task, prune pools of several sizes, train on what is kept."""

    task: Annotated[ChunkTask | ImageTask, Field(discriminator="kind")]
    scorer: Scorer = Scorer()
    metrics: list[Metric] = Field(min_length=1, description="metrics that are compared with each other")
    sets: list[PrunedSet] = Field(min_length=1, description="pruned pools to train on, beside all and random")
    sizes: list[Count] = Field(min_length=1, description="initial sizes, samples, increasing")
    draws: Annotated[Count, Field(ge=2)] = Field(4, description="independent draws of each initial size")
    trainer: PruningTrainer = PruningTrainer()
    checkpoints: list[Count] = Field(
        min_length=2, description="samples seen at which the error is measured; the last one makes the pruning curves"
    )
    bootstrap: Count = Field(500, description="bootstrap replicates of the laws")
    level: Share = Field(0.95, description="level of all intervals")
    seed: Index = Field(0, description="of this part, besides the study's")

    @model_validator(mode="after")
    def _consistent(self) -> "Pruning":
        check_once("metrics", self.metrics)
        for key in ("sizes", "checkpoints"):
            values = getattr(self, key)
            for i, (a, b) in enumerate(pairwise(values)):
                if b <= a:
                    raise ValueError(f"{key}[{i + 1}] = {b} does not exceed {key}[{i}] = {a}; sort them")
        check_once("sets", [(s.label, f) for s in self.sets for f in s.fractions])
        for i, item in enumerate(self.sets):
            for size in item.sizes or []:
                if size not in self.sizes:
                    raise ValueError(f"sets[{i}].sizes: {size} is not among sizes; add it there")
        if "memorization" in self.all_metrics and self.scorer.subset == 1:
            raise ValueError("scorer.subset: memorization needs models that did not see every sample; set it below 1")
        return self

    @property
    def all_metrics(self) -> list[str]:
        """The metrics that are scored: compared or used by a set."""
        easiness = [EASINESS] if any(s.keep == "dual" for s in self.sets) else []
        return list(dict.fromkeys([*self.metrics, *(s.metric for s in self.sets), *easiness]))

    @property
    def fractions(self) -> list[float]:
        """All fractions below 1, falling."""
        return sorted({f for s in self.sets for f in s.fractions}, reverse=True)

    @property
    def jobs(self) -> list[tuple[int, int]]:
        """(draw, initial size) of each training job."""
        return [(draw, size) for draw in range(self.draws) for size in self.sizes]


class Cell(Part):
    """One pruned pool: a set at one fraction and initial size."""

    label: Name
    metric: str
    keep: str
    fraction: Kept
    size: Count
    saw: str
    class_floor: float

    @property
    def pool(self) -> str:
        """The pool's name, of its files and its runs."""
        return f"{self.label}-{round(100 * self.fraction):02d}-n{self.size}"


def cells_of(pruning: Pruning, size: int) -> list[Cell]:
    """Everything, random, and every set of the study at an initial size."""
    random = [f for f in pruning.fractions if not any(s.metric == "random" and f in s.fractions for s in pruning.sets)]
    plain = [("all", "all", "all", 1.0), *(("random-hard", "random", "hard", f) for f in random)]
    cells = [
        Cell(label=label, metric=metric, keep=keep, fraction=f, size=size, saw="all", class_floor=0.0)
        for label, metric, keep, f in plain
    ]
    for s in pruning.sets:
        if s.sizes is None or size in s.sizes:
            cells += [
                Cell(
                    label=s.label,
                    metric=s.metric,
                    keep=s.keep,
                    fraction=f,
                    size=size,
                    saw=s.saw,
                    class_floor=s.class_floor,
                )
                for f in s.fractions
            ]
    return cells
