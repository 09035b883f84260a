"""State machines through the API, and what an ARN of a machine, version or alias stands for.

moto keeps them (`StepFunctionBackend.state_machines`), so that CloudFormation, tags and the tagging API see them too;
what moto does not know of the API's rules is here.
"""

from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.definition.loading import load_definition
from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.service.arns import StatesArn, check_name, parse_arn
from pipeproof.stepfunctions.service.errors import ServiceError, no_machine, validation
from pipeproof.stepfunctions.service.state import Service
from pipeproof.stepfunctions.values import random_uuid

Parameters = dict[str, Any]
Answer = dict[str, Any]

FIRST_REVISION = "INITIAL"
"""What the API calls the revision of a machine that was never updated."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an ARN stands for.

    Attributes:
        arn: The machine's ARN, without version or alias.
        found: moto's machine or version.
        version_arn: The version, where the ARN was one's or an alias's.
        alias_arn: The alias, where the ARN was one's.
    """

    arn: str
    found: Any
    version_arn: str | None = None
    alias_arn: str | None = None


def backend_of(arn: StatesArn) -> Any:
    """moto's backend of an ARN's account and region."""
    from moto.stepfunctions.models import stepfunctions_backends

    return stepfunctions_backends[arn.account][arn.region]


def new_id(service: Service) -> str:
    """Return a name for an execution, or a revision."""
    return random_uuid(service.random)


def resolve(service: Service, text: str) -> Target:
    """Return what an ARN of a machine, version or alias stands for.

    Raises:
        ServiceError: InvalidArn, ValidationException (the ARN of a Map state) or StateMachineDoesNotExist.
    """
    arn = parse_arn(text, "stateMachine")
    if "/" in arn.parts[0]:
        raise validation(f"The state machine ARN {text} refers to a Distributed Map state")
    target = try_resolve(service, text)
    if target is None:
        raise no_machine(text)
    return target


def try_resolve(service: Service, text: str) -> Target | None:
    """Return what an ARN stands for, or None."""
    arn = parse_arn(text, "stateMachine")
    machine = next((one for one in backend_of(arn).state_machines if one.arn == arn.machine), None)
    qualifier = arn.qualifier
    if machine is None or qualifier is None:
        return None if machine is None else Target(machine.arn, machine)
    if qualifier.isdigit():
        version = machine.versions.get(int(qualifier))
        return None if version is None else Target(machine.arn, version, version.arn)
    alias = machine.aliases.get(qualifier)
    if alias is None:
        return None
    routes = alias.routing_configuration
    weights = [route["weight"] for route in routes]
    version_arn = service.random.choices(routes, weights)[0]["stateMachineVersionArn"]
    version = machine.versions.get(int(version_arn.rsplit(":", 1)[-1]))
    return None if version is None else Target(machine.arn, version, version_arn, text)


def check_definition(definition: str, kind: str) -> None:
    """Refuse a definition that the service would not accept.

    Raises:
        ServiceError: InvalidDefinition.
    """
    try:
        load_definition(definition, machine_type=kind)
    except DefinitionError as error:
        raise ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{error.message}'") from error


def create(service: Service, parameters: Parameters, backend: Any) -> Answer:
    """CreateStateMachine: idempotent for the same definition, type and configurations.

    Raises:
        ServiceError: As the API says.
    """
    name, kind = parameters["name"], parameters.get("type", "STANDARD")
    check_name(name)
    _check_version(parameters)
    check_definition(parameters["definition"], kind)
    existing = next((one for one in backend.state_machines if one.name == name), None)
    if existing is not None and _differs(existing, parameters, kind):
        raise ServiceError("StateMachineAlreadyExists", f"State Machine Already Exists: '{existing.arn}'")
    found = existing or backend.create_state_machine(
        name,
        parameters["definition"],
        parameters["roleArn"],
        tags=parameters.get("tags"),
        loggingConfiguration=parameters.get("loggingConfiguration"),
        tracingConfiguration=parameters.get("tracingConfiguration"),
        encryptionConfiguration=parameters.get("encryptionConfiguration"),
        sm_type=kind,
    )
    answer = {"stateMachineArn": found.arn, "creationDate": found.creation_date}
    if parameters.get("publish"):
        answer["stateMachineVersionArn"] = publish_revision(service, found, parameters.get("versionDescription")).arn
    return answer


