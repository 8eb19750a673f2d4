"""The workflow's harness, for faults of every kind."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from workspaces import finished, workspace

__all__ = ["finished", "workspace"]
