"""`python -m curation_scaling`."""

import sys

from curation_scaling.cli import main

sys.exit(main())
