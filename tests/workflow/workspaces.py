"""Working directories for Snakemake, as fixtures of the tests of the workflow and of its faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Workspace, tiny


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny study, built once on two cores; tests must not change it."""
    workspace = Workspace(tmp_path_factory.mktemp("finished"))
    workspace.built(workspace.study(tiny()))
    return workspace
