"""`python -m curation_scaling`."""

import gc
import sys

gc.set_threshold(100_000)  # a job is short: a tenth of its start went into looking for garbage that imports do not make

from curation_scaling.cli import main  # noqa: E402

sys.exit(main())
