"""Timestamps as the language means them: RFC 3339 with an upper-case T and an offset."""

import re
from datetime import datetime
from typing import Any

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def parse_timestamp(text: Any) -> float | None:
    """Seconds since 1970 with fractions to the microsecond, or None where the value is no timestamp."""
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    minute, second, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(minute + (second or ":00") + offset.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.timestamp() + (float(fraction) if fraction else 0.0)
