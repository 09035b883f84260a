"""The forms of events: what a record has to be before it is believed.

The tests can write to the pipe too, so a record can be anything that JSON has. `events.py` says what each field means.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Form = Callable[[Any], bool]

_TIMES = 1e12
"""Seconds; more than that is no time and no duration."""

_LINES = 1 << 31

_DEPTH = 50
"""How deep a record is kept."""


def is_event(event: Mapping[str, Any]) -> bool:
    """Tell whether a record has all that an event of its name has, and each in its form."""
    form = _EVENTS.get(event["event"])
    return form is not None and form(event)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    """Return a time or a duration; what is not a number is in no range."""
    return isinstance(value, int | float) and 0 <= value < _TIMES


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < _LINES


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and -_LINES < value < _LINES


def _is_any(_value: Any) -> bool:
    return True


def _one_of(*words: str) -> Form:
    return lambda value: isinstance(value, str) and value in words


def _or_none(form: Form) -> Form:
    return lambda value: value is None or form(value)


def _list_of(*parts: Form) -> Form:
    """Return a list of lists that have these parts."""

    def is_one(value: Any) -> bool:
        return isinstance(value, list) and len(value) == len(parts) and all(map(_holds, parts, value))

    return lambda value: isinstance(value, list) and all(map(is_one, value))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _holds(form: Form, value: Any) -> bool:
    return form(value)


def _record(required: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    """Return an object that has these fields; others are nobody's business."""
    optional = optional or {}

    def is_one(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value and form(value[name]) for name, form in required.items())
            and all(name not in value or form(value[name]) for name, form in optional.items())
        )

    return is_one


_is_failure = _record(
    {"type": _is_text, "message": _is_text, "traceback": _is_text},
    {"file": _or_none(_is_text), "line": _or_none(_is_count)},
)
_HAS_FAILURE: dict[str, Form] = {"failure": _is_failure}


def _is_collect(event: Any) -> bool:
    by_outcome: dict[str, dict[str, Form]] = {"skipped": {"reason": _is_text}, "failed": _HAS_FAILURE}
    form = _record({"id": _is_text, "outcome": _one_of(*by_outcome)}, {"file": _is_text, "line": _is_count})
    return form(event) and _record(by_outcome[event["outcome"]])(event)


def _is_start(event: Any) -> bool:
    has_place = "file" not in event or _record({"line": _is_count})(event)
    return has_place and _record({"id": _is_text, "at": _is_number}, {"file": _is_text})(event)


_is_any_phase = _record(
    {
        "id": _is_text,
        "when": _one_of("setup", "call", "teardown", "???"),
        "outcome": _one_of("passed", "failed", "skipped", "rerun"),
        "duration": _is_number,
    },
    {
        "reason": _is_text,
        "xfail": _is_text,
        "subtest": _is_text,
        "sections": _list_of(_is_text, _is_text),
        "properties": _list_of(_is_text, _is_any),
        "worker": _is_text,
    },
)


def _are_durations(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


def _is_phase(event: Any) -> bool:
    return _is_any_phase(event) and (event["outcome"] in ("passed", "skipped") or _record(_HAS_FAILURE)(event))


def _is_warning(event: Any) -> bool:
    has_place = "file" not in event or _record({"file": _is_text, "line": _is_count})(event)
    return has_place and _record({"message": _is_text, "category": _is_text})(event)


_EVENTS: Mapping[str, Form] = {
    "session": _record({"pytest": _is_text, "rootdir": _is_text}),
    "collected": _record({"tests": _list_of(_is_text, _or_none(_is_text), _or_none(_is_count))}),
    "deselected": _record({"count": _is_count}),
    "suite": _record({"tests": _are_texts}),
    "collect": _is_collect,
    "start": _is_start,
    "passed": _record({"id": _is_text, "durations": _are_durations}, {"worker": _is_text}),
    "phase": _is_phase,
    "warning": _is_warning,
    "broken": _record(_HAS_FAILURE),
    "finish": _record({"status": _is_status}),
}


def take_records(values: object) -> Iterator[Mapping[str, Any]]:
    """Take the records that are in the form of one; a test can send anything."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and isinstance(value.get("kind"), str) and isinstance(value.get("data"), dict):
            record = {"kind": value["kind"], "data": prune(value["data"])}
            yield record | ({"at": value["at"]} if _is_number(value.get("at")) else {})


def prune(value: Any, depth: int = 0) -> Any:
    """Leave out what is nested deeper than anybody reads, and all that goes through a record could bear."""
    if not isinstance(value, dict | list):
        return value
    if depth >= _DEPTH:
        return "[… nested deeper …]"
    if isinstance(value, dict):
        return {key: prune(inner, depth + 1) for key, inner in value.items()}
    return [prune(inner, depth + 1) for inner in value]
