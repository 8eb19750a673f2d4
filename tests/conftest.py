"""Settings of all tests; its folder holds `study_data`, which the tests of every stage share."""

import os

from hypothesis import settings

settings.register_profile("tests", max_examples=50, deadline=None, derandomize=True)
# By hand: FUZZ=20000 pytest tests/fuzz --hypothesis-profile=long
settings.register_profile("long", max_examples=int(os.environ.get("FUZZ", "10000")), deadline=None, database=None)
settings.load_profile("tests")
