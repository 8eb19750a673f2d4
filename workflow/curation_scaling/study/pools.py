"""The `pools` part of a study: where samples come from, how they are scored, drawn and cut into buckets."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.study.base import Count, Few, Name, Part, Positive, Real
from curation_scaling.study.files import DataFile
from curation_scaling.study.pruned import PrunedPool
from curation_scaling.study.pruning import Scorer
from curation_scaling.study.shards import ShardsSource, Subset, top_fault


class DocstringSource(Part):
    """Docstrings and code of installed packages; nothing is downloaded."""

    kind: Literal["docstrings"]
    target: list[str] = Field(min_length=1, description="packages whose docstrings are the target text")
    other: list[str] = Field(min_length=1, description="packages whose docstrings are other text")
    code: list[str] = Field(min_length=1, description="packages whose code is read")
    chunk: Count = Field(1000, description="characters a sample")
    pool_chunks: Count = Field(1500, description="pool samples of each of the three groups to draw from")
    reference_characters: Count = Field(300_000, description="target characters kept apart for the score")
    test_characters: Count = Field(60_000, description="target characters kept apart for the error")


class ImageSource(Part):
    """Labelled images with a hidden Gaussian blur of random strength."""

    kind: Literal["images"]
    dataset: Literal["digits", "fashion_mnist"] = Field(description="digits comes with scikit-learn")
    blur_sigma_max: Positive = Field(description="largest standard deviation of the blur, in pixels")
    test_images: Count = Field(500, description="size of the test set of digits; Fashion-MNIST has its own")
    folder: str | None = Field(None, description="folder of local copies of the Fashion-MNIST files, below data_root")
    download: bool = Field(True, description="whether Fashion-MNIST may be fetched when no local copy is found")


class TableSource(Part):
    """A table of samples with an id and a score, in Parquet or CSV; each id is 32 hexadecimal digits or any string."""

    kind: Literal["table"]
    files: list[DataFile] = Field(min_length=1, description="shards, all with the same columns")
    id: str = Field("uid", description="column that names a sample")
    score: str = Field(description="column that holds the quality score")
    size: str | None = Field(None, description="column that holds a sample's size in the study's unit; default 1 each")
    group: str | None = Field(None, description="column that holds the group to rank or draw within")


class DeclaredSource(Part):
    """Pools that exist elsewhere: their runs are imported, only their sizes are known here."""

    kind: Literal["declared"]
    sizes: dict[Name, Count] = Field(min_length=1, description="unique samples of each pool")
    overlapping: list[Name] = Field([], description="pools that share samples with others: in no union, not compared")


class SharpnessScore(Part):
    """Variance of the image's Laplacian."""

    kind: Literal["sharpness"]


class NgramScore(Part):
    """Character n-gram cross-entropy under the reference text, as perplexity filters of web corpora use it."""

    kind: Literal["ngram_cross_entropy"]
    order: Annotated[Count, Field(le=6)] = Field(4, description="longest n-gram, in characters")


class Sample(Part):
    """How much of the source one draw takes."""

    size: Count = Field(description="units a draw")
    stratify: bool = Field(False, description="the same number of units from each group")


Source = Annotated[
    DocstringSource | ImageSource | TableSource | ShardsSource | DeclaredSource, Field(discriminator="kind")
]
Score = Annotated[SharpnessScore | NgramScore, Field(discriminator="kind")]


