"""Working directories for Snakemake."""

from workspaces import finished, workspace

__all__ = ["finished", "workspace"]
