"""Pages of a list: maxResults and nextToken, as the service counts them."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from pipeproof.stepfunctions.service.errors import ServiceError, validation

_Item = TypeVar("_Item")
_DEFAULT, _MOST = 100, 1000


def page(items: Sequence[_Item], parameters: dict[str, Any], key: str = "") -> tuple[list[_Item], dict[str, str]]:
    """Return a page of the items, and `nextToken` where there are more.

    Args:
        items: All of them, in order.
        parameters: The request, with its `maxResults` and `nextToken`.
        key: What else the token belongs to; one of another list is refused.

    Raises:
        ServiceError: InvalidToken or ValidationException.
    """
    size = parameters.get("maxResults") or _DEFAULT
    if size > _MOST:
        raise validation(
            f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must "
            f"have value less than or equal to {_MOST}"
        )
    first = _read(parameters["nextToken"], key) if parameters.get("nextToken") else 0
    after = first + size
    token = {"nextToken": _write(after, key)} if after < len(items) else {}
    return list(items[first:after]), token


def _write(first: int, key: str) -> str:
    return base64.b64encode(f"{first}:{key}".encode()).decode()


def _read(token: str, key: str) -> int:
    try:
        first, _, belongs_to = base64.b64decode(token, validate=True).decode().partition(":")
        if belongs_to == key:
            return int(first)
    except ValueError:
        pass
    raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
