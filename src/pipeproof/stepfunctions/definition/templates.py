"""State machines in SAM and CloudFormation templates: their definitions, types, roles and the functions beside them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cloudformation import DocumentError, Resource, Template, is_template, locate, parse_document
from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.assets import find_asset, find_ignoring_case
from pipeproof.stepfunctions.definition.source import Document, parse_text, read_document
from pipeproof.stepfunctions.definition.substitutions import substitute
from pipeproof.stepfunctions.errors import DefinitionError

if TYPE_CHECKING:
    from pipeproof.iam import Policy

TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


@dataclass(frozen=True, slots=True)
class TemplateMachine:
    """A state machine of a template.

    Attributes:
        logical_id: Its id in the template.
        name: Its physical name.
        document: Its definition.
        type: STANDARD or EXPRESS.
        read_role: Reads the template once more for what the machine's role may do; raises PolicyError or TemplateError
            where the role's policy is not in the template.
        read_policy: Gives the policy of the machine's role, with the template's values; raises as `read_role` does.
        doubt: What is doubtful about where the definition was found.
        functions: The functions beside it that are no part of a [Template][], as `lambdas` of a machine takes them.
    """

    logical_id: str
    name: str
    document: Document
    type: str
    read_role: "Callable[[], RoleReading] | None" = None
    read_policy: "Callable[[], Policy] | None" = None
    doubt: str | None = None
    functions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleReading:
    """A machine and what its role may do, read with `*` for what only a deployment knows.

    Attributes:
        document: The definition.
        policy: The policy of the machine's role.
        machine_arn: The machine's ARN.
        policy_of: The policy of another role, by its ARN; None where it is not in the template.
    """

    document: Document
    policy: "Policy"
    machine_arn: str
    policy_of: "Callable[[str], Policy | None]" = field(default=lambda _: None)


def read_template(file: Path, parameters: Mapping[str, Any] | None = None) -> Template | None:
    """The template in a file, with stand-ins for what only a deployment knows; None where it holds something else.

    Args:
        file: The file.
        parameters: Values of the template's parameters.

    Raises:
        DocumentError: It cannot be read or parsed.
        TemplateError: It has no such parameter.
    """
    if file.suffix.lower() not in (".yaml", ".yml", ".json", ".template"):
        return None
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"cannot be read as text: {error}", location=Location(file, 1)) from error
    if "Resources" not in text or "AWS::" not in text:
        return None
    twice: list[DocumentError] = []
    document = parse_document(text, file, twice=twice)
    if not is_template(document):
        return None
    return Template(document, parameters=parameters, unknown="named", twice=twice)


def find_machines(
    template: Template, file: Path, substitutions: Mapping[str, Any] | None = None
) -> Iterator[TemplateMachine]:
    """Yield the state machines of a template, in its order.

    Raises:
        DefinitionError: A definition cannot be read.
    """
    for resource in template.of_type(*TYPES):
        document, doubt = _read(template, resource, file, substitutions)
        properties = template.properties(resource.logical_id)
        kind = properties.get("Type" if "Serverless" in resource.type else "StateMachineType") or "STANDARD"
        read_role = partial(_read_role, template, resource, file, substitutions)
        read_policy = partial(_policy, template, resource, file)
        name = template.name(resource.logical_id)
        yield TemplateMachine(resource.logical_id, name, document, str(kind), read_role, read_policy, doubt)


def _read(
    template: Template, resource: Resource, file: Path, substitutions: Mapping[str, Any] | None
) -> tuple[Document, str | None]:
    properties = template.properties(resource.logical_id)
    values = {**(properties.get("DefinitionSubstitutions") or {}), **(substitutions or {})}
    return _document(resource, properties, file, values)


def _read_role(
    template: Template, resource: Resource, file: Path, substitutions: Mapping[str, Any] | None
) -> RoleReading:
    from pipeproof.iam import Policy

    twin = template.reread("any")
    policy = _policy(twin, resource, file)
    document = _read(twin, resource, file, substitutions)[0]
    arn = twin.arn(resource.logical_id) or "*"
    return RoleReading(document, policy, arn, lambda other: Policy.of_arn(twin, other, str(file)))


def _policy(template: Template, machine: Resource, file: Path) -> "Policy":
    from pipeproof.iam import Policy

    policy = Policy.of_role(template, _role(template, machine) or machine.logical_id, str(file))
    return policy.with_grants_of_resources(template)


def _role(template: Template, machine: Resource) -> str | None:
    """Return the logical id of a machine's role, where the template has it."""
    from pipeproof.iam.roles import find_role

    written = machine.properties.get("RoleArn", machine.properties.get("Role"))
    arn = template.resolve(written) if written is not None else None
    return find_role(template, arn) if isinstance(arn, str) else None


