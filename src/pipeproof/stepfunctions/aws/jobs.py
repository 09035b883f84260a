"""`.sync`: what has been started is looked at until it has ended, in virtual time.

moto lets jobs move on as they are looked at, so a few looks are enough; the result is the last description, as AWS
hands it on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.aws.emr import complete_step
from pipeproof.stepfunctions.aws.executions import await_end
from pipeproof.stepfunctions.aws.shapes import as_json_text
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.engine.run import CURRENT
from pipeproof.stepfunctions.engine.running import find_running
from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.stepfunctions.values import dump

_LOOKS = 50


@dataclass(frozen=True, slots=True)
class Job:
    """How a started job is followed.

    Attributes:
        service: boto3's name of the service.
        look: The operation that describes it.
        parameters: Its parameters, from the response and the payload of the start.
        found: The job in the description.
        status: The field of its status.
        good: Statuses of success.
        bad: Statuses of failure.
    """

    service: str
    look: str
    parameters: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
    found: Callable[[Mapping[str, Any]], Any]
    status: tuple[str, ...]
    good: frozenset[str]
    bad: frozenset[str]


def _added_step(cluster: str, step: str) -> dict[str, Any]:
    """Return a step on moto, which does not run it: it counts as done, as a job of Glue or Batch there does."""
    complete_step(cluster, step)
    return {"ClusterId": cluster, "StepId": step}


JOBS: dict[tuple[str, str], Job] = {
    ("states", "startExecution"): Job(
        "stepfunctions", "DescribeExecution", lambda response, _: {"ExecutionArn": response["ExecutionArn"]},
        lambda description: description, ("Status",), frozenset({"SUCCEEDED"}),
        frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
    ),
    ("glue", "startJobRun"): Job(
        "glue", "GetJobRun", lambda response, payload: {"JobName": payload["JobName"], "RunId": response["JobRunId"]},
        lambda description: description["JobRun"], ("JobRunState",), frozenset({"SUCCEEDED"}),
        frozenset({"FAILED", "STOPPED", "TIMEOUT", "ERROR"}),
    ),
    ("batch", "submitJob"): Job(
        "batch", "DescribeJobs", lambda response, _: {"Jobs": [response["JobId"]]},
        lambda description: description["Jobs"][0], ("Status",), frozenset({"SUCCEEDED"}), frozenset({"FAILED"}),
    ),
    ("athena", "startQueryExecution"): Job(
        "athena", "GetQueryExecution", lambda response, _: {"QueryExecutionId": response["QueryExecutionId"]},
        lambda description: description, ("QueryExecution", "Status", "State"), frozenset({"SUCCEEDED"}),
        frozenset({"FAILED", "CANCELLED"}),
    ),
    ("codebuild", "startBuild"): Job(
        "codebuild", "BatchGetBuilds", lambda response, _: {"Ids": [response["Build"]["Id"]]},
        lambda description: {"Build": description["Builds"][0]}, ("Build", "BuildStatus"), frozenset({"SUCCEEDED"}),
        frozenset({"FAILED", "FAULT", "TIMED_OUT", "STOPPED"}),
    ),
    ("ecs", "runTask"): Job(
        "ecs", "DescribeTasks",
        lambda response, payload: {
            "Cluster": payload.get("Cluster", "default"), "Tasks": [response["Tasks"][0]["TaskArn"]],
        },
        lambda description: description["Tasks"][0], ("LastStatus",), frozenset({"STOPPED", "RUNNING"}), frozenset(),
    ),
    ("elasticmapreduce", "addStep"): Job(
        "emr", "DescribeStep", lambda response, payload: _added_step(payload["ClusterId"], response["StepId"]),
        lambda description: description, ("Step", "Status", "State"), frozenset({"COMPLETED"}),
        frozenset({"FAILED", "CANCELLED", "INTERRUPTED"}),
    ),
    ("elasticmapreduce", "createCluster"): Job(
        "emr", "DescribeCluster", lambda response, _: {"ClusterId": response["ClusterId"]},
        lambda description: {
            **description,
            "ClusterArn": description["Cluster"]["ClusterArn"],
            "ClusterId": description["Cluster"]["Id"],
        },
        ("Cluster", "Status", "State"), frozenset({"RUNNING", "WAITING", "TERMINATED"}),
        frozenset({"TERMINATED_WITH_ERRORS"}),
    ),
    ("elasticmapreduce", "terminateCluster"): Job(
        "emr", "DescribeCluster", lambda _, payload: {"ClusterId": payload["ClusterId"]},
        lambda description: description, ("Cluster", "Status", "State"), frozenset({"TERMINATED"}),
        frozenset({"TERMINATED_WITH_ERRORS"}),
    ),
    ("sagemaker", "createTrainingJob"): Job(
        "sagemaker", "DescribeTrainingJob",
        lambda _, payload: {"TrainingJobName": payload["TrainingJobName"]}, lambda description: description,
        ("TrainingJobStatus",), frozenset({"Completed"}), frozenset({"Failed", "Stopped"}),
    ),
}  # fmt: skip
"""The jobs that can be followed on moto; any other `.sync` needs a mock."""


def wait_for_job(
    invoke: Callable[[str, str, Any], Any], resource: Resource, response: Mapping[str, Any], request: Request
) -> Reply:
    """Return the reply of a `.sync` integration whose job has been started.

    Args:
        invoke: Calls an operation: boto3's name of the service, the operation's name, its parameters.
        resource: What started the job.
        response: The answer of the start.
        request: The Task's attempt.

    Raises:
        MockError: The job cannot be followed on moto, or does not end there.
    """
    job = JOBS.get((resource.sdk_service, resource.action))
    if job is None:
        raise MockError(
            f"the job that {request.state!r} starts ({resource.arn}) cannot be followed on moto",
            hint=f"Pass mocks={{{request.state!r}: returns(...)}} with what the finished job looks like.",
            location=request.location,
        )
    payload = request.payload if isinstance(request.payload, dict) else {}
    parameters = job.parameters(response, payload)
    description: Any = {}
    for _ in range(_LOOKS):
        description = job.found(invoke(job.service, job.look, parameters))
        status = _status(description, job.status)
        if resource.pattern == "sync:2" and isinstance(description, dict):
            texts = {key: as_json_text(description[key]) for key in ("Input", "Output") if key in description}
            description = {**description, **texts}
        if job.service == "stepfunctions":
            return _execution_reply(request, response, description, status)
        if status in job.good:
            return Reply(description, submitted=response)
        if status in job.bad:
            return Reply(failure=StateFailure("States.TaskFailed", dump(description)), submitted=response)
    raise MockError(
        f"the job that {request.state!r} started does not end on moto: it stays {_status(description, job.status)}",
        hint=f"Pass mocks={{{request.state!r}: returns(...)}} with what the finished job looks like.",
        location=request.location,
    )


def _execution_reply(request: Request, response: Mapping[str, Any], description: Any, status: str) -> Reply:
    """Return the reply of a task that waits for another execution on the stubs: at its virtual end."""
    running, parent = find_running(response["ExecutionArn"]), CURRENT.get()
    if status == "RUNNING" and running is not None:
        return await_end(str(description["StateMachineArn"]), running, request, response)
    late = (running.ended - parent.clock.date()).total_seconds() if running is not None and parent is not None else 0.0
    after = max(late, 0.0)
    if status == "SUCCEEDED":
        return Reply(description, submitted=response, after=after)
    return Reply(failure=StateFailure("States.TaskFailed", dump(description)), submitted=response, after=after)


def _status(description: Any, fields: tuple[str, ...]) -> str:
    for field in fields:
        description = description.get(field, {}) if isinstance(description, Mapping) else {}
    return str(description)
