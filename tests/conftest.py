"""Settings of all tests; its folder holds `study_data`, which the tests of every stage share."""

from hypothesis import settings

settings.register_profile("tests", max_examples=50, deadline=None, derandomize=True)
# By hand: pytest tests/fuzz --hypothesis-profile=long
settings.register_profile("long", max_examples=2_000, deadline=None, database=None)
settings.load_profile("tests")
