"""The policy of a role in a SAM or CloudFormation template, put together from all the places where it is written.

These are the role's own `Policies`, its `ManagedPolicyArns` (AWS's managed policies come with moto), the template's
`AWS::IAM::Policy`, `AWS::IAM::RolePolicy` and `AWS::IAM::ManagedPolicy` that name the role, the `Policies` of a SAM
function or state machine (documents, names, and SAM's policy templates), SAM's connectors, and the permission boundary.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pipeproof.cloudformation import Resource, Template, TemplateError, locate
from pipeproof.errors import Location
from pipeproof.iam.connectors import connector_policies
from pipeproof.iam.documents import Document, RoleDocument
from pipeproof.iam.errors import PolicyError
from pipeproof.iam.sam_policies import policy_template

_ROLE = "AWS::IAM::Role"
_SAM = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


def policy_of_role(template: Template, role: str | None, file: str) -> RoleDocument:
    """Return what a template says of `role`: the logical id of a role, or of a SAM function or state machine.

    `None` is the only one that there is.

    Raises [PolicyError][] where there is no such role, or several and none is named.
    """
    owner = _owner(template, role, file)
    if owner.type in _SAM and "Role" in owner.properties:
        owner = _role_of(template, owner, file)
    parts = list(_sam_parts(template, owner) if owner.type in _SAM else _role_parts(template, owner))
    parts += [part for user in _users(template, owner) for part in connector_policies(template, user)]
    limit = template.properties(owner.logical_id).get("PermissionsBoundary")
    role_id = owner.logical_id if owner.type == _ROLE else f"{owner.logical_id}Role"
    return RoleDocument(
        name=f"{file}:{owner.logical_id}",
        parts=tuple(parts),
        boundary=limit and _managed(template, limit, locate(owner.properties, "PermissionsBoundary")),
        principal_arn=template.arn(role_id),
        location=owner.location,
    )


def find_role(template: Template, arn: str) -> str | None:
    """Return the logical id of the role that has this ARN, or `None` where it is not in the template."""
    return next((role.logical_id for role in template.of_type(_ROLE) if template.arn(role.logical_id) == arn), None)


def _owner(template: Template, role: str | None, file: str) -> Resource:
    owners = {resource.logical_id: resource for resource in template.of_type(_ROLE, *_SAM)}
    with_policy = {name: item for name, item in owners.items() if item.type == _ROLE or "Policies" in item.properties}
    if role is None and len(with_policy) == 1:
        return next(iter(with_policy.values()))
    known = ", ".join(with_policy) or "none"
    if role is None:
        raise PolicyError(f"{file} has no single role", hint=f"Name it: role=…; the template has: {known}.")
    found = owners.get(role) or owners.get(role.removesuffix("Role"))
    if found is None:
        raise PolicyError(f"{file} has no role {role!r}", hint=f"It has: {known}.")
    return found


def _users(template: Template, owner: Resource) -> Iterator[str]:
    """Yield the functions and state machines that have a role, to which SAM's connectors add."""
    if owner.type in _SAM:
        yield owner.logical_id
        return
    arn = template.arn(owner.logical_id)
    for resource in template.of_type(*_SAM, "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
        written = resource.properties.get("Role", resource.properties.get("RoleArn"))
        try:
            if written is not None and template.resolve(written) == arn:
                yield resource.logical_id
        except TemplateError:
            continue  # another role, which is not known before the deployment


def _role_of(template: Template, owner: Resource, file: str) -> Resource:
    arn = template.properties(owner.logical_id)["Role"]
    for resource in template.of_type(_ROLE):
        if template.arn(resource.logical_id) == arn:
            return resource
    raise PolicyError(
        f"the role of {owner.logical_id} is not in {file}: {arn}", location=locate(owner.properties, "Role")
    )


def _role_parts(template: Template, role: Resource) -> Iterator[Document]:
    properties = template.properties(role.logical_id)
    for inline in properties.get("Policies") or []:
        yield Document(inline.get("PolicyDocument"), str(inline.get("PolicyName", role.logical_id)))
    arns = properties.get("ManagedPolicyArns") or []
    for index, arn in enumerate(arns):
        yield _managed(template, arn, locate(arns, index))
    name, attached = template.name(role.logical_id), set(arns)
    for resource in template.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
        own = template.resolve({key: value for key, value in resource.properties.items() if key != "PolicyDocument"})
        roles = [*(own.get("Roles") or []), own.get("RoleName")]
        if name in roles and not (
            resource.type.endswith("ManagedPolicy") and template.arn(resource.logical_id) in attached
        ):
            yield _document(template, resource)


def _document(template: Template, resource: Resource) -> Document:
    return Document(template.resolve(resource.properties.get("PolicyDocument")), resource.logical_id)


def _sam_parts(template: Template, owner: Resource) -> Iterator[Document]:
    policies = template.properties(owner.logical_id).get("Policies") or []
    for index, policy in enumerate(policies if isinstance(policies, list) else [policies]):
        at = locate(policies, index)
        if isinstance(policy, str):
            yield _managed(template, policy, at)
        elif "Statement" in policy:
            yield Document(policy, owner.logical_id)
        else:
            for name, parameters in policy.items():
                yield policy_template(name, parameters or {}, template.resolve, locate(policy, name) or at)
    if owner.type == "AWS::Serverless::Function":  # SAM gives each function's role the right to write its log
        yield _managed(template, "AWSLambdaBasicExecutionRole", owner.location)


def _managed(template: Template, arn: str, at: Location | None) -> Document:
    for resource in template.of_type("AWS::IAM::ManagedPolicy"):
        if template.arn(resource.logical_id) == arn:
            return _document(template, resource)
    return aws_managed_policy(str(arn), at)


def aws_managed_policy(arn: str, at: Location | None = None) -> Document:
    """One of AWS's managed policies, by its ARN or its name; raises [PolicyError][] where AWS has none of that name."""
    name = arn.rpartition("/")[2]
    entry: Mapping[str, Any] | None = _aws_managed().get(name)
    if entry is None or (":iam::" in arn and ":iam::aws:" not in arn):
        raise PolicyError(
            f"neither the template nor AWS's managed policies have {arn}",
            hint="Load the template that has it and join the two policies, or give enforce() the document.",
            location=at,
        )
    return Document(entry["Document"], name, at)


@cache
def _aws_managed() -> Mapping[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return found
