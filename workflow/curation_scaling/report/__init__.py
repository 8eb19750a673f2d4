"""The report: the answer in words and the figures behind it, in one self-contained page."""
