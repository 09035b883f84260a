"""EMR's optimized integrations: their own actions and parameters, in terms of EMR's API.

Source: the developer guide's page "Create and manage Amazon EMR clusters with Step Functions".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """An action of the integration.

    Attributes:
        operation: EMR's operation.
        parameters: Its parameters, from those of the action.
        response: What the action answers, from the operation's response.
    """

    operation: str
    parameters: Callable[[Fields], dict[str, Any]]
    response: Callable[[Fields], dict[str, Any]]


def _of_cluster(payload: Fields) -> dict[str, Any]:
    return {"JobFlowIds": [payload.get("ClusterId")]}


def _step(payload: Fields) -> dict[str, Any]:
    more = {key: payload[key] for key in ("ExecutionRoleArn",) if key in payload}
    return {"JobFlowId": payload.get("ClusterId"), "Steps": [payload.get("Step", {})], **more}


def _nothing(_: Fields) -> dict[str, Any]:
    return {}


ACTIONS: dict[str, Action] = {
    "createCluster": Action(
        "RunJobFlow",
        dict,
        lambda response: {"ClusterArn": response.get("ClusterArn"), "ClusterId": response["JobFlowId"]},
    ),
    "setClusterTerminationProtection": Action(
        "SetTerminationProtection",
        lambda payload: {**_of_cluster(payload), "TerminationProtected": payload.get("TerminationProtected")},
        _nothing,
    ),
    "terminateCluster": Action("TerminateJobFlows", _of_cluster, _nothing),
    "addStep": Action("AddJobFlowSteps", _step, lambda response: {"StepId": response["StepIds"][0]}),
    "cancelStep": Action(
        "CancelSteps",
        lambda payload: {"ClusterId": payload.get("ClusterId"), "StepIds": [payload.get("StepId")]},
        lambda response: {"CancelStepsInfo": (response.get("CancelStepsInfoList") or [None])[0]},
    ),
}
"""By their names."""


def complete_step(cluster: str, step: str) -> None:
    """Lets moto's step be done: moto runs none of a cluster's steps, and leaves the first of them running for ever."""
    from moto.emr.models import emr_backends

    for account in emr_backends.values():
        for backend in account.values():
            found = backend.clusters.get(cluster)
            for one in found.steps if found is not None else ():
                if one.id == step:
                    one.state = "COMPLETED"
