"""The lanes are for what pyproject.toml promises, and the workflow runs all of them."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def noxfile() -> ModuleType:
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lanes__run_tests_that_are_there(noxfile: ModuleType) -> None:
    named = {test.partition("::")[0] for lane in noxfile.LANES.values() for test in lane.tests}
    named |= {test.partition("::")[0] for test in [*noxfile.SAMPLE, *noxfile.DBT_TESTS]}

    assert {test for test in named if not (ROOT / test).exists()} == set()


def test_lanes__install_extras_that_are_there(noxfile: ModuleType) -> None:
    assert {lane.extra for lane in noxfile.LANES.values()} <= {"", *PROJECT["optional-dependencies"]}


def test_lanes__have_each_python_that_is_promised(noxfile: ModuleType) -> None:
    promised = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: Python :: 3." in line]

    assert set(promised) <= set(noxfile.PYTHONS)
    assert PROJECT["requires-python"].removeprefix(">=") == noxfile.LOWEST_PYTHON


def test_documentation__names_the_tests_of_every_dbt(noxfile: ModuleType) -> None:
    """The reference lists the files that each dbt runs, and why dbt 2 leaves some tests of them out."""
    text = (ROOT / "docs/reference/versions.md").read_text(encoding="utf-8").partition("\n## dbt\n")[2]
    tests = [(ROOT / test).read_text(encoding="utf-8") for test in [*noxfile.DBT_TESTS, *noxfile.LANES["dbt"].tests]
             if test.endswith(".py")]  # fmt: skip
    reasons = {reason for test in tests for reason in re.findall(r'version_1_alone\(\s*"([^"]+)"', test)}

    assert re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE) == [
        re.sub(r"tests/(integration|unit)/|tests/", "", test) for test in noxfile.DBT_TESTS
    ]
    assert set(re.findall(r"^- (.+)$", text, re.MULTILINE)) == reasons


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/dbt.md"])
def test_documentation__promises_the_dbt_that_is_allowed(page: str) -> None:
    """From the lowest version to the last before the one that is not allowed."""
    bounds = next(line for line in PROJECT["optional-dependencies"]["dbt"] if line.startswith("dbt-core"))
    lowest, minor = re.findall(r">=([\d.]+),<1\.(\d+)$", bounds)[0]

    assert f"dbt-core {lowest} to 1.{int(minor) - 1}" in (ROOT / page).read_text(encoding="utf-8")


def test_workflow__runs_every_lane(noxfile: ModuleType) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/versions.yml").read_text(encoding="utf-8"))

    assert workflow["jobs"]["lanes"]["strategy"]["matrix"]["lanes"] == sorted(
        [*noxfile.LANES, "dbt2", "lowest", "python"]
    )
