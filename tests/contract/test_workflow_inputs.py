"""The reusable workflow has the action's inputs, hands each to the job that it is for, and callers can call it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeproof.inputs import declared_inputs, input_name

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/pipeline-tests.yml").read_text(encoding="utf-8"))
INPUTS: dict[str, dict[str, Any]] = WORKFLOW[True]["workflow_call"]["inputs"]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
OWN = {"shards", "id", "runs-on", "timeout-minutes", "attest"}
SET_BY_THE_JOBS = {"shard", "durations", "merge", "report-dir", "github-token"}
EXAMPLES = sorted((ROOT / "examples/workflows").glob("*.yml"))


def _given(job: str) -> dict[str, str]:
    (step,) = [step for step in WORKFLOW["jobs"][job]["steps"] if step.get("uses") == "./.pipeproof"]
    given: dict[str, str] = step["with"]
    return given


def test_workflow__has_the_inputs_of_the_action() -> None:
    assert set(INPUTS) == (set(ACTION["inputs"]) - SET_BY_THE_JOBS) | OWN
    for name in set(INPUTS) - OWN:
        told = {key: INPUTS[name][key] for key in ("description", "default")}
        assert told == ACTION["inputs"][name], name
        assert INPUTS[name]["type"] == "string"


def test_workflow__hands_each_input_on() -> None:
    given = {job: _given(job) for job in ("test", "report")}
    for name in set(INPUTS) - OWN:
        values = [jobs[name] for jobs in given.values() if name in jobs]
        assert any(f"inputs.{name}" in value for value in values), name
    for job, inputs in given.items():
        unknown = set(inputs) - {input_name(declared) for declared in declared_inputs()}
        assert not unknown, (job, unknown)


def test_workflow__gives_outputs_of_the_action() -> None:
    outputs = WORKFLOW[True]["workflow_call"]["outputs"]
    assert set(outputs) <= set(ACTION["outputs"])
    assert {name: each["description"] for name, each in outputs.items()} == {
        name: ACTION["outputs"][name]["description"] for name in outputs
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples__give_what_the_jobs_need(example: Path) -> None:
    """A called job cannot have a right that the calling one has not: GitHub refuses the whole run."""
    document = yaml.safe_load(example.read_text(encoding="utf-8"))
    needed = {right for job in WORKFLOW["jobs"].values() for right in job["permissions"].items()}
    for job in document["jobs"].values():
        if "pipeline-tests.yml" in str(job.get("uses")):
            assert set(job["permissions"].items()) == needed
            assert set(job.get("with", {})) <= set(INPUTS)
            assert {type(value) for value in job.get("with", {}).values()} <= {str, int, bool}
    assert document["permissions"] == {}
