"""Which data to keep, and how often to repeat it, at each compute budget."""
