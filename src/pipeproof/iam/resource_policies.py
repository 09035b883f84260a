"""What a template's resources allow a role themselves: bucket, queue and topic policies, and functions' permissions.

In one account a request is allowed where the role's policy or the resource's allows it, and neither denies it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.cloudformation import Resource, Template, TemplateError
from pipeproof.iam.documents import Document

_WITH_DOCUMENT = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
_PERMISSION = "AWS::Lambda::Permission"


def resource_grants(template: Template, principal: str) -> Iterator[Document]:
    """Yield the statements that allow a role something, as those of a policy of its own would be written.

    Args:
        template: The template.
        principal: The role's ARN. A statement for the whole account leaves it to the role's policy, and grants nothing.
    """
    for resource in template.of_type(*_WITH_DOCUMENT, _PERMISSION):
        try:
            properties = template.properties(resource.logical_id)
        except TemplateError:
            continue  # it is not known before the deployment
        statements = [_permission(template, properties)] if resource.type == _PERMISSION else _statements(properties)
        granted = [_of_identity(statement) for statement in statements if _allows(statement, principal)]
        if granted:
            yield _document(granted, resource)


def _document(statements: list[dict[str, Any]], resource: Resource) -> Document:
    return Document({"Version": "2012-10-17", "Statement": statements}, resource.logical_id, resource.location)


def _statements(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    document = properties.get("PolicyDocument")
    written = document.get("Statement", []) if isinstance(document, Mapping) else []
    found = written if isinstance(written, list) else [written]
    return [statement for statement in found if isinstance(statement, Mapping)]


def _permission(template: Template, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(properties.get("FunctionName", "*"))
    arn = name if name.startswith("arn:") else f"arn:{template.partition}:lambda:*:*:function:{name}"
    principal = {"AWS": properties.get("Principal")}
    return {"Effect": "Allow", "Action": properties.get("Action", "*"), "Resource": arn, "Principal": principal}


def _allows(statement: Mapping[str, Any], principal: str) -> bool:
    named = statement.get("Principal")
    named = named.get("AWS") if isinstance(named, Mapping) else named
    names = named if isinstance(named, list) else [named]
    return statement.get("Effect") == "Allow" and any(name in ("*", principal) for name in names)


def _of_identity(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in statement.items() if key != "Principal"}
