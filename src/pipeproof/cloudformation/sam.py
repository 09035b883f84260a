"""What transforms make of a template: the resources that SAM adds, and `Globals`.

Source: AWS SAM developer guide, "Generated AWS CloudFormation resources" and "Globals section".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.cloudformation.documents import LocatedDict, locate

SAM = "AWS::Serverless::"
REFERABLE = ("Alias", "Version", "DestinationQueue", "DestinationTopic", "Stage", "Deployment")
"""What SAM lets a template refer to as `Resource.Alias` and so on."""

_IMPLICIT: tuple[tuple[str, str], ...] = (
    ("ServerlessRestApiDeployment", "AWS::ApiGateway::Deployment"),
    ("ServerlessRestApiProdStage", "AWS::ApiGateway::Stage"),
    ("ServerlessRestApi", "AWS::ApiGateway::RestApi"),
    ("ServerlessHttpApiApiGatewayDefaultStage", "AWS::ApiGatewayV2::Stage"),
    ("ServerlessHttpApi", "AWS::ApiGatewayV2::Api"),
    ("ServerlessDeploymentApplication", "AWS::CodeDeploy::Application"),
    ("CodeDeployServiceRole", "AWS::IAM::Role"),
)
_SUFFIXES: tuple[tuple[str, str], ...] = (
    (r"\w*Role", "AWS::IAM::Role"),
    (r"Alias\w+", "AWS::Lambda::Alias"),
    (r"Version\w*", "AWS::Lambda::Version"),
    (r"Url", "AWS::Lambda::Url"),
    (r"\w*Stage", "AWS::ApiGateway::Stage"),
    (r"Deployment\w*", "AWS::ApiGateway::Deployment"),
    (r"\w*Queue", "AWS::SQS::Queue"),
    (r"\w*Topic", "AWS::SNS::Topic"),
    (r"\w*Permission\w*", "AWS::Lambda::Permission"),
    (r"\w*Policy", "AWS::IAM::ManagedPolicy"),
)


_KNOWN_TRANSFORMS = re.compile(
    r"AWS::(Serverless|LanguageExtensions|CodeDeployBlueGreen|SecretsManager|ServiceCatalog)\b.*"
)


def has_macros(document: Mapping[str, Any]) -> bool:
    """Return whether a macro of somebody's own, or a part that is elsewhere, may add resources to a template."""
    declared = document.get("Transform") or []
    names = declared if isinstance(declared, list) else [declared]
    resources = document.get("Resources")
    elsewhere = "Fn::Transform" in document or (isinstance(resources, Mapping) and "Fn::Transform" in resources)
    return elsewhere or any(not isinstance(name, str) or not _KNOWN_TRANSFORMS.fullmatch(name) for name in names)


def generated_type(name: str, resources: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the type of a resource that SAM adds under this logical id, and the id of the one that it is added for.

    Args:
        name: The logical id, as the template refers to it.
        resources: The template's `Resources`.
    """
    for stem, kind in _IMPLICIT:
        if name.startswith(stem):
            return kind, name
    for owner, item in _owners(name, resources):
        suffix = name.removeprefix(owner)
        for pattern, kind in _SUFFIXES:
            if re.fullmatch(pattern, suffix):
                return kind, owner
        if suffix in (_properties(item).get("Events") or {}):
            return "AWS::Events::Rule", owner
    return None


def _owners(name: str, resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """SAM's resources whose ids the name begins with, the longest first."""
    for owner in sorted(resources, key=len, reverse=True):
        item = resources[owner]
        if (
            name.startswith(owner)
            and name != owner
            and isinstance(item, Mapping)
            and str(item.get("Type")).startswith(SAM)
        ):
            yield owner, item


def _properties(item: Mapping[str, Any]) -> Mapping[str, Any]:
    found = item.get("Properties")
    return found if isinstance(found, Mapping) else {}


def merge_globals(shared: Any, own: Any) -> Any:
    """SAM's rule for `Globals`: maps are merged, lists joined, anything else is replaced."""
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        result = LocatedDict(locate(own))
        for key in (*shared, *(key for key in own if key not in shared)):
            source = own if key in own else shared
            result[key] = merge_globals(shared[key], own[key]) if key in shared and key in own else source[key]
            at = locate(source, key)
            if at:
                result.key_locations[key] = at
        return result
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own
