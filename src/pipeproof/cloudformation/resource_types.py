"""How a resource of any type is named: the types of data pipelines by hand, all others from CloudFormation's registry.

`resource_types.json` is made by `tools/derive_facts.py`; a type that neither knows (a custom resource, a macro's) is
called by its logical id.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeproof.cloudformation.names import KINDS, Kind


@cache
def find_kind(resource_type: str) -> Kind | None:
    """Return how resources of a type are named, or None for one that nobody knows."""
    if resource_type in KINDS:
        return KINDS[resource_type]
    entry = _registry().get(resource_type)
    if entry is None:
        return None
    name, ref, arn = (*entry.split(" "), "")[:3]
    own = "" if name == "-" else name
    return Kind(own, f"arn:{{partition}}:{arn}" if arn else "", "{arn}" if ref == "arn" and arn else "{name}")


@cache
def _registry() -> Mapping[str, str]:
    text = files("pipeproof.cloudformation").joinpath("resource_types.json").read_text(encoding="utf-8")
    found: Mapping[str, str] = json.loads(text)
    return found
