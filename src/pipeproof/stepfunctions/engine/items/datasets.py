"""What a reader has read: the items, and where each of them was."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure

STATE_DATA = "STATE_DATA"
"""The source of items that come from the state's own input."""


def reader_failure(cause: str, exception: BaseException | None = None) -> StateFailure:
    """Return the dataset cannot be read."""
    return StateFailure("States.ItemReaderFailed", cause, exception=exception)


@dataclass(slots=True)
class Dataset:
    """Items in order, with the place that each came from.

    Attributes:
        items: The items.
        limit: How many there may be (MaxItems), or None.
        starts: The index of the first item of each source.
        sources: The sources (`STATE_DATA`, `s3://bucket` or `s3://bucket/key`), and whether the items of it are an
            object's entries, `{"Key": …, "Value": …}`.
    """

    items: list[Any] = field(default_factory=list)
    limit: int | None = None
    starts: list[int] = field(default_factory=list)
    sources: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether as many items have come as are wanted."""
        return self.limit is not None and len(self.items) >= self.limit

    def add(self, source: str, items: Iterable[Any], *, keyed: bool = False) -> None:
        """Adds the items of a source, up to the limit; `keyed` where they are an object's entries."""
        self.starts.append(len(self.items))
        self.sources.append((source, keyed))
        if self.limit is None:
            self.items.extend(items)
            return
        for item in items:
            if self.is_full:
                return
            self.items.append(item)

    def context(self, index: int) -> dict[str, Any]:
        """Return the context object's `Map.Item` of an item (AWS: Key is there for an object's entries only)."""
        item = self.items[index]
        source, keyed = self.sources[bisect_right(self.starts, index) - 1]
        found = (
            {"Index": index, "Key": item["Key"], "Value": item["Value"]} if keyed else {"Index": index, "Value": item}
        )
        found["Source"] = source
        return found


def entries_of(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an object's entries as items."""
    return [{"Key": key, "Value": item} for key, item in value.items()]
