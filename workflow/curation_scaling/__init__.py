"""Which data to keep, and how often to repeat it, at each compute budget."""

__version__ = "0.1.0"
