"""Every law by its name."""

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.alabdulmohsin import M1, M2, M3, M4
from curation_scaling.laws.annealing import Annealing
from curation_scaling.laws.batch import BatchSteps, CriticalBatch, KaplanSteps, ModelSize
from curation_scaling.laws.compute_laws import (
    Chinchilla,
    ChinchillaTied,
    Kaplan,
    OverTraining,
    QualityAware,
    ShiftedCompute,
    ShiftedPower,
)
from curation_scaling.laws.data_constrained import DataConstrained
from curation_scaling.laws.domain_size import DomainSize, FractionTransfer
from curation_scaling.laws.downstream import DownstreamLog, LossToError
from curation_scaling.laws.goyal import GoyalEq3, ReleasedUtility
from curation_scaling.laws.goyal_anchored import GoyalAnchored
from curation_scaling.laws.goyal_data import ReleasedData
from curation_scaling.laws.goyal_size import GoyalSize
from curation_scaling.laws.groups import GroupsJoint, GroupsPower, PerGroupPower
from curation_scaling.laws.law import Law
from curation_scaling.laws.mixing import EffectiveFraction, MixtureExponential
from curation_scaling.laws.power import Power, PrunedExponential, PrunedPower, SaturatingPower
from curation_scaling.laws.regions import BrokenPower, ThreeRegions

_ALL: tuple[type[Law], ...] = (
    Power,
    SaturatingPower,
    ShiftedPower,
    M1,
    M2,
    M3,
    M4,
    BrokenPower,
    ThreeRegions,
    Chinchilla,
    ChinchillaTied,
    Kaplan,
    DataConstrained,
    OverTraining,
    LossToError,
    ShiftedCompute,
    QualityAware,
    GoyalAnchored,
    GoyalEq3,
    GoyalSize,
    ReleasedUtility,
    ReleasedData,
    PrunedPower,
    PrunedExponential,
    DownstreamLog,
    MixtureExponential,
    EffectiveFraction,
    DomainSize,
    FractionTransfer,
    Annealing,
    GroupsPower,
    PerGroupPower,
    GroupsJoint,
    ModelSize,
    BatchSteps,
    CriticalBatch,
    KaplanSteps,
)
LAWS: dict[str, type[Law]] = {law.name: law for law in _ALL}


def law_named(name: str) -> Law:
    """Return a law with its default options; raise InputError on an unknown name."""
    if name not in LAWS:
        raise InputError(f"law {name!r} is unknown: choose one of {listed(name, LAWS)}")
    return LAWS[name]()
