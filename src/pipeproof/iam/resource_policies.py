"""What a template's resources allow or deny a role themselves: bucket, queue and topic policies, and functions'
permissions.

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
    """Yield the statements that allow or deny a role something, as those of a policy of its own would be written.

    Args:
        template: The template.
        principal: The role's ARN. An Allow for the whole account leaves it to the role's policy, and grants nothing; a
            Deny for it holds for the role. A Deny under a condition is left out: it asks for what only a call tells.
    """
    for resource in template.of_type(*_WITH_DOCUMENT, _PERMISSION):
        try:
            properties = template.properties(resource.logical_id)
        except TemplateError:
            continue  # it is not known before the deployment
        statements = [_permission(template, properties)] if resource.type == _PERMISSION else _statements(properties)
        granted = [_of_identity(statement) for statement in statements if _counts(statement, principal)]
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


def _counts(statement: Mapping[str, Any], principal: str) -> bool:
    named = statement.get("Principal")
    named = named.get("AWS") if isinstance(named, Mapping) else named
    names = named if isinstance(named, list) else [named]
    if statement.get("Effect") == "Deny" and not statement.get("Condition"):
        account = principal.split(":")[4] if principal.count(":") >= 5 else ""
        return any(name in ("*", principal, account) or str(name).endswith(f"::{account}:root") for name in names)
    return statement.get("Effect") == "Allow" and any(name in ("*", principal) for name in names)


def _of_identity(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in statement.items() if key != "Principal"}
