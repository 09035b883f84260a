"""Parameters and responses between Step Functions' JSON and boto3's Python values, along botocore's shapes."""

import base64
import json
from datetime import UTC, date, datetime
from typing import Any

from pipeproof.stepfunctions.values import dump


def to_parameters(value: Any, shape: Any) -> Any:
    """Parameters as boto3 takes them: names in the shape's case, objects as text where text is asked for."""
    kind = shape.type_name if shape is not None else None
    if kind == "structure" and isinstance(value, dict):
        given = {_member(key, shape): item for key, item in value.items() if item is not None}
        return {name: to_parameters(item, shape.members.get(name)) for name, item in given.items()}
    if kind == "list" and isinstance(value, list):
        return [to_parameters(item, shape.member) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: to_parameters(item, shape.value) for key, item in value.items()}
    if kind == "string" and not isinstance(value, str) and value is not None:
        return dump(value)
    if kind == "blob" and value is not None:
        return (value if isinstance(value, str) else dump(value)).encode()
    if kind in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value


def _member(key: str, shape: Any) -> str:
    if key in shape.members:
        return key
    folded = key.lower()
    return next((name for name in shape.members if name.lower() == folded), key)


def from_response(value: Any, shape: Any, *, plain: bool = False) -> Any:
    """Return a response as Step Functions hands it on: names start with a capital, dates and bytes are text.

    Args:
        value: What boto3 gives.
        shape: Its shape in botocore's model.
        plain: Leave bytes and dates as they are, for what the engine itself reads.
    """
    kind = shape.type_name if shape is not None else None
    if isinstance(value, dict):
        if kind == "structure":
            return {
                name[:1].upper() + name[1:]: from_response(item, shape.members.get(name), plain=plain)
                for name, item in value.items()
            }
        inner = shape.value if kind == "map" else None
        return {str(key): from_response(item, inner, plain=plain) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        inner = shape.member if kind == "list" else None
        return [from_response(item, inner, plain=plain) for item in value]
    if hasattr(value, "read"):
        value = value.read()
    if plain:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return base64.b64encode(bytes(value)).decode()
    return value


def as_json_text(value: Any) -> Any:
    """A text that holds JSON, read; anything else as it is (what `.sync:2` does with the output of an execution)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
