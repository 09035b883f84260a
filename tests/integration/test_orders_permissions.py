"""The role of the orders example: take an action away, and the test of the task that needs it fails on its line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeproof.iam.usage import merge_summaries

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"


def line_of(text: str, file: Path) -> int:
    (number,) = (number for number, line in enumerate(file.read_text().splitlines(), start=1) if text in line)
    return number


MESSAGE = (
    "An error occurred (AccessDenied) when calling the GetObject operation: User: "
    "arn:aws:sts::123456789012:assumed-role/pipeline-PipelineRole/pipeproof is not authorized to perform: s3:GetObject "
    'on resource: "arn:aws:s3:::shop/incoming/2026/11/20/09.jsonl" because no identity-based policy allows the '
    "s3:GetObject action"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "workspace", ignore=shutil.ignore_patterns("__pycache__")))


def outcomes(step: Any) -> dict[str, str]:
    return {test["name"].rpartition("::")[2]: test["status"] for test in step.report["results"]["tests"]}


def test_orders__action_taken_from_the_role__fails_where_it_is_needed(runner: Any, workspace: Path) -> None:
    template = workspace / "template.yaml"
    written = template.read_text()
    assert written.count("Action: s3:GetObject\n") == 1
    template.write_text(written.replace("Action: s3:GetObject\n", "Action: s3:GetObjectTagging\n"))

    step = runner.run(workspace, install="none", tests="tests/test_permissions.py")

    assert step.exit_code == 1
    line = line_of("s3.get_object(", workspace / "orders" / "flow.py")
    assert step.annotations == [("orders/flow.py", line)]  # both tests fail there, with the same words
    assert all(MESSAGE in command.data for command in step.commands if command.name == "error")
    assert "has no statement that allows s3:GetObject" in json.dumps(step.report)
    assert outcomes(step) == {
        "test_fetch_orders__may_list_and_read_what_came_in": "failed",
        "test_fetch_orders__nothing_came__is_told_so": "passed",
        "test_fulfilment__may_be_started_and_awaited": "passed",
        "test_role__allows_no_more_than_the_pipeline_needs": "failed",
    }


def test_orders__role_as_it_is__is_proved(runner: Any, workspace: Path) -> None:
    step = runner.run(workspace, install="none", tests="tests/test_permissions.py")
    assert step.exit_code == 0
    records = [record for test in step.report["results"]["tests"] for record in test["extra"].get("evidence", ())]
    (policy,) = merge_summaries(record["data"] for record in records if record["kind"] == "aws.policy")
    assert policy["policy"] == "template.yaml:PipelineRole"
    assert policy["missing"] == policy["unused"] == []
    assert {grant["action"] for grant in policy["used"]} == {
        "s3:ListBucket",
        "s3:GetObject",
        "states:StartExecution",
        "states:DescribeExecution",
    }
