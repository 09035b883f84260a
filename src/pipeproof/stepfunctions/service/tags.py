"""Tags of state machines and activities through the API."""

from typing import Any

from pipeproof.stepfunctions.service import machines
from pipeproof.stepfunctions.service.arns import parse_arn
from pipeproof.stepfunctions.service.errors import ServiceError, no_resource
from pipeproof.stepfunctions.service.state import Service

Parameters = dict[str, Any]
Answer = dict[str, Any]

_MOST = 50


def list_all(service: Service, parameters: Parameters) -> Answer:
    """ListTagsForResource."""
    arn = parameters["resourceArn"]
    answer: Answer = _backend(service, arn).list_tags_for_resource(arn)
    return answer


def add(service: Service, parameters: Parameters) -> Answer:
    """TagResource.

    Raises:
        ServiceError: TooManyTags, beyond fifty.
    """
    arn = parameters["resourceArn"]
    backend = _backend(service, arn)
    tags = {tag["key"]: tag["value"] for tag in parameters["tags"]}
    known = {tag["key"] for tag in backend.list_tags_for_resource(arn)["tags"]}
    if len(known | tags.keys()) > _MOST:
        raise ServiceError("TooManyTags", f"Too many tags: '{arn}' may have {_MOST}")
    backend.tag_resource(arn, tags)
    return {}


def remove(service: Service, parameters: Parameters) -> Answer:
    """UntagResource."""
    arn = parameters["resourceArn"]
    _backend(service, arn).untag_resource(arn, parameters["tagKeys"])
    return {}


def _backend(service: Service, text: str) -> Any:
    """moto's backend of something that can have tags.

    Raises:
        ServiceError: InvalidArn or ResourceNotFound.
    """
    arn = parse_arn(text, "stateMachine", "activity")
    backend = machines.backend_of(arn)
    known = text in backend.activities if arn.kind == "activity" else machines.try_resolve(service, text)
    if not known:
        raise no_resource(text)
    return backend
