"""The role of the orders example: take an action away, and the test of the task that needs it fails on its line."""
# ruff: noqa: ISC004 - a message is read as a whole

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"


def line_of(text: str, file: Path) -> int:
    (number,) = (number for number, line in enumerate(file.read_text().splitlines(), start=1) if text in line)
    return number


@pytest.mark.parametrize(
    ("action", "needs", "test", "message"),
    [
        (
            "s3:GetObject",
            "s3.get_object(",
            "test_fetch_orders__may_list_and_read_what_came_in",
            "An error occurred (AccessDenied) when calling the GetObject operation: User: "
            "arn:aws:sts::123456789012:assumed-role/pipeline-PipelineRole/pipeproof is not authorized to perform: "
            's3:GetObject on resource: "arn:aws:s3:::shop/incoming/2026/11/20/09.jsonl" because no identity-based '
            "policy allows the s3:GetObject action",
        ),
        (
            "states:StartExecution",
            'execution = boto3.client("stepfunctions").start_execution(',
            "test_fulfilment__may_be_started_and_awaited",
            "An error occurred (AccessDeniedException) when calling the StartExecution operation: User: "
            "arn:aws:sts::123456789012:assumed-role/pipeline-PipelineRole/pipeproof is not authorized to perform: "
            "states:StartExecution on resource: arn:aws:states:us-east-1:123456789012:stateMachine:fulfilment because "
            "no identity-based policy allows the states:StartExecution action",
        ),
    ],
    ids=["s3", "states"],
)
def test_orders__action_taken_from_the_role__fails_where_it_is_needed(
    runner: Any, tmp_path: Path, action: str, needs: str, test: str, message: str
) -> None:
    workspace = Path(shutil.copytree(EXAMPLE, tmp_path / "workspace", ignore=shutil.ignore_patterns("__pycache__")))
    template = workspace / "template.yaml"
    written = template.read_text()
    assert written.count(f"Action: {action}\n") == 1
    template.write_text(written.replace(f"Action: {action}\n", "Action: sqs:SendMessage\n"))

    step = runner.run(workspace, install="none", tests=f"tests/test_permissions.py::{test}")

    assert step.exit_code == 1
    assert step.annotations == [("orders/flow.py", line_of(needs, workspace / "orders" / "flow.py"))]
    (error,) = (command for command in step.commands if command.name == "error")
    assert message in error.data
    assert "has no statement that allows " + action in json.dumps(step.report)


def test_orders__role_as_it_is__is_proved(runner: Any, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(EXAMPLE, tmp_path / "workspace", ignore=shutil.ignore_patterns("__pycache__")))
    step = runner.run(workspace, install="none", tests="tests/test_permissions.py")
    assert step.exit_code == 0
    records = [record for test in step.report["results"]["tests"] for record in test["extra"].get("evidence", ())]
    policies = [record["data"] for record in records if record["kind"] == "aws.policy"]
    assert policies
    assert not any(policy["missing"] for policy in policies)
