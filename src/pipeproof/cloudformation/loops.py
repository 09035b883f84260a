"""`Fn::ForEach` unrolled, as the transform AWS::LanguageExtensions does before anything is resolved.

Source: AWS CloudFormation's intrinsic function reference, "Fn::ForEach": `Fn::ForEach::Name: [Identifier, Collection,
{Key: Value}]` becomes one `Key: Value` for each item, in which `${Identifier}` and `Ref: Identifier` are the item, and
`&{Identifier}` in a key is the item without what is not alphanumeric.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipeproof.cloudformation.documents import LocatedDict, LocatedList, locate
from pipeproof.cloudformation.intrinsics import TemplateError

_LOOP = "Fn::ForEach::"

Resolve = Callable[[Any], Any]


def has_loops(node: Any) -> bool:
    """Return whether there is an `Fn::ForEach` anywhere in a template."""
    if isinstance(node, Mapping):
        return any(str(key).startswith(_LOOP) or has_loops(value) for key, value in node.items())
    return isinstance(node, list) and any(has_loops(item) for item in node)


def unroll(node: Any, resolve: Resolve, items: Mapping[str, str] | None = None) -> Any:
    """Return a template's part with its loops unrolled.

    Args:
        node: The part.
        resolve: Resolves a collection: a list, or what refers to one.
        items: Values of the identifiers of the loops around it.

    Raises:
        TemplateError: A loop is not written as CloudFormation wants it.
    """
    known = items or {}
    if isinstance(node, str):
        return _filled(node, known)
    if isinstance(node, list):
        many = LocatedList(locate(node))
        many.extend(unroll(item, resolve, known) for item in node)
        many.item_locations.extend(locate(node, index) for index in range(len(node)))
        return many
    if not isinstance(node, Mapping):
        return node
    if set(node) == {"Ref"} and node["Ref"] in known:
        return known[node["Ref"]]
    result = LocatedDict(locate(node))
    for key, value in node.items():
        made = _unrolled(key, value, resolve, known, node) if str(key).startswith(_LOOP) else None
        for name, item in made.items() if made is not None else ((key, unroll(value, resolve, known)),):
            written = _filled(str(name), known)
            result[written] = item
            at = locate(node, key)
            if at:
                result.key_locations[written] = at
    return result


def _unrolled(key: str, loop: Any, resolve: Resolve, items: Mapping[str, str], node: Any) -> Mapping[str, Any]:
    if not isinstance(loop, list) or len(loop) != 3 or not isinstance(loop[2], Mapping):
        raise TemplateError(f"{key} takes an identifier, a collection and a map", location=locate(node, key))
    names = loop[0] if isinstance(loop[0], list) else [loop[0]]
    collection = resolve(unroll(loop[1], resolve, items))
    if not isinstance(collection, list):
        raise TemplateError(f"the collection of {key} is not a list", location=locate(node, key))
    result = LocatedDict(locate(node))
    for item in collection:
        parts = item if isinstance(item, list) else [item]
        here = {**items, **dict(zip(map(str, names), map(str, parts), strict=False))}
        made = unroll(loop[2], resolve, here)
        result.update(made)
        result.key_locations.update(made.key_locations)
    return result


def _filled(text: str, items: Mapping[str, str]) -> str:
    for name, value in items.items():
        text = text.replace("${" + name + "}", value).replace("&{" + name + "}", re.sub(r"[^A-Za-z0-9]", "", value))
    return text