def choose_machine(machines: list[TemplateMachine], name: str | None, file: Path) -> TemplateMachine:
    """Return the machine that is meant.

    Raises:
        DefinitionError: There is none of that name, or several and no name.
    """
    found = [machine for machine in machines if name in (machine.logical_id, machine.name)] if name else machines
    if len(found) == 1:
        return found[0]
    known = ", ".join(machine.logical_id for machine in machines) or "none"
    what = f"no state machine {name!r}" if name else f"{len(machines)} state machines; which one is meant is not said"
    raise DefinitionError(f"the template has {what}", hint=f"Pass name= one of: {known}.", location=Location(file, 1))


def _document(
    resource: Resource, properties: Any, file: Path, values: Mapping[str, Any]
) -> tuple[Document, str | None]:
    """Return the definition, and what is doubtful about its place."""
    origin = locate(resource.properties) or resource.location
    for name in ("DefinitionUri", "DefinitionS3Location"):
        if properties.get(name):
            path, doubt = _find_file(properties[name], file, origin)
            return read_document(path, values), doubt
    for name in ("DefinitionString", "Definition"):
        value = properties.get(name)
        place = locate(resource.properties, name) or origin
        if isinstance(value, str):
            return _from_text(substitute(value, values), file, place), None
        if isinstance(value, Mapping):
            return _from_value(value, file, values, place), None
    raise DefinitionError(
        f"the state machine {resource.logical_id} has no definition that can be read", location=origin
    )


def _find_file(written: Any, template: Path, origin: Location | None) -> tuple[Path, str | None]:
    """Return the file of a DefinitionUri or DefinitionS3Location, and what is doubtful about it."""
    if isinstance(written, Mapping):
        asset = find_asset(template, written)
        if asset is None:
            where = f"s3://{written.get('Bucket')}/{written.get('Key')}"
            hint = "Check the template as it is before it is packaged, or the definition's own file."
            raise DefinitionError(f"the definition is at {where}, not beside the template", hint=hint, location=origin)
        return asset, None
    path = template.parent / str(written)
    if path.is_file():
        return path, None
    other = find_ignoring_case(path)
    if other is None or not other.is_file():
        raise DefinitionError(f"there is no definition at {path}", location=origin)
    doubt = f"the file is {other.name}, not {path.name}: where the case of letters counts, it is not found"
    return other, doubt


def _from_text(text: str, file: Path, place: Location | None) -> Document:
    """Return a definition that stands in the template as text; its lines are the file's where it is a block of them."""
    try:
        document = parse_text(text, file)
    except DefinitionError as error:
        raise DefinitionError(error.message, location=place) from error
    document.origin = place
    line = file.read_text(encoding="utf-8-sig").split("\n")[place.line - 1] if place is not None else ""
    if place is not None and line.rstrip().endswith(("|", "|-", "|+")):
        document.line = place.line
    else:
        document.text, document._located = None, _Plain  # noqa: SLF001 - its parts have no lines of their own
    return document


_Plain: dict[str, Any] = {}
"""Stands for a text whose parts have no lines of their own."""


def _from_value(value: Any, file: Path, values: Mapping[str, Any], place: Location | None) -> Document:
    if values:
        plain = json.loads(substitute(json.dumps(value), values))
        return Document(plain, file, None, origin=place, _located=value)
    return Document(value, file, None, origin=place, _located=value)
