"""Partition projection: the partitions of a table that has no registered ones, told by its properties.

Only those that have objects are given, which makes no difference to a query's rows.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeproof.sql.errors import untranslatable

_SIGNS = {
    "yyyy": (r"\d{4}", "%Y"),
    "MM": (r"\d{2}", "%m"),
    "dd": (r"\d{2}", "%d"),
    "HH": (r"\d{2}", "%H"),
    "mm": (r"\d{2}", "%M"),
}
_UNITS = {"YEARS": 365 * 86400, "MONTHS": 30 * 86400, "WEEKS": 7 * 86400, "DAYS": 86400, "HOURS": 3600, "MINUTES": 60}


def partitions(
    s3: Any, location: str, columns: Sequence[str], parameters: Mapping[str, str], sql: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the location and the values of each partition that has objects.

    Raises:
        UntranslatableQueryError: A column's projection is of a type that is not read here (`injected`).
    """
    default = location.rstrip("/") + "/" + "/".join(f"{name}=${{{name}}}" for name in columns) + "/"
    template = parameters.get("storage.location.template", default)
    template = template if template.endswith("/") else f"{template}/"
    pattern = re.escape(template)
    for name in columns:
        pattern = pattern.replace(re.escape(f"${{{name}}}"), f"(?P<{name}>{_pattern(name, parameters, sql)})")
    fixed = template.partition("${")[0]
    bucket, _, prefix = fixed.partition("://")[2].partition("/")
    seen: set[str] = set()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            match = re.match(pattern, f"s3://{bucket}/{found['Key']}", re.IGNORECASE)
            if match is None or match[0] in seen:
                continue
            values = tuple(match[name] for name in columns)
            if all(_is_projected(name, value, parameters) for name, value in zip(columns, values, strict=True)):
                seen.add(match[0])
                yield match[0], values


def _pattern(name: str, parameters: Mapping[str, str], sql: str) -> str:
    kind = parameters.get(f"projection.{name}.type", "").lower()
    if kind == "enum":
        return r"[^/]+"
    if kind == "integer":
        digits = parameters.get(f"projection.{name}.digits")
        return rf"-?\d{{{digits}}}" if digits else r"-?\d+"
    if kind != "date":
        raise untranslatable("athena", f"the projection of {name!r} by {kind or 'no type'!r}", sql, None)
    return "".join(
        _SIGNS[part][0] if part in _SIGNS else re.escape(part.strip("'")) for part in _format(name, parameters)
    )


def _format(name: str, parameters: Mapping[str, str]) -> list[str]:
    return re.findall("yyyy|MM|dd|HH|mm|'[^']*'|.", parameters.get(f"projection.{name}.format", "yyyy-MM-dd"))


def _is_projected(name: str, value: str, parameters: Mapping[str, str]) -> bool:
    kind = parameters[f"projection.{name}.type"].lower()
    if kind == "enum":
        return value in [one.strip() for one in parameters.get(f"projection.{name}.values", "").split(",")]
    first, _, last = parameters.get(f"projection.{name}.range", "").partition(",")
    if kind == "integer":
        return int(first) <= int(value) <= int(last)
    words = "".join(_SIGNS[part][1] if part in _SIGNS else part.strip("'") for part in _format(name, parameters))
    return _moment(first, words) <= _moment(value, words) <= _moment(last, words)


def _moment(text: str, words: str) -> datetime:
    match = re.fullmatch(r"\s*NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+?)S?)?\s*", text)
    if match is None:
        return datetime.strptime(text.strip(), words)
    now = datetime.now(UTC).replace(tzinfo=None)
    shift = int(match[2] or 0) * _UNITS.get(f"{match[3]}S", 0) * (-1 if match[1] == "-" else 1)
    return now + timedelta(seconds=shift)
