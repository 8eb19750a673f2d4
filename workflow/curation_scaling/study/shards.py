"""The `shards` source: millions to billions of rows in Parquet shards, filtered, deduplicated and scored in batches."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.errors import listed
from curation_scaling.study.base import Count, Name, Part, Positive, Real, Share, check_once

IdForm = Literal["hex", "uuid", "integer", "text"]
_SHARDS = (
    "Parquet files, folders of them, or globs, below data_root; or addresses of a Snakemake storage plugin, "
    "{0000..0127} standing for each number"
)
_ID_FORM = "hex: up to 32 digits, padded on the left; uuid; integer; text: hashed to 128 bits, collisions checked"
_OUTCOMES = ("read", "unscored", "duplicate", "duplicate_content")  # names that filters cannot take


class Attachment(Part):
    """Scores of another table, joined by id; a row without one has no score there."""

    shards: list[str] = Field(min_length=1, description=_SHARDS)
    id: str = Field("uid", description="column that names a sample")
    id_form: IdForm = Field("hex", description=_ID_FORM)
    scores: dict[Name, str] = Field(min_length=1, description="score: column of a number type")


class Filter(Part):
    """What every filter says about itself."""

    name: Name = Field(description="the reason under which dropped rows are counted")


class WhereFilter(Filter):
    """Keep the rows for which an expression is true; null and NaN are never true."""

    kind: Literal["where"]
    where: str = Field(
        min_length=1, description="columns or scores, compared and joined by AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL"
    )


class CaptionFilter(Filter):
    """Keep captions that are long enough."""

    kind: Literal["caption"]
    column: str = Field("text", description="column of the caption")
    min_words: Count = Field(3, description="fewest words, divided by white space")
    min_characters: Count = Field(6, description="fewest characters")


class ImageSizeFilter(Filter):
    """Keep images that are large enough and not too long."""

    kind: Literal["image_size"]
    width: str = Field("original_width", description="column of the width, pixels")
    height: str = Field("original_height", description="column of the height, pixels")
    min_side: Count = Field(200, description="shortest side, pixels")
    max_aspect: Positive = Field(3.0, description="longest side by shortest side")


class AmongFilter(Filter):
    """Keep the rows whose value in a column (a language, a cluster, a domain) is among some."""

    kind: Literal["among"]
    column: str = Field(min_length=1, description="column of text or whole numbers")
    values: list[str | int] = Field([], description="values to keep")
    file: str | None = Field(None, description="instead: a text file with a value a line, below data_root")

    @model_validator(mode="after")
    def _one(self) -> "AmongFilter":
        if bool(self.values) == (self.file is not None):
            raise ValueError("values: give exactly one of values and file")
        return self


class IdFilter(Filter):
    """Drop the rows whose id is on a list, or keep only those."""

    kind: Literal["ids"]
    file: str = Field(
        min_length=1, description=".npy of dtype u8,u8 (a DataComp subset), or a text file with an id a line"
    )
    keep: bool = Field(False, description="true: keep the listed rows; false: drop them (a block list)")


class TopFilter(Filter):
    """Keep the best rows by a score: an exact share of all that have one, before any filter, ties broken by id."""

    kind: Literal["top"]
    score: Name = Field(description="one of the study's scores")
    share: Share = Field(description="share of the scored rows to keep")
    keep: Literal["high", "low"] = Field("high", description="which end is the best")


AnyFilter = Annotated[
    WhereFilter | CaptionFilter | ImageSizeFilter | AmongFilter | IdFilter | TopFilter, Field(discriminator="kind")
]


class Combine(Part):
    """One score from several; a row without one of them has none."""

    by: Literal["rank_average", "minimum", "product"] = Field(
        description="rank_average: weighted mean of the quantiles, 0 to 1, each of ascending scores, equal ones sharing"
    )
    scores: dict[Name, Positive] = Field(min_length=2, description="score: its weight, 1 unless by is rank_average")


class ShardsSource(Part):
    """Parquet shards of any number and size, with an id and scores a row; their jobs are planned by `rows_per_job`."""

    kind: Literal["shards"]
    shards: list[str] = Field([], description=_SHARDS)
    generate: Count | None = Field(
        None, description="instead of shards: make so many, of realistic metadata with ties, gaps and repeats, in data/"
    )
    rows: Count = Field(description="about how many rows there are; plans jobs, memory and disk")
    id: str = Field("uid", description="column that names a sample")
    id_form: IdForm = Field("hex", description=_ID_FORM)
    scores: dict[Name, str] = Field({}, description="score: column of a number type")
    precision: Literal["float32", "float64"] = Field("float64", description="scores are rounded to it")
    tokens: str | None = Field(None, description="column of a sample's tokens")
    bytes: str | None = Field(None, description="column of a sample's bytes")
    group: str | None = Field(None, description="column of the class, language or domain")
    content: str | None = Field(
        None, description="column of a content hash (32 hexadecimal digits or more); rows that repeat it are dropped"
    )
    attach: list[Attachment] = []
    filters: list[AnyFilter] = Field([], description="a row is counted under the first that drops it")
    combine: Combine | None = Field(None, description="needed unless there is one score")
    rank_by: Name | None = Field(None, description="instead of combine: the score, of several, that ranks the rows")
    rows_per_job: Count = Field(250_000_000, description="rows a job reads; results do not depend on it")
    parts: Count | None = Field(
        None,
        description="files of a pool, each a fixed range of uids; default one per 4 million rows, 1024 at most",
    )
    subset_files: bool = Field(
        True, description="write each pool as a DataComp subset file (.npy), too: 16 bytes a row"
    )

    @property
    def score_names(self) -> list[str]:
        """All scores, of the shards and attached."""
        return [*self.scores, *(name for table in self.attach for name in table.scores)]

    @property
    def attached(self) -> list[str]:
        """The scores of other tables."""
        return [name for table in self.attach for name in table.scores]

    @property
    def part_count(self) -> int:
        """Fixed ranges of uids: a power of two, so that finer ones nest in coarser ones."""
        wanted = self.parts if self.parts is not None else min(-(-self.rows // 4_000_000), 1024)
        return 1 << (wanted - 1).bit_length()

    @model_validator(mode="after")
    def _consistent(self) -> "ShardsSource":
        names = self.score_names
        if bool(self.shards) == (self.generate is not None):
            raise ValueError("shards: give exactly one of shards and generate")
        check_once("attach", names)
        if not names:
            raise ValueError("scores: no score is named; name a column here or in attach")
        if self.part_count > 1 << 16:
            raise ValueError(f"parts: {self.parts} files a pool are too many; at most 65536 can be")
        if self.parts is not None and self.parts != self.part_count:
            raise ValueError(f"parts: {self.parts} is no power of two; {self.part_count} is")
        self._check_ranking(names)
        for i, item in enumerate(self.filters):
            if item.name in _OUTCOMES or item.name.startswith("bucket"):
                raise ValueError(f"filters[{i}].name: {item.name!r} is an outcome of its own; choose another")
            if isinstance(item, TopFilter) and item.score not in names:
                raise ValueError(
                    f"filters[{i}].score: {item.score!r} is no score; these are: {listed(item.score, names)}"
                )
        check_once("filters", [item.name for item in self.filters])
        return self

    def _check_ranking(self, names: list[str]) -> None:
        if self.combine is not None and self.rank_by is not None:
            raise ValueError("rank_by: combine already makes one score; remove one of the two")
        if self.combine is None and self.rank_by is None and len(names) > 1:
            raise ValueError(f"combine: {len(names)} scores are named; combine them, or choose one by rank_by")
        chosen = list(self.combine.scores) if self.combine else [self.rank_by or names[0]]
        for name in chosen:
            if name not in names:
                key = f"combine.scores.{name}" if self.combine else "rank_by"
                raise ValueError(f"{key}: {name!r} is no score; these are: {listed(name, names)}")
        if self.combine and self.combine.by != "rank_average" and set(self.combine.scores.values()) != {1.0}:
            raise ValueError(f"combine.scores: {self.combine.by} has no weights; set each to 1")


class Subset(Part):
    """A random part of a pool; a larger one contains a smaller one of the same pool."""

    of: Name = Field(description="a bucket or union")
    size: Count | None = Field(None, description="how much to take")
    share: Share | None = Field(None, description="instead of size: which share to take")
    by: Literal["samples", "size"] = Field("samples", description="what size and share count")
    stratify: bool = Field(False, description="equal amounts of each group")

    @model_validator(mode="after")
    def _one(self) -> "Subset":
        if (self.size is None) == (self.share is None):
            raise ValueError("size: give exactly one of size and share")
        return self


def top_fault(top: list[Real]) -> str | None:
    """What is wrong with the sizes of nested top pools."""
    for i, (a, b) in enumerate(pairwise(top)):
        if (a < 1) == (b < 1) and b <= a:
            return f"top[{i + 1}] = {b:g} does not exceed top[{i}] = {a:g}; they must increase"
    for i, value in enumerate(top):
        if value <= 0 or (value >= 1 and value != int(value)):
            return f"top[{i}] = {value:g} is neither a share below 1 nor a whole number"
    return None