def _differs(existing: Any, parameters: Parameters, kind: str) -> bool:
    logging, tracing = parameters.get("loggingConfiguration"), parameters.get("tracingConfiguration")
    return bool(
        existing.definition != parameters["definition"]
        or existing.type != kind
        or (logging is not None and logging != existing.loggingConfiguration)
        or (tracing is not None and tracing != existing.tracingConfiguration)
    )


def _check_version(parameters: Parameters) -> None:
    if parameters.get("versionDescription") and not parameters.get("publish"):
        raise validation("Version description can only be set when publish is true")


def update(service: Service, parameters: Parameters) -> Answer:
    """UpdateStateMachine: executions that are started from now on run the new revision.

    Raises:
        ServiceError: As the API says.
    """
    target = unqualified(service, parameters["stateMachineArn"])
    _check_version(parameters)
    fields = {
        "definition": "definition",
        "roleArn": "roleArn",
        "loggingConfiguration": "loggingConfiguration",
        "tracingConfiguration": "tracingConfiguration",
        "encryptionConfiguration": "encryptionConfiguration",
    }
    changes = {ours: parameters[theirs] for theirs, ours in fields.items() if theirs in parameters}
    if not changes:
        raise ServiceError(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or the "
            "EncryptionConfiguration must be specified",
        )
    if "definition" in changes:
        check_definition(changes["definition"], target.found.type)
    found = target.found
    found.update(**changes)
    service.revisions[found.arn] = new_id(service)
    answer = {"updateDate": found.update_date, "revisionId": service.revisions[found.arn]}
    if parameters.get("publish"):
        answer["stateMachineVersionArn"] = publish_revision(service, found, parameters.get("versionDescription")).arn
    return answer


def unqualified(service: Service, text: str) -> Target:
    """Return the machine of an ARN that may have neither version nor alias."""
    if parse_arn(text, "stateMachine").qualifier is not None:
        raise validation(f"The state machine ARN {text} must not have a version or an alias")
    return resolve(service, text)


def describe(service: Service, parameters: Parameters) -> Answer:
    """DescribeStateMachine, of a machine or a version."""
    target = resolve(service, parameters["stateMachineArn"])
    with_data = parameters.get("includedData", "ALL_DATA") != "METADATA_ONLY"
    return describe_found(service, target, with_data=with_data)


def describe_found(service: Service, target: Target, *, with_data: bool) -> Answer:
    """Return what DescribeStateMachine answers."""
    found = target.found
    answer = {
        "stateMachineArn": target.version_arn or target.arn,
        "name": found.name,
        "status": "ACTIVE",
        "definition": found.definition if with_data else "{}",
        "roleArn": found.roleArn,
        "type": found.type,
        "creationDate": found.creation_date,
        "loggingConfiguration": {"includeExecutionData": False, **found.loggingConfiguration},
        "tracingConfiguration": found.tracingConfiguration,
        "encryptionConfiguration": found.encryptionConfiguration,
    }
    versions = service.version_revisions
    revision = versions.get(found.arn) if target.version_arn else service.revisions.get(found.arn)
    if revision not in (None, FIRST_REVISION):
        answer["revisionId"] = revision
    if found.description:
        answer["description"] = found.description
    return answer


def delete(service: Service, parameters: Parameters) -> Answer:
    """DeleteStateMachine, with its versions and aliases; executions that still run are stopped."""
    target = try_resolve(service, parameters["stateMachineArn"])
    if target is not None:
        backend_of(parse_arn(target.arn, "stateMachine")).delete_state_machine(target.arn)
        service.deployed.pop(target.arn, None)
        service.revisions.pop(target.arn, None)
        for started in service.executions.values():
            if started.machine_arn == target.arn:
                started.running.stop()
    return {}


def publish_revision(service: Service, found: Any, description: str | None) -> Any:
    """Return the version of a machine's present revision: the one that there is, or a new one."""
    current = service.revisions.get(found.arn, FIRST_REVISION)
    for version in found.versions.values():
        if service.version_revisions.get(version.arn) == current:
            return version
    found.publish(description)
    service.version_revisions[found.latest_version.arn] = current
    return found.latest_version
