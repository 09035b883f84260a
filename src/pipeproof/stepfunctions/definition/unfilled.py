"""`${Name}` that nothing was put in for, where it cannot stay: bare, or in place of a number, boolean or time.

In a text that may hold anything (`"TableName": "${Table}"`) it may stay: a mock answers the call.
"""

import re
from collections.abc import Iterator
from typing import Any

from pipeproof.stepfunctions.definition.source import Document, Position
from pipeproof.stepfunctions.definition.substitutions import NUMBER_FIELDS
from pipeproof.text import PLACEHOLDER

_DATA = "Arguments Assign BatchInput Credentials ItemSelector Output Parameters Result ResultSelector"
DATA_FIELDS = frozenset(_DATA.split())
"""Fields whose values are anybody's: what is in them has no kind of its own."""
_BOOLEANS = re.compile(r"End|BooleanEquals|Is[A-Z]\w*")
_COMPARED = re.compile(r"(?:Numeric|Timestamp)\w*(?<!Path)")
"""A choice rule's operators, and the `Timestamp` of a Wait: a rule with a text in place of its value is never true."""


def find_unfilled(document: Document) -> Iterator[tuple[str, Position]]:
    """Yield each name that has to be put in, and where it stands."""
    yield from _walk(document.value, (), document.bare, in_data=False)


def _walk(value: Any, position: Position, bare: frozenset[str], *, in_data: bool) -> Iterator[tuple[str, Position]]:
    if isinstance(value, dict):
        for key, item in value.items():
            place = (*position, key)
            if isinstance(item, str) and not in_data and _wants_no_text(str(key)):
                yield from ((name, place) for name in PLACEHOLDER.findall(item) if not item.startswith("{%"))
            else:
                yield from _walk(item, place, bare, in_data=in_data or key in DATA_FIELDS)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*position, index), bare, in_data=in_data)
    elif isinstance(value, str):
        whole = PLACEHOLDER.fullmatch(value)
        if whole and whole.group(1) in bare:
            yield whole.group(1), position


def _wants_no_text(field: str) -> bool:
    return field in NUMBER_FIELDS or bool(_COMPARED.fullmatch(field) or _BOOLEANS.fullmatch(field))