class Pools(Part):
    """From the source to the pools."""

    source: Source
    score: Score | None = Field(None, description="how samples are scored; a table brings its own score")
    keep: Literal["high", "low"] = Field("high", description="which end of the score is the best quality")
    within_group: bool = Field(False, description="rank samples within their group (class, language) only")
    sample: Sample | None = Field(None, description="what a draw takes; default the whole source")
    draws: Few = Field(1, description="independent draws of the data")
    buckets: Few | None = Field(None, description="number of buckets of equal row counts; bucket1 is the best")
    edges: list[Real] | None = Field(
        None,
        min_length=1,
        description="instead of buckets: increasing score edges (with within_group: quantiles); rows on an edge go up",
    )
    top: list[Real] | None = Field(
        None,
        min_length=1,
        description="instead of buckets (shards only): nested top pools top1, top2, ..., each a share or an amount",
    )
    by: Literal["samples", "size"] = Field(
        "samples", description="what equal buckets (shards only: and top pools) have equal amounts of"
    )
    unions: dict[Name, list[Name]] = Field({}, description="pools that join buckets; never fitted, always predicted")
    pruned: dict[Name, PrunedPool] = Field(
        {}, description="pools that keep a fraction of each draw by a metric; fitted and compared, never mixed"
    )
    scorer: Scorer = Field(Scorer(), description="ranks each draw for pruned pools; sees the draw alone")
    subsets: dict[Name, Subset] = Field(
        {}, description="shards only: random parts of pools, written but not trained on"
    )

    @property
    def bucket_names(self) -> list[str]:
        """Single buckets, best first."""
        if isinstance(self.source, DeclaredSource):
            return list(self.source.sizes)
        count = self.buckets if self.buckets is not None else len(self.edges or self.top or []) + 1
        return [f"bucket{i + 1}" for i in range(count)]

    @property
    def fitted_names(self) -> list[str]:
        """Pools that laws are fitted to, each by its own runs: the buckets, then the pruned pools."""
        return [*self.bucket_names, *self.pruned]

    @property
    def disjoint(self) -> list[str]:
        """Buckets that share no samples, so that they can be mixed."""
        apart = self.source.overlapping if isinstance(self.source, DeclaredSource) else []
        return [name for name in self.bucket_names if name not in apart]

    @property
    def members(self) -> dict[str, list[str]]:
        """What every pool is sampled from: itself, or the buckets of a union."""
        return {name: [name] for name in self.fitted_names} | self.joined

    @property
    def joined(self) -> dict[str, list[str]]:
        """The buckets of every pool that joins some: the unions, and the nested top pools."""
        tops = {f"top{k}": self.bucket_names[:k] for k in range(1, len(self.top or []) + 1)}
        return tops | dict(self.unions)

    @property
    def candidates(self) -> list[str]:
        """Pools that a choice can be made among."""
        apart = self.source.overlapping if isinstance(self.source, DeclaredSource) else []
        return [name for name in self.members if name not in apart]

    @model_validator(mode="after")
    def _consistent(self) -> "Pools":
        declared = isinstance(self.source, DeclaredSource)
        shards = isinstance(self.source, ShardsSource)
        cut = [key for key in ("buckets", "edges", "top") if getattr(self, key) is not None]
        if declared:
            for key in [*cut, *(k for k in ("score", "sample") if getattr(self, k) is not None)]:
                raise ValueError(f"{key}: declared pools are already cut; remove {key} or choose another source")
        elif len(cut) != 1:
            choices = "buckets, edges and top" if shards else "buckets and edges"
            raise ValueError(f"{cut[-1] if cut else 'buckets'}: give exactly one of {choices}")
        if shards:
            self._check_shards()
        elif self.top is not None or self.subsets or self.by != "samples":
            key = "top" if self.top is not None else "subsets" if self.subsets else "by"
            raise ValueError(f"{key}: only a source of kind shards can do this; remove {key}")
        if isinstance(self.source, TableSource | ShardsSource | DeclaredSource) == (self.score is not None):
            raise ValueError(
                f"score: {'a table brings its own score, remove score' if self.score else 'say how samples are scored'}"
            )
        if self.draws > 1 and self.sample is None:
            raise ValueError("draws: several draws need sample.size, else all are the same; give it or set draws to 1")
        for i, (a, b) in enumerate(zip(self.edges or [], (self.edges or [])[1:], strict=False)):
            if b <= a:
                raise ValueError(f"edges[{i + 1}] = {b:g} does not exceed edges[{i}] = {a:g}; edges must increase")
        self._check_unions()
        self._check_pruned()
        return self

    def _check_pruned(self) -> None:
        if not self.pruned:
            return
        kind = self.source.kind
        if kind in ("shards", "declared"):
            mend = (
                "write pruned pools by filters"
                if kind == "shards"
                else "declare their sizes, and name them overlapping"
            )
            raise ValueError(f"pruned: a source of kind {kind} is not ranked here; {mend}")
        for name, pool in self.pruned.items():
            if name in self.bucket_names or name in self.joined:
                raise ValueError(f"pruned.{name}: the name belongs to another pool; choose another")
            if pool.trains_scorer and kind != "images":
                raise ValueError(
                    f"pruned.{name}.metric: {pool.metric} needs labelled samples, {kind} has none; use score, random "
                    "or file, or name the dynamics of a training of your own"
                )
            if pool.metric == "memorization" and pool.trains_scorer and self.scorer.subset == 1:
                raise ValueError(
                    "scorer.subset: memorization needs models that did not see every sample; set it below 1"
                )
            if pool.keep in ("k_center", "herding", "d2") and kind != "images":
                raise ValueError(f"pruned.{name}.keep: {pool.keep} reads features, and {kind} has none")

    def _check_shards(self) -> None:
        assert isinstance(self.source, ShardsSource)
        if self.sample is not None or self.draws > 1:
            raise ValueError("sample: shards are cut whole; take random parts of pools by subsets")
        if self.within_group and self.source.group is None:
            raise ValueError("within_group: source.group names no column; name it")
        if self.top is not None and (fault := top_fault(self.top)):
            raise ValueError(fault)
        if self.edges is not None and self.by == "size":
            raise ValueError("by: edges are scores, not amounts; remove by")
        for name, subset in self.subsets.items():
            if name in self.members:
                raise ValueError(f"subsets.{name}: the name belongs to a pool; choose another")
            if subset.of not in self.members:
                raise ValueError(
                    f"subsets.{name}.of: {subset.of!r} is no pool; these are: {listed(subset.of, self.members)}"
                )
            if subset.stratify and self.source.group is None:
                raise ValueError(f"subsets.{name}.stratify: source.group names no column; name it")

    def _check_unions(self) -> None:
        apart = set(self.source.overlapping) if isinstance(self.source, DeclaredSource) else set()
        names = self.bucket_names
        if unknown := sorted(apart - set(names)):
            raise ValueError(f"source.overlapping: {unknown[0]!r} is not among source.sizes; name a declared pool")
        for union, members in self.unions.items():
            if union in names or union in (f"top{k + 1}" for k in range(len(self.top or []))):
                raise ValueError(f"unions.{union}: the name belongs to a bucket; choose another")
            if not members or len(set(members)) < len(members):
                raise ValueError(f"unions.{union}: a union names at least one bucket, each once")
            for member in members:
                if member not in names:
                    raise ValueError(f"unions.{union}: {member!r} is not a bucket; the buckets are {', '.join(names)}")
                if member in apart:
                    raise ValueError(f"unions.{union}: {member!r} overlaps other pools; a union needs disjoint pools")
