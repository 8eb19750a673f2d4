"""Every law by its name."""

from curation_scaling.errors import InputError
from curation_scaling.laws.goyal import GoyalEq3, ReleasedUtility
from curation_scaling.laws.goyal_data import ReleasedData
from curation_scaling.laws.law import Law
from curation_scaling.laws.power import Power, SaturatingPower

LAWS: dict[str, type[Law]] = {
    law.name: law for law in (Power, SaturatingPower, GoyalEq3, ReleasedUtility, ReleasedData)
}


def law_named(name: str) -> Law:
    """Return a law with its default options; raise InputError on an unknown name."""
    if name not in LAWS:
        raise InputError(f"law {name!r} is unknown: choose one of {', '.join(LAWS)}")
    return LAWS[name]()
