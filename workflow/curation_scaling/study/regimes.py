"""The `regimes` part of a study and the `teacher_student` part of a rerun: which regime, and how steep a law is."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Positive, Real, check_once
from curation_scaling.study.checks_base import ScalarCheck
from curation_scaling.study.files import DataFile
from curation_scaling.study.theory import Range

Regime = Literal["small_data", "resolution_limited", "variance_limited", "irreducible", "undecided"]
Limit = Literal[
    "data_resolution",
    "model_resolution",
    "data_variance",
    "model_variance",
    "linear_interpolation",
    "nearest_neighbour",
]
Decay = Annotated[Real, Field(gt=-1)]


class PoolRegimes(Part):
    """The intrinsic dimension of each pool, the exponents that it predicts, and the regime that its curve is in."""

    embeddings: DataFile | None = Field(
        None, description="Parquet with uid and embedding of every sample; default: the source's pixels"
    )
    rows: Annotated[Count, Field(ge=3)] = Field(2000, description="most rows of a pool that are used, a random part")
    neighbours: Annotated[Count, Field(ge=2)] = Field(
        20, description="nearest neighbours of the Levina-Bickel estimator"
    )
    pairs: Annotated[Count, Field(ge=2)] = Field(
        1000, description="rows among which the label sharpness is the largest, a random part"
    )
    untrained: Positive | None = Field(
        None, description="the error of a model that has seen nothing; default: of an error rate, one class for all"
    )


class RandomFeatures(Part):
    """A teacher of random features with eigenvalues i^-(1 + a), and students of some of them (Bahri et al. 2021)."""

    features: Count = Field(3000, description="features of the teacher")
    spectra: list[Positive] = Field(min_length=1, description="decays a of the eigenvalues")
    resolution: Range = Field(description="samples, or the student's features, where the other is unlimited")
    data_variance: Range = Field(description="samples seen by a student of few features")
    model_variance: Range = Field(description="features of a student that sees few samples")
    width: Annotated[Count, Field(ge=2)] = Field(50, description="features of the student whose samples grow")
    samples: Annotated[Count, Field(ge=2)] = Field(16, description="samples of the student whose features grow")
    draws: Annotated[Count, Field(ge=2)] = Field(8, description="draws of data and features a point")

    @model_validator(mode="after")
    def _in_reach(self) -> "RandomFeatures":
        check_once("spectra", self.spectra)
        for key, low, least in (
            ("data_variance", self.data_variance.low, 2 * self.width),
            ("model_variance", self.model_variance.low, 2 * self.samples),
        ):
            if low < least:
                raise ValueError(f"{key}.low = {low:g} is below {least}, twice what is held fixed; raise it")
        if self.resolution.high > self.features / 2:
            raise ValueError(f"resolution.high = {self.resolution.high:g} exceeds half of the features; lower it")
        return self


class Interpolation(Part):
    """A smooth function on a cube, interpolated between random points: how resolution falls with their number."""

    dimensions: list[Annotated[Count, Field(ge=2, le=5)]] = Field(min_length=1, description="dimensions of the cube")
    sizes: Range = Field(description="points that the function is known at")
    test: Count = Field(1000, description="points at which it is interpolated")
    draws: Annotated[Count, Field(ge=2)] = Field(8, description="draws of the points")

    @model_validator(mode="after")
    def _once(self) -> "Interpolation":
        check_once("dimensions", self.dimensions)
        if self.sizes.low < 4 * 2 ** max(self.dimensions):
            raise ValueError(f"sizes.low = {self.sizes.low:g} is below four points a corner of the cube; raise it")
        return self


class Family(Part):
    """A learning curve of random features whose regime is known, and is told again from the curve alone."""

    name: Name
    spectrum: Decay = Field(description="decay a of the eigenvalues; near -1 all features weigh the same")
    width: Annotated[Count, Field(ge=2)] | None = Field(None, description="features of the student; default all")
    noise: Annotated[Real, Field(ge=0)] = Field(0.0, description="variance of the labels' noise; needs width")
    sizes: Range = Field(description="samples")
    regime: Regime = Field(description="the regime that it is in")

    @model_validator(mode="after")
    def _enough(self) -> "Family":
        if self.width is None and self.noise:
            raise ValueError("noise: a student of all features interpolates it; give its width")
        if self.width is not None and self.sizes.low < 2 * self.width:
            raise ValueError(f"sizes.low = {self.sizes.low:g} is below twice the width {self.width}; raise it")
        return self


class TeacherStudent(Part):
    """Students of known teachers: the exponents of each limit, and the regimes of whole curves."""

    random_features: RandomFeatures
    interpolation: Interpolation | None = None
    families: list[Family] = []
    bootstrap: Annotated[Count, Field(ge=100)] = Field(1000, description="bootstrap replicates over draws")

    @model_validator(mode="after")
    def _names(self) -> "TeacherStudent":
        check_once("families", [family.name for family in self.families])
        features = self.random_features.features
        for i, family in enumerate(self.families):
            if family.sizes.high > features / 2 and family.width is None:
                raise ValueError(f"families[{i}].sizes.high exceeds half of the {features} features; lower it")
            if family.width is not None and family.width > features / 2:
                raise ValueError(f"families[{i}].width exceeds half of the {features} features; lower it")
        return self


class ExponentCheck(ScalarCheck):
    """The exponent of a limit: minus the slope of the logarithms, with its interval over draws."""

    kind: Literal["limit_exponent"]
    limit: Limit
    of: Real = Field(description="the spectrum a, or the dimension of the cube")
