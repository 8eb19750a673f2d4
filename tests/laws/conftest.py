"""Fixtures of the law tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def public_data() -> Path:
    """The folder of public results; it is not part of the repository."""
    folder = Path(os.environ.get("CURATION_SCALING_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"public results are not at {folder}: set CURATION_SCALING_DATA")
    return folder
