"""The workflow's harness, for faults of every kind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from harness import Workspace, tiny


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny study, built once; tests must not change it."""
    workspace = Workspace(tmp_path_factory.mktemp("finished"))
    workspace.built(workspace.study(tiny()))
    return workspace
