"""Studies side by side: two data sets, two filters, two architectures."""

from curation_scaling.compare.answer import describe_comparison
from curation_scaling.compare.sides import Compared, compare_sides
from curation_scaling.compare.stage import compare_studies, read_sides

__all__ = ["Compared", "compare_sides", "compare_studies", "describe_comparison", "read_sides"]
