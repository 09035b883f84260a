"""EMR's optimized integrations on the stubs."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.environments.aws import AwsStub, open_aws
from pipeproof.stepfunctions.errors import TaskNotHandled

CLUSTER = {
    "Name": "nightly",
    "ReleaseLabel": "emr-7.1.0",
    "ServiceRole": "EMR_DefaultRole",
    "JobFlowRole": "EMR_EC2_DefaultRole",
    "Instances": {
        "KeepJobFlowAliveWhenNoSteps": True,
        "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1, "Name": "m"}],
    },
}
STEP = {"Name": "load", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["ls"]}}


def emr(action: str, parameters: Any, **more: Any) -> dict[str, Any]:
    resource = f"arn:aws:states:::elasticmapreduce:{action}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, **more}


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        yield stub


def run(state: dict[str, Any]) -> Any:
    return StateMachine({"StartAt": "Call", "States": {"Call": {**state, "End": True}}}).run().output


def test_cluster__is_made_works_and_ends(aws: AwsStub) -> None:
    states = {
        "Create": emr("createCluster.sync", CLUSTER, ResultPath="$.made", Next="Add"),
        "Add": emr("addStep.sync", {"ClusterId.$": "$.made.ClusterId", "Step": STEP}, ResultPath="$.step", Next="End"),
        "End": emr("terminateCluster.sync", {"ClusterId.$": "$.made.ClusterId"}, ResultPath="$.ended", End=True),
    }
    output = StateMachine({"StartAt": "Create", "States": states}).run().output
    cluster = output["made"]["ClusterId"]
    assert output["made"]["Cluster"]["Status"]["State"] == "WAITING"
    assert output["made"]["ClusterArn"].endswith(cluster)
    assert (output["step"]["Step"]["Name"], output["step"]["Step"]["Status"]["State"]) == ("load", "COMPLETED")
    assert output["ended"]["Cluster"]["Status"]["State"] == "TERMINATED"
    steps = aws.client("emr").list_steps(ClusterId=cluster)["Steps"]
    assert [step["Status"]["State"] for step in steps] == ["COMPLETED"]


def test_actions__without_sync__answer_at_once(aws: AwsStub) -> None:
    cluster = run(emr("createCluster", CLUSTER))["ClusterId"]
    protect = {"ClusterId": cluster, "TerminationProtected": True}
    run(emr("setClusterTerminationProtection", protect))
    assert aws.client("emr").describe_cluster(ClusterId=cluster)["Cluster"]["TerminationProtected"] is True
    step = run(emr("addStep", {"ClusterId": cluster, "Step": STEP}))["StepId"]
    assert aws.client("emr").describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]["State"] == "RUNNING"


def test_action__that_moto_lacks__asks_for_a_mock(aws: AwsStub) -> None:
    with pytest.raises(TaskNotHandled, match=r"emr:CancelSteps(.|\n)*mocks="):
        run(emr("cancelStep", {"ClusterId": "j-1", "StepId": "s-1"}))
