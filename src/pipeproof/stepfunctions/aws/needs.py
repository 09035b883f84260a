"""The IAM actions that a machine's role needs: of a definition, as far as it tells, and of a call that is made.

Sources: the developer guide's pages on IAM policies for integrated services (`integrations.py`), and the service
authorization reference by way of [pipeproof.iam][].
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeproof.iam import required_actions
from pipeproof.stepfunctions.aws import names as aws_names
from pipeproof.stepfunctions.aws.integrations import JOBS, OPERATIONS, PASSED_TO, RULE_ACTIONS
from pipeproof.stepfunctions.aws.shapes import to_parameters
from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.definition.resources import Resource, function_name, parse_resource
from pipeproof.stepfunctions.definition.source import Position
from pipeproof.text import PLACEHOLDER

UNKNOWN = "*"
"""Stands for what only a run tells: a whole resource, or a part of its ARN."""

Purpose = Literal["call", "events", "poll", "stop"]
"""Why an action is needed: for the call itself, for the rule that brings a job's end, to watch or to stop the job."""

_FORMAT = re.compile(r"States\.Format\(\s*'((?:[^'\\]|\\.)*)'")


@dataclass(frozen=True, slots=True)
class CallNeed:
    """An action that a call needs on a resource.

    Attributes:
        action: The IAM action.
        resource: The ARN; `*` for an action that knows no resources, or for one that only runs tell.
        purpose: Why it is needed.
        passed_to: The service that a role is passed to, where that is known.
    """

    action: str
    resource: str
    purpose: Purpose = "call"
    passed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a state of a definition needs.

    Attributes:
        call: The action and its resource.
        state: The state's name.
        position: The part of the definition that asks for it.
        credentials: The role that the state takes on for its call (`*` where only runs tell), or None.
        has_events: Whether events tell the end of the job that it watches.
    """

    call: CallNeed
    state: str
    position: Position
    credentials: str | None = None
    has_events: bool = False


def definition_needs(definition: Definition, account: str, region: str, machine_arn: str = UNKNOWN) -> Iterator[Need]:
    """Yield the actions that a definition's resources need, as far as it tells."""
    for state in definition.graph.walk():
        if state.type == "Task":
            yield from _task_needs(state, account, region)
        if state.type == "Map" and state.is_distributed:
            yield from _map_needs(state, account, region, machine_arn)


def _task_needs(state: State, account: str, region: str) -> Iterator[Need]:
    resource = parse_resource(PLACEHOLDER.sub(UNKNOWN, str(state.raw.get("Resource"))))
    position = (*state.position, "Resource")
    role = _credentials(state.raw.get("Credentials"))
    if role is not None:
        yield Need(CallNeed("sts:AssumeRole", role), state.name, (*state.position, "Credentials"))
    payload = static_payload(state.raw.get("Arguments" if state.is_jsonata else "Parameters"))
    job = JOBS.get((resource.service, resource.action))
    for need in call_needs(resource, payload, account, region):
        yield Need(need, state.name, position, role, job is not None and job.rule is not None)


def _credentials(written: Any) -> str | None:
    """Return the role of `Credentials`, or None where there are none."""
    found = static_payload(written) if written is not None else None
    if found is None:
        return None
    role = found.get("RoleArn")
    return role if isinstance(role, str) and role.startswith("arn:") else UNKNOWN


def _map_needs(state: State, account: str, region: str, machine_arn: str) -> Iterator[Need]:
    for call in map_run_needs(machine_arn):
        yield Need(call, state.name, state.position, has_events=True)
    for field in ("ItemReader", "ResultWriter"):
        part = state.raw.get(field)
        if isinstance(part, Mapping) and "Resource" in part:
            payload = static_payload(part.get("Arguments" if state.is_jsonata else "Parameters"))
            if field == "ResultWriter":
                payload = {"Bucket": payload.get("Bucket", UNKNOWN), "Key": f"{payload.get('Prefix', '')}*"}
            for call in call_needs(parse_resource(str(part["Resource"])), payload, account, region):
                yield Need(call, state.name, (*state.position, field))


def map_run_needs(machine_arn: str) -> Iterator[CallNeed]:
    """Yield what a distributed Map needs to run its children, which are executions of its own machine."""
    yield CallNeed("states:StartExecution", machine_arn)
    yield CallNeed("states:DescribeExecution", execution_arn(machine_arn), "poll")
    yield CallNeed("states:StopExecution", execution_arn(machine_arn), "stop")


