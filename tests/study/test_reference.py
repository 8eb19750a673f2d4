from __future__ import annotations

from pathlib import Path

from curation_scaling.study.reference import describe_keys

README = Path(__file__).parents[2] / "config/README.md"


def test_the_readme_lists_every_key() -> None:
    """Mend with: curation-scaling keys, pasted under the introduction of config/README.md."""
    assert README.read_text().endswith(describe_keys())


def test_a_key_has_its_bounds_default_and_meaning() -> None:
    text = describe_keys()
    assert "| `seeds` | whole number > 0 <= 10000 | 1 | trainings of each pool in each draw |" in text
    assert "## `runs.trainer` of kind `command`" in text
