"""The inputs are written down in four places; all four say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeproof.inputs import Inputs, declared_inputs, input_name
from pipeproof.report.outputs import outputs
from pipeproof.results.model import Run

ROOT = Path(__file__).parents[2]
DECLARED = {input_name(declared): declared.metadata for declared in declared_inputs()}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def reference_table() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs" / "reference" / "action.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    return {name: (default, meaning) for name, default, meaning in rows}


def test_action__has_the_declared_inputs_in_their_order() -> None:
    assert list(ACTION["inputs"]) == list(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_action__has_the_declared_default_and_help(name: str) -> None:
    assert ACTION["inputs"][name]["default"] == DECLARED[name]["default"]
    assert ACTION["inputs"][name]["description"] == DECLARED[name]["help"]


def test_action__has_the_outputs_that_are_set() -> None:
    assert set(outputs(Run(), ROOT / "report", ROOT)) == set(ACTION["outputs"])


@pytest.mark.parametrize("name", DECLARED)
def test_reference__has_the_declared_default_and_help(name: str) -> None:
    default, meaning = reference_table()[name]
    declared = DECLARED[name]["default"]
    shown = DECLARED[name]["shown_default"]
    assert default == (f"`{declared}`" if declared else f"({shown})" if shown else "")
    assert meaning == DECLARED[name]["help"]


def test_reference__has_no_other_input() -> None:
    assert set(reference_table()) == set(DECLARED)


def test_flags__are_the_declared_inputs() -> None:
    command = [sys.executable, "-m", "pipeproof", "run", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^  --([a-z-]+)", text, re.MULTILINE)) - {"directory", "no-dbt-tests"}
    assert flags == set(DECLARED)


def test_defaults__are_what_no_input_at_all_gives() -> None:
    values = {name: ACTION["inputs"][name]["default"] for name in DECLARED}
    from pipeproof.inputs import read_inputs

    assert read_inputs(values, ROOT) == read_inputs({}, ROOT) == Inputs()
