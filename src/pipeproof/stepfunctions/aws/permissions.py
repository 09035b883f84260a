"""The IAM actions that a machine's role needs, and what its policy says to them.

Sources: the developer guide's pages on IAM policies for integrated services (`.sync` and nested executions need more
than the call itself), and the service authorization reference by way of [pipeproof.iam][].
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.iam import Policy, evaluate, render_denial, required_actions
from pipeproof.stepfunctions.answers.handlers import Request
from pipeproof.stepfunctions.aws import names as aws_names
from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.definition.resources import Resource, function_name, parse_resource
from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation import Finding
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.errors import StateFailure

_SYNC_ACTIONS = {
    ("states", "startExecution"): ("states:DescribeExecution", "states:StopExecution"),
    ("glue", "startJobRun"): ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    ("batch", "submitJob"): ("batch:DescribeJobs", "batch:TerminateJob"),
    ("athena", "startQueryExecution"): ("athena:GetQueryExecution", "athena:StopQueryExecution"),
    ("codebuild", "startBuild"): ("codebuild:BatchGetBuilds", "codebuild:StopBuild"),
    ("ecs", "runTask"): ("ecs:DescribeTasks", "ecs:StopTask"),
    ("elasticmapreduce", "addStep"): ("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
    ("sagemaker", "createTrainingJob"): ("sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
}
"""What `.sync` needs beside the call that starts the job."""
_RULES = {
    ("states", "startExecution"): "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ("batch", "submitJob"): "StepFunctionsGetEventsForBatchJobsRule",
    ("ecs", "runTask"): "StepFunctionsGetEventsForECSTaskRule",
    ("codebuild", "startBuild"): "StepFunctionsGetEventForCodeBuildStartBuildRule",
    ("sagemaker", "createTrainingJob"): "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
}
"""The EventBridge rule by which the service learns that a job has ended."""
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@dataclass(frozen=True, slots=True)
class Need:
    """An action that a state needs on a resource; `*` stands for what only runs tell."""

    action: str
    resource: str
    state: str
    position: Position


def definition_needs(definition: Definition, account: str, region: str, machine_arn: str = "*") -> Iterator[Need]:
    """The actions that a definition's resources need."""
    for state in definition.graph.walk():
        if state.type == "Task":
            resource = parse_resource(str(state.raw.get("Resource")))
            payload = _static(state.raw.get("Arguments" if state.is_jsonata else "Parameters"))
            for action, arn in call_needs(resource, payload, account, region):
                yield Need(action, arn, state.name, (*state.position, "Resource"))
        if state.type == "Map" and state.is_distributed:
            yield from _map_needs(state, account, region, machine_arn)


def _map_needs(state: State, account: str, region: str, machine_arn: str) -> Iterator[Need]:
    yield Need("states:StartExecution", machine_arn, state.name, state.position)
    for field in ("ItemReader", "ResultWriter"):
        part = state.raw.get(field)
        if isinstance(part, Mapping) and "Resource" in part:
            payload = _static(part.get("Arguments" if state.is_jsonata else "Parameters"))
            if field == "ResultWriter":
                payload = {**payload, "Key": f"{payload.get('Prefix', '')}*"}
            for action, arn in call_needs(parse_resource(part["Resource"]), payload, account, region):
                yield Need(action, arn, state.name, (*state.position, field))


def _static(template: Any) -> dict[str, Any]:
    """The parameters that a definition itself tells; the others are left out."""
    if not isinstance(template, Mapping):
        return {}
    return {
        key: value
        for key, value in template.items()
        if not key.endswith(".$") and not (isinstance(value, str) and ("{%" in value or "${" in value))
    }


def call_needs(resource: Resource, payload: Any, account: str, region: str) -> Iterator[tuple[str, str]]:
    """The actions that a Task's call needs, each with the ARN."""
    parameters = payload if isinstance(payload, Mapping) else {}
    if resource.kind == "lambda":
        yield "lambda:InvokeFunction", resource.arn
    elif resource.is_lambda_invoke:
        yield "lambda:InvokeFunction", _function_arn(parameters.get("FunctionName"), account, region)
    elif resource.service == "http":
        yield "states:InvokeHTTPEndpoint", "*"
        yield "events:RetrieveConnectionCredentials", "*"
    elif resource.kind == "integration" and resource.service != "apigateway":
        name = resource.sdk_service
        boto_service = aws_names.boto_name(name) or name
        yield from required_actions(boto_service, resource.action, parameters, region=region, account=account)
        if resource.pattern.startswith("sync"):
            key = (name, resource.action)
            yield from ((action, "*") for action in _SYNC_ACTIONS.get(key, ()))
            if key in _RULES:
                rule = f"arn:aws:events:{region}:{account}:rule/{_RULES[key]}"
                yield from ((action, rule) for action in _RULE_ACTIONS)


def _function_arn(name: Any, account: str, region: str) -> str:
    if not isinstance(name, str):
        return f"arn:aws:lambda:{region}:{account}:function:*"
    if name.startswith("arn:"):
        return name
    return f"arn:aws:lambda:{region}:{account}:function:{function_name(name)}"


def check_permissions(
    definition: Definition, policy: Policy, account: str, region: str, machine_arn: str = "*"
) -> list[Finding]:
    """What the role's policy lacks for the definition."""
    findings: dict[tuple[str, str, str], Finding] = {}
    for need in definition_needs(definition, account, region, machine_arn):
        if not evaluate(policy, need.action, need.resource).allowed:
            on = "" if need.resource == "*" else f" on {need.resource}"
            message = f"{need.state!r} needs {need.action}{on}, which the role's policy does not allow"
            findings[need.state, need.action, need.resource] = Finding("SFN801", message, need.position)
    return list(findings.values())


def refuser(policy: Policy, settings: Settings) -> Callable[[Request], StateFailure | None]:
    """Gives the failure of a call that the policy does not allow, as AWS words it."""
    role = settings.role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{settings.account}:assumed-role/{role}/{settings.execution_name[:32]}"

    def refuse(request: Request) -> StateFailure | None:
        resource = request.resource
        needs = call_needs(resource, request.payload, settings.account, settings.region)
        for action, arn in needs:
            decision = evaluate(policy, action, arn)
            if not decision.allowed:
                return _denial(resource, render_denial(decision, principal), request)
        return None

    return refuse


def _denial(resource: Resource, message: str, request: Request) -> StateFailure:
    service = "lambda" if resource.kind == "lambda" else resource.service
    identifier = str(uuid.UUID(int=request.random.getrandbits(128), version=4))
    name = aws_names.boto_name(service.removeprefix("aws-sdk:"))
    model = aws_names.service_model(name) if name else None
    code = "AccessDeniedException"
    return StateFailure(
        aws_names.error_name(service, code, model),
        aws_names.error_cause(service, code, message, 403, identifier, model),
    )
