"""An execution's history: AWS's event types and details, in the order in which they happened."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipeproof.stepfunctions.engine.visits import Visit
from pipeproof.stepfunctions.values import dump

_JSON_DETAILS = {"input", "output", "parameters"}
_STATE_EVENT = re.compile(r"^(?:Pass|Task|Choice|Wait|Succeed|Fail|Parallel|Map)State(Entered|Exited)$")
_WITHOUT_DETAILS = {
    "LambdaFunctionStarted", "ParallelStateStarted", "ParallelStateSucceeded", "ParallelStateFailed",
    "MapStateSucceeded", "MapStateFailed", "MapStateAborted", "ParallelStateAborted", "TaskStateAborted",
    "WaitStateAborted", "MapRunSucceeded", "MapRunAborted",
}  # fmt: skip


class Event:
    """One event.

    Attributes:
        id: Counts from 1.
        type: AWS's name: `TaskStateEntered`, `LambdaFunctionFailed` and so on.
        previous_id: The event before it in the same branch.
        elapsed: Virtual seconds since the execution started.
        details: AWS's fields for the type, with JSON values where AWS has JSON in strings.
    """

    __slots__ = ("details", "elapsed", "id", "previous_id", "type")

    def __init__(self, number: int, kind: str, previous: int, elapsed: float, details: Mapping[str, Any]) -> None:
        self.id = number
        self.type = kind
        self.previous_id = previous
        self.elapsed = elapsed
        self.details = details

    def __repr__(self) -> str:
        return f"<{self.id} {self.type} {dict(self.details)}>"

    def to_dict(self, start: datetime) -> dict[str, Any]:
        """Return the event as `get_execution_history` of boto3 gives it."""
        event: dict[str, Any] = {
            "timestamp": start + timedelta(seconds=self.elapsed),
            "type": self.type,
            "id": self.id,
            "previousEventId": self.previous_id,
        }
        if self.details or self.type not in _WITHOUT_DETAILS:
            event[details_name(self.type)] = _as_strings(self.details)
        return event


def details_name(kind: str) -> str:
    """Return the key of a type's details: `stateEnteredEventDetails` for all kinds of states, else after the type."""
    state = _STATE_EVENT.match(kind)
    name = f"state{state.group(1)}" if state else kind[0].lower() + kind[1:]
    return f"{name}EventDetails"


def _as_strings(details: Mapping[str, Any]) -> dict[str, Any]:
    strings: dict[str, Any] = {}
    for key, value in details.items():
        if key in _JSON_DETAILS:
            strings[key] = dump(value)
            if key != "parameters":
                strings[f"{key}Details"] = {"truncated": False}
        elif key == "assignedVariables":
            strings[key] = {name: dump(item) for name, item in value.items()}
        else:
            strings[key] = value
    return strings


class Thread:
    """One line of events: the machine's own, a branch's or an iteration's."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last


def events_of(records: Sequence[Any]) -> tuple[Event, ...]:
    """Return the events of a whole history's records, as [History][] keeps them."""
    kinds, previous, elapsed, details = (records[start::4] for start in range(4))
    return tuple(
        Event(number, kind, before, seconds, _details(kind, about))
        for number, (kind, before, seconds, about) in enumerate(zip(kinds, previous, elapsed, details, strict=True), 1)
    )


def _details(kind: str, about: Mapping[str, Any] | Visit) -> Mapping[str, Any]:
    if not isinstance(about, Visit):
        return about
    return about.entered_details if kind.endswith("Entered") else about.exited_details


class History:
    """Collects what is known of events; the events themselves are made for whoever asks.

    Attributes:
        records: One after the other, without an object of its own for each event: the type, the id of the event before
            it in its line, the virtual seconds, and the details, or the visit that the event enters or leaves.
        count: How many events there are; the latest's id.
        limit: How many there may be; AWS allows 25,000 in a Standard execution.
        keep: False drops events once they are counted, for children of a distributed Map.
    """

    __slots__ = ("count", "keep", "limit", "records")

    def __init__(self, limit: int | None = None, *, keep: bool = True) -> None:
        self.records: list[Any] = []
        self.limit = limit
        self.keep = keep
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.count >= self.limit
