"""Versions of state machines and aliases of versions through the API."""

from typing import Any

from pipeproof.stepfunctions.service import machines
from pipeproof.stepfunctions.service.arns import check_name, parse_arn
from pipeproof.stepfunctions.service.errors import ServiceError, no_resource, validation
from pipeproof.stepfunctions.service.paging import page
from pipeproof.stepfunctions.service.state import Service

Parameters = dict[str, Any]
Answer = dict[str, Any]


def publish(service: Service, parameters: Parameters) -> Answer:
    """PublishStateMachineVersion: of a revision that has a version it gives that one.

    Raises:
        ServiceError: ConflictException, where the machine has another revision than the request's.
    """
    target = machines.unqualified(service, parameters["stateMachineArn"])
    current = service.revisions.get(target.arn, machines.FIRST_REVISION)
    wanted = parameters.get("revisionId")
    if wanted is not None and wanted != current:
        raise ServiceError(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {wanted}. The current State Machine revision "
            f"is {current}.",
        )
    version = machines.publish_revision(service, target.found, parameters.get("description"))
    return {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}


def list_versions(service: Service, parameters: Parameters) -> Answer:
    """ListStateMachineVersions, the latest first."""
    target = machines.unqualified(service, parameters["stateMachineArn"])
    versions = sorted(target.found.versions.values(), key=lambda version: version.version, reverse=True)
    items, token = page(versions, parameters, target.arn)
    found = [{"stateMachineVersionArn": item.arn, "creationDate": item.creation_date} for item in items]
    return {"stateMachineVersions": found, **token}


def delete_version(service: Service, parameters: Parameters) -> Answer:
    """DeleteStateMachineVersion.

    Raises:
        ServiceError: ConflictException, where an alias refers to it.
    """
    text = parameters["stateMachineVersionArn"]
    arn = parse_arn(text, "stateMachine")
    if arn.qualifier is None or not arn.qualifier.isdigit():
        raise validation(f"The ARN {text} is not that of a state machine version")
    machine = machines.try_resolve(service, arn.machine)
    if machine is None:
        return {}
    aliases = [
        alias.name
        for alias in machine.found.aliases.values()
        if any(route["stateMachineVersionArn"] == text for route in alias.routing_configuration)
    ]
    if aliases:
        raise ServiceError(
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
            f"version: [{', '.join(aliases)}]",
        )
    machine.found.versions.pop(int(arn.qualifier), None)
    return {}


def create_alias(service: Service, parameters: Parameters) -> Answer:
    """CreateStateMachineAlias: idempotent for the same routes and description.

    Raises:
        ServiceError: As the API says.
    """
    name, routes = parameters["name"], parameters["routingConfiguration"]
    check_name(name)
    if name.isdigit():
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")
    machine = _check_routes(service, routes)
    existing = machine.aliases.get(name)
    if existing is not None:
        if existing.routing_configuration != routes or existing.description != parameters.get("description"):
            raise ServiceError(
                "ConflictException",
                "Failed to create alias because an alias with the same name and a different routing configuration "
                "already exists.",
            )
        return {"stateMachineAliasArn": existing.arn, "creationDate": existing.creation_date}
    backend = machines.backend_of(parse_arn(machine.arn, "stateMachine"))
    alias = backend.create_state_machine_alias(name, routes, parameters.get("description"))
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.creation_date}


def _check_routes(service: Service, routes: list[dict[str, Any]]) -> Any:
    """Return the machine that an alias's routes lead to.

    Raises:
        ServiceError: ValidationException or ResourceNotFound.
    """
    if len(routes) not in (1, 2):
        raise validation("Routing configuration must contain 1 or 2 state machine versions.")
    if sum(route["weight"] for route in routes) != 100:
        raise validation("The sum of the weights in the routing configuration must be equal to 100.")
    arns = [parse_arn(route["stateMachineVersionArn"], "stateMachine") for route in routes]
    if len({arn.machine for arn in arns}) != 1 or len({arn.text for arn in arns}) != len(arns):
        raise validation("Routing configuration must contain distinct versions of one state machine.")
    for arn in arns:
        if arn.qualifier is None or not arn.qualifier.isdigit():
            raise validation(f"Routing configuration must contain state machine version ARNs, not {arn.text}")
        if machines.try_resolve(service, arn.text) is None:
            raise no_resource(arn.text)
    return machines.resolve(service, arns[0].machine).found


def update_alias(service: Service, parameters: Parameters) -> Answer:
    """UpdateStateMachineAlias.

    Raises:
        ServiceError: As the API says.
    """
    alias = find_alias(service, parameters["stateMachineAliasArn"])
    description, routes = parameters.get("description"), parameters.get("routingConfiguration")
    if description is None and routes is None:
        raise validation("You must provide at least one of routingConfiguration or description")
    if routes is not None:
        machine = _check_routes(service, routes)
        if machine.arn != alias.statemachine_arn:
            raise validation("Routing configuration must contain versions of the alias's state machine.")
    alias.update(description=description, routing_configuration=routes)
    return {"updateDate": alias.update_date}


def find_alias(service: Service, text: str) -> Any:
    """moto's alias of an ARN.

    Raises:
        ServiceError: InvalidArn or ResourceNotFound.
    """
    arn = parse_arn(text, "stateMachine")
    machine = machines.try_resolve(service, arn.machine)
    alias = machine.found.aliases.get(arn.qualifier) if machine is not None else None
    if alias is None:
        raise no_resource(text)
    return alias


def describe_alias(service: Service, parameters: Parameters) -> Answer:
    """DescribeStateMachineAlias."""
    alias = find_alias(service, parameters["stateMachineAliasArn"])
    answer = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": alias.routing_configuration,
        "creationDate": alias.creation_date,
        "updateDate": alias.update_date,
    }
    return {**answer, "description": alias.description} if alias.description else answer


def delete_alias(service: Service, parameters: Parameters) -> Answer:
    """DeleteStateMachineAlias."""
    alias = find_alias(service, parameters["stateMachineAliasArn"])
    machine = machines.resolve(service, alias.statemachine_arn)
    del machine.found.aliases[alias.name]
    return {}


def list_aliases(service: Service, parameters: Parameters) -> Answer:
    """ListStateMachineAliases, of a machine or of one of its versions; in the order of their names."""
    text = parameters["stateMachineArn"]
    arn = parse_arn(text, "stateMachine")
    machine = machines.resolve(service, arn.machine)
    found = [
        alias
        for _, alias in sorted(machine.found.aliases.items())
        if arn.qualifier is None
        or any(route["stateMachineVersionArn"] == text for route in alias.routing_configuration)
    ]
    items, token = page(found, parameters, text)
    listed = [{"stateMachineAliasArn": item.arn, "creationDate": item.creation_date} for item in items]
    return {"stateMachineAliases": listed, **token}
