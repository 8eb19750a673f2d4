from pathlib import Path

import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws.explain import explain, explain_all

DOCS = Path(__file__).parents[2] / "docs/laws.md"


def test_the_docs_list_every_law():
    """Mend with: curation-scaling explain, pasted under the introduction of docs/laws.md."""
    assert DOCS.read_text().endswith(explain_all())


def test_pools_constants_and_ties_are_told():
    text = explain("goyal_eq3")
    assert "| tau[pool] | epochs |" in text
    assert "fixed at 0 unless freed" in text
    with pytest.raises(InputError, match="chinchila"):
        explain("chinchila")
