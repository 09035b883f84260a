"""What every test of pipeproof shares."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

pytest_plugins = ["pytester", "postgres"]

# A machine that does other things as well is no reason to fail.
settings.register_profile("pipeproof", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pipeproof")