def execution_arn(machine_arn: str) -> str:
    """Return the ARN of a machine's executions."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:')}:*" if machine_arn != UNKNOWN else UNKNOWN


def static_payload(template: Any) -> dict[str, Any]:
    """Return the parameters that a definition itself tells; `*` stands for those that only runs tell."""
    found = _static(template)
    return found if isinstance(found, dict) else {}


def _static(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key.removesuffix(".$"): _dynamic(item) if key.endswith(".$") else _static(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_static(item) for item in value]
    if isinstance(value, str):
        return UNKNOWN if value.lstrip().startswith("{%") else PLACEHOLDER.sub(UNKNOWN, value)
    return value


def _dynamic(written: Any) -> str:
    """What a path or an intrinsic function gives, as far as it tells: of States.Format the text around the braces."""
    found = _FORMAT.match(written.strip()) if isinstance(written, str) else None
    return PLACEHOLDER.sub(UNKNOWN, re.sub(r"(?<!\\)\{\}", UNKNOWN, found[1])) if found else UNKNOWN


def call_needs(resource: Resource, payload: Any, account: str, region: str) -> Iterator[CallNeed]:
    """Yield the actions that a Task's call needs."""
    parameters = payload if isinstance(payload, Mapping) else {}
    if resource.kind == "lambda":
        yield CallNeed("lambda:InvokeFunction", resource.arn)
    elif resource.is_lambda_invoke:
        yield from _invoke_needs(parameters, account, region)
    elif resource.service == "http":
        yield from _http_needs(parameters, account, region)
    elif resource.service == "apigateway":
        if parameters.get("AuthType") in ("IAM_ROLE", "RESOURCE_POLICY"):
            yield CallNeed("execute-api:Invoke", UNKNOWN)
    elif resource.kind == "integration":
        yield from _operation_needs(resource, parameters, account, region)
        if resource.pattern.startswith("sync"):
            yield from _job_needs(resource, parameters, account, region)


def _invoke_needs(parameters: Mapping[str, Any], account: str, region: str) -> Iterator[CallNeed]:
    name, qualifier = parameters.get("FunctionName"), parameters.get("Qualifier")
    if not isinstance(name, str) or name == UNKNOWN:
        arn = UNKNOWN
    elif name.startswith("arn:"):
        arn = name
    else:
        arn = f"arn:aws:lambda:{region}:{account}:function:{function_name(name)}"
    if isinstance(qualifier, str) and arn.count(":") == 6:
        arn = f"{arn}:{qualifier}"
    yield CallNeed("lambda:InvokeFunction", arn)


def _http_needs(parameters: Mapping[str, Any], account: str, region: str) -> Iterator[CallNeed]:
    authentication = parameters.get("Authentication")
    connection = authentication.get("ConnectionArn") if isinstance(authentication, Mapping) else None
    yield CallNeed("states:InvokeHTTPEndpoint", f"arn:aws:states:{region}:{account}:stateMachine:*")
    yield CallNeed("events:RetrieveConnectionCredentials", connection if isinstance(connection, str) else UNKNOWN)
    yield CallNeed("secretsmanager:GetSecretValue", UNKNOWN)
    yield CallNeed("secretsmanager:DescribeSecret", UNKNOWN)


def _operation_needs(
    resource: Resource, parameters: Mapping[str, Any], account: str, region: str
) -> Iterator[CallNeed]:
    name = resource.sdk_service
    boto_service = aws_names.boto_name(name)
    operations = OPERATIONS.get((resource.service, resource.action))
    if boto_service is None:
        return
    model = aws_names.service_model(boto_service)
    if operations is None:
        found = aws_names.operation_name(model, resource.action)
        operations = (found,) if found else (resource.action[:1].upper() + resource.action[1:],)
    for operation in operations:
        given = parameters
        if operation in model.operation_names and model.operation_model(operation).input_shape is not None:
            given = to_parameters(dict(parameters), model.operation_model(operation).input_shape)
        for action, arn in required_actions(boto_service, operation, given, region=region, account=account):
            passed_to = PASSED_TO.get(name) if action == "iam:PassRole" else None
            yield CallNeed(action, arn, passed_to=passed_to)


def _job_needs(resource: Resource, parameters: Mapping[str, Any], account: str, region: str) -> Iterator[CallNeed]:
    job = JOBS.get((resource.service, resource.action))
    if job is None:
        return
    about = UNKNOWN
    if resource.service == "states" and isinstance(parameters.get("StateMachineArn"), str):
        about = execution_arn(parameters["StateMachineArn"])
    yield from (CallNeed(action, about, "poll") for action in job.poll)
    yield from (CallNeed(action, about, "stop") for action in job.stop)
    if job.rule is not None:
        rule = f"arn:aws:events:{region}:{account}:rule/{job.rule}"
        yield from (CallNeed(action, rule, "events") for action in RULE_ACTIONS)
