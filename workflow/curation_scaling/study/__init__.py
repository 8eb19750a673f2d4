"""A study: the typed configuration that everything else is derived from."""

from curation_scaling.study.load import json_schema, load_study, parse_study
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.rerun import Rerun

__all__ = ["PoolStudy", "Rerun", "Study", "json_schema", "load_study", "parse_study"]
