"""Files that a study reads: a path below `data_root`, where the public copy is, and what its bytes must be."""

from pydantic import Field

from curation_scaling.study.base import Part, Sha256


class DataFile(Part):
    """One input file."""

    path: str = Field(min_length=1, description="path, relative to data_root (or absolute)")
    sha256: Sha256 | None = Field(None, description="sha256 of the file; checked before use")
    url: str | None = Field(None, description="where the public copy can be fetched")
