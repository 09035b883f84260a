"""What `AWS::Serverless::Connector` lets a role do: SAM puts the policy of each connector on its source's role.

Source: AWS SAM developer guide, "AWS SAM connector reference". The table is `connectors.json`, which
`tools/derive_facts.py` makes of the package `aws-sam-translator`, AWS's own.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pipeproof.cloudformation import Template
from pipeproof.iam.documents import Document

_CONNECTOR = "AWS::Serverless::Connector"
_PLAIN = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}
"""The CloudFormation types that SAM's become."""


def connector_policies(template: Template, source: str) -> Iterator[Document]:
    """Yield the policies of the connectors that start at a resource.

    Args:
        template: The template.
        source: The logical id of a function or a state machine.
    """
    kind = _type_of(template, source)
    for name, connector in _connectors(template, source):
        access = connector.get("Permissions")
        targets = connector.get("Destination")
        for target in targets if isinstance(targets, list) else [targets]:
            if isinstance(target, Mapping):
                wanted = [str(item) for item in (access if isinstance(access, list) else [access])]
                statements = list(_statements(template, kind, target, wanted))
                if statements:
                    yield Document({"Version": "2012-10-17", "Statement": statements}, name)


def _connectors(template: Template, source: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the connectors of a resource: those beside it, and those that stand in it."""
    for resource in template.of_type(_CONNECTOR):
        written = resource.properties.get("Source")
        if isinstance(written, Mapping) and written.get("Id") == source:
            yield resource.logical_id, template.properties(resource.logical_id)
    for name, embedded in (template.attribute(source, "Connectors") or {}).items():
        properties = embedded.get("Properties") if isinstance(embedded, Mapping) else None
        if isinstance(properties, Mapping):
            yield f"{source}{name}", template.resolve(properties)


def _statements(
    template: Template, source: str, target: Mapping[str, Any], access: list[str]
) -> Iterator[dict[str, Any]]:
    identifier = target.get("Id")
    if isinstance(identifier, str):
        kind, arn, name = _type_of(template, identifier), template.arn(identifier), template.name(identifier)
    else:
        kind, arn = str(target.get("Type")), target.get("Arn")
        name = str(target.get("Name") or str(arn or "*").rpartition(":")[2])
    rules = _table().get(f"{source} {_PLAIN.get(kind, kind)}") or {}
    for word in access:
        for actions, resources in rules.get(word, ()):
            filled = [item.replace("{arn}", str(arn or "*")).replace("{name}", name) for item in resources]
            yield {
                "Effect": "Allow",
                "Action": actions.split(" "),
                "Resource": [template.resolve({"Fn::Sub": item}) for item in filled],
            }


def _type_of(template: Template, logical_id: str) -> str:
    found = template.resources.get(logical_id)
    kind = found.type if found else ""
    return _PLAIN.get(kind, kind)


@cache
def _table() -> Mapping[str, Mapping[str, list[tuple[str, list[str]]]]]:
    text = files("pipeproof.iam").joinpath("connectors.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, list[tuple[str, list[str]]]]] = json.loads(text)
    return found
