"""Two domains in a mixture: the effective fraction of each, losses foretold, and the share to train at."""
