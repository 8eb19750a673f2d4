"""Settings of all tests; its folder holds `study_data`, which the tests of every stage share."""

from hypothesis import settings

settings.register_profile("tests", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("tests")
