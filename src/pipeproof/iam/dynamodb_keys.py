"""DynamoDB's condition keys: whose items a call touches, and which attributes.

Source: Amazon DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control": `LeadingKeys`
holds the partition keys of all items that a request names, `Attributes` the top-level attributes that it names.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeproof.iam.calls import Call

PartitionKey = Callable[[str, str | None], str | None]
"""A table's name and an index's (or None) → the name of the partition key, None where nobody knows the table."""

_TYPES = {"S", "N", "B"}
_WORD = re.compile(r"#?[A-Za-z_][\w-]*|:[\w-]+|[=(),.\[\]<>+-]+|\d+|\s+")
_KEYWORDS = frozenset(
    {
        "set",
        "remove",
        "add",
        "delete",
        "and",
        "or",
        "not",
        "between",
        "in",
        "if_not_exists",
        "list_append",
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
    }
)
_EXPRESSIONS = (
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
_NAMED = ("Key", "Item", "AttributeUpdates", "Expected", "ScanFilter", "QueryFilter", "KeyConditions")


def dynamodb_keys(call: Call, resource: str, partition_key: PartitionKey) -> dict[str, str | list[str]]:
    """Return the condition keys of a call, as far as it touches the table (or index) that `resource`, an ARN, names."""
    table, _, index = resource.partition(":table/")[2].partition("/index/")
    parts = [part for name, part in _parts(call) if not table or _bare(name) == table]
    keys: dict[str, str | list[str]] = {}
    params = call.params
    for name in ("ReturnValues", "ReturnConsumedCapacity"):
        if params.get(name) is not None:
            keys[f"dynamodb:{name}"] = str(params[name])
    if call.operation in ("Query", "Scan"):
        keys["dynamodb:Select"] = _select(params)
    if call.operation in ("TransactGetItems", "TransactWriteItems"):
        keys["dynamodb:EnclosingOperation"] = call.operation
    attributes = list(dict.fromkeys(name for part in parts for name in _attributes(part)))
    if attributes:
        keys["dynamodb:Attributes"] = attributes
    leader = partition_key(table, index or None) if parts else None
    leading = [text for part in parts if leader for text in _leading(part, leader)]
    if leading:
        keys["dynamodb:LeadingKeys"] = list(dict.fromkeys(leading))
    return keys


def _parts(call: Call) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a call does, table by table: each part has the fields that a call for one item has."""
    params = call.params
    if call.operation.startswith("Transact"):
        for entry in params.get("TransactItems") or []:
            for part in entry.values():
                yield str(part.get("TableName", "")), part
        return
    requests = params.get("RequestItems")
    if not isinstance(requests, Mapping):
        yield str(params.get("TableName", "")), params
        return
    for table, wanted in requests.items():
        if isinstance(wanted, Mapping):
            common = {name: value for name, value in wanted.items() if name != "Keys"}
            yield from ((str(table), {**common, "Key": key}) for key in wanted.get("Keys") or [])
        else:
            yield from ((str(table), part) for request in wanted for part in request.values())


def _bare(table: str) -> str:
    return table.rpartition(":table/")[2].partition("/")[0] if table.startswith("arn:") else table


def _select(params: Mapping[str, Any]) -> str:
    if params.get("Select") is not None:
        return str(params["Select"])
    if params.get("ProjectionExpression") or params.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if params.get("IndexName") else "ALL_ATTRIBUTES"


def _attributes(part: Mapping[str, Any]) -> Iterator[str]:
    for field in _NAMED:
        value = part.get(field)
        if isinstance(value, Mapping):
            yield from map(str, value)
    yield from map(str, part.get("AttributesToGet") or ())
    names = part.get("ExpressionAttributeNames") or {}
    for field in _EXPRESSIONS:
        value = part.get(field)
        if isinstance(value, str):
            yield from _top_level_names(value, names)
        elif value is not None:
            yield from _names_of_condition(value)


def _top_level_names(expression: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the attributes that an expression names, each by the first part of its path."""
    before = ""
    for word in _WORD.findall(expression):
        if word.isspace():
            continue
        is_name = word[0] == "#" or (word[0].isalpha() or word[0] == "_")
        if is_name and not before.endswith(".") and word.lower() not in _KEYWORDS:
            yield str(names.get(word, word)) if word[0] == "#" else word
        before = word


def _names_of_condition(condition: Any) -> Iterator[str]:
    """Yield the attributes of a condition of boto3's (`Key("tenant").eq("a") & …`)."""
    if hasattr(condition, "get_expression"):
        for value in condition.get_expression()["values"]:
            yield from _names_of_condition(value)
    elif isinstance(getattr(condition, "name", None), str):
        yield condition.name.partition(".")[0].partition("[")[0]


def _leading(part: Mapping[str, Any], name: str) -> Iterator[str]:
    for field in ("Key", "Item"):
        value = part.get(field)
        if isinstance(value, Mapping) and name in value:
            yield _text(value[name])
    legacy = part.get("KeyConditions")
    if isinstance(legacy, Mapping) and name in legacy:
        yield from (_text(value) for value in legacy[name].get("AttributeValueList") or ())
    condition = part.get("KeyConditionExpression")
    if isinstance(condition, str):
        yield from _equal_to(condition, name, part)
    elif condition is not None:
        yield from _equal_in_condition(condition, name)


def _equal_to(expression: str, name: str, part: Mapping[str, Any]) -> Iterator[str]:
    names, values = part.get("ExpressionAttributeNames") or {}, part.get("ExpressionAttributeValues") or {}
    for left, right in re.findall(r"(#?[\w.-]+)\s*=\s*(:[\w-]+)", expression):
        if names.get(left, left) == name and right in values:
            yield _text(values[right])


def _equal_in_condition(condition: Any, name: str) -> Iterator[str]:
    if not hasattr(condition, "get_expression"):
        return
    expression = condition.get_expression()
    values = expression["values"]
    if expression["operator"] == "=" and getattr(values[0], "name", None) == name:
        yield _text(values[1])
    for value in values:
        yield from _equal_in_condition(value, name)


def _text(value: Any) -> str:
    """Return a key's value as policies write it, from DynamoDB's typed form or from Python's."""
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _TYPES:
        value = next(iter(value.values()))
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
