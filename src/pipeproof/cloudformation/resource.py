"""A resource of a template, as it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Location


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it is written: `properties` are not resolved, `location` is its logical id's line."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    location: Location | None


def is_template(document: Any) -> bool:
    """Return whether a document is a SAM or CloudFormation template."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    return isinstance(resources, Mapping) and any(
        isinstance(item, Mapping) and "Type" in item for item in resources.values()
    )
