"""The `pools.pruned` part of a study: pools that keep a fraction of a draw by a metric, beside buckets and unions."""

from typing import Literal, get_args

from pydantic import Field, model_validator

from curation_scaling.study.base import Part
from curation_scaling.study.files import DataFile
from curation_scaling.study.pruning import Metric, SelectorName
from curation_scaling.study.theory import Kept

PLAIN = ("score", "random", "file")  # what needs no training dynamics
_RANKED = tuple(get_args(Metric))
_SIMPLE = ("best", "hard", "easy", "band", "ccs")  # selectors that read scores alone


class PrunedPool(Part):
    """One pool that is pruned by a ranking of each draw's samples."""

    metric: Metric | Literal["score", "file"] = Field(
        description="a pruning metric, score (the pool's quality score) or file (a score file)"
    )
    keep: SelectorName | Literal["best"] = Field(
        description="selector; best: the highest quality, or the highest scores of a file"
    )
    fraction: Kept = Field(description="fraction of a draw's samples that is kept, below 1")
    file: DataFile | None = Field(None, description="of metric file: a CSV of name and score, high = keep")
    dynamics: DataFile | None = Field(
        None, description="training dynamics in Parquet, of a training of your own; default the scorer's"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "PrunedPool":
        if self.fraction >= 1:
            raise ValueError(f"fraction = {self.fraction:g} prunes nothing: join all buckets in a union instead")
        if (self.metric == "file") != (self.file is not None):
            raise ValueError("file: metric file needs it, and no other one; name the score file, or change the metric")
        if self.dynamics is not None and self.metric in PLAIN:
            raise ValueError(f"dynamics: metric {self.metric} reads none; remove dynamics")
        if self.keep == "best" and self.metric not in ("score", "file"):
            raise ValueError(f"keep: best is for score and file; of metric {self.metric} keep hard or easy")
        if self.keep not in _SIMPLE and self.metric in PLAIN:
            raise ValueError(
                f"keep: {self.keep} reads features; of metric {self.metric} keep one of {', '.join(_SIMPLE)}"
            )
        return self

    @property
    def trains_scorer(self) -> bool:
        """Whether its metric reads what the study's own scorer says."""
        return self.metric not in PLAIN and self.dynamics is None
