"""Settings of all tests; its folder holds `study_data`, which the tests of every stage share."""

from hypothesis import settings

settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")
